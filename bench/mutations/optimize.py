"""Safeguards of the honesty of a search: what was seen, what is luck, what is resumed, what is ranked."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_SEARCH = "tests/nija/optimize/test_search.py"
_LOOKS = "tests/nija/optimize/test_looks.py"
_COMPILED = "tests/nija/optimize/test_compiled.py"
_COMMAND = "tests/nija/cli/test_optimize.py"

OPTIMIZE_MUTATIONS = (
    Mutation(
        "a look at what was held back is not noted",
        "nija/optimize/study.py",
        "    looks.add(LookKind.HELD_BACK, ",
        "    (LookKind.HELD_BACK, ",
        (_SEARCH, _COMMAND),
    ),
    Mutation(
        "days that a search was fitted to count as unseen",
        "nija/optimize/study.py",
        "    looks.add(LookKind.FITTED, ",
        "    (LookKind.FITTED, ",
        (_SEARCH,),
    ),
    Mutation(
        "a damaged line of the looks hides what was seen",
        "nija/optimize/looks.py",
        '                raise OptimizeError(\n                    f"{self._path}, line',
        '                continue\n                raise OptimizeError(\n                    f"{self._path}, line',
        (_LOOKS,),
    ),
    Mutation(
        "the tests reach into what is held back",
        "nija/optimize/folds.py",
        "    fitted = DayRange(whole.start, whole.end - kept)\n",
        "    fitted = DayRange(whole.start, whole.end)\n",
        ("tests/nija/optimize/test_folds.py",),
    ),
    Mutation(
        "outcomes of other candles are taken for these",
        "nija/optimize/study.py",
        "            data_fingerprint(self.conditions.histories),\n",
        '            "",\n',
        (_SEARCH,),
    ),
    Mutation(
        "outcomes of another account are taken for this one's",
        "nija/optimize/study.py",
        "            account_fingerprint(account, self.division.fitted),\n",
        '            "",\n',
        (_SEARCH,),
    ),
    Mutation(
        "what the compiled pass ranks is not confirmed by the plain engine",
        "nija/optimize/chosen.py",
        "    _confirm(outcome_of(result, division.fitted), ranked, variant)\n",
        "",
        (_SEARCH,),
    ),
    Mutation(
        "the compiled pass forgets the drawdown limit",
        "nija/optimize/loop.py",
        "        limits[_Limit.ENDED] = 1.0\n",
        "        limits[_Limit.ENDED] = 0.0\n",
        (_COMPILED,),
    ),
    Mutation(
        "the compiled pass places stops a step too low",
        "nija/optimize/loop.py",
        "    whole = near if abs(steps - near) <= max(_ABSOLUTE, _RELATIVE * steps) else np.floor(steps)\n",
        "    whole = np.floor(steps)\n",
        (_COMPILED,),
    ),
    Mutation(
        "the best variant is named instead of a plateau",
        "nija/optimize/plateau.py",
        "medians = neighbours_median(scores)\n    if np.isnan",
        "medians = scores\n    if np.isnan",
        ("tests/nija/optimize/test_plateau.py",),
    ),
)
