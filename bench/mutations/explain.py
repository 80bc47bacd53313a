"""Safeguards of what NIJA explains: honest figures, and a fair comparison of a backtest with what happened."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_COMPARISON = "tests/nija/explain/test_comparison.py"
_EXPLANATION = "tests/nija/explain/test_explanation.py"
_PART = "tests/nija/web/test_backtest_part.py"

EXPLAIN_MUTATIONS = (
    Mutation(
        "a late purchase is put down to the price",
        "nija/explain/comparison.py",
        "    return abs(sides.live.opened - sides.tested.opened) <= _tolerance(sides)\n",
        "    return True\n",
        (f"{_COMPARISON}::TestATradeOfBoth",),
    ),
    Mutation(
        "a backtest that still holds pays for a sale that nobody made",
        "nija/explain/comparison.py",
        "if counts_exit_fee or fill.reason is not FillReason.END)",
        "if True)",
        (f"{_COMPARISON}::TestATradeOfBoth",),
    ),
    Mutation(
        "a pause that ended in time explains a trade that was not made",
        "nija/explain/one_sided.py",
        "(pause.until is None or pause.until >= until)",
        "True",
        (f"{_COMPARISON}::TestATradeOfTheBacktestAlone",),
    ),
    Mutation(
        "an account is shown the figures of a lower fee than its own",
        "nija/explain/bundled.py",
        "[one for one in bundles if one.fee >= fee]",
        "[one for one in bundles if one.fee <= fee]",
        (f"{_EXPLANATION}::TestTheFigures",),
    ),
    Mutation(
        "an owner sees the backtest of another account",
        "nija/web/pages/beside.py",
        "self._readings.latest().account(account_id) if viewer.sees(account_id) else None",
        "self._readings.latest().account(account_id)",
        (_PART,),
    ),
    Mutation(
        "each look at a page computes its backtest anew",
        "nija/web/pages/beside.py",
        "if kept.made_from != made_from:",
        "if True:",
        (_PART,),
    ),
)
