"""What a report of a backtest may not flatter."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_CURVE = "tests/nija/analysis/test_curve.py"
_CHANCE = "tests/nija/analysis/test_chance.py"
_FIGURES = "tests/nija/analysis/test_figures.py"
_CONTROLS = "tests/nija/analysis/test_controls.py"
_FILES = "tests/nija/analysis/test_report_files.py"
_COMMAND = "tests/nija/cli/test_backtest_command.py"

ANALYSIS_MUTATIONS = (
    Mutation(
        "less than a year is annualised",
        "nija/analysis/figures.py",
        "None if ratio is None or curve.seconds < YEAR else",
        "None if ratio is None else",
        (_FIGURES,),
    ),
    Mutation(
        "the costs of losers are left out of the fee share",
        "nija/analysis/figures.py",
        "        costs += cost\n",
        "        costs += cost if trade.net > 0 else ZERO\n",
        (_FIGURES,),
    ),
    Mutation(
        "the bootstrap draws single trades",
        "nija/analysis/bootstrap.py",
        "months.setdefault(month_at(trade.opened), [])",
        "months.setdefault(trade.opened, [])",
        (_CHANCE,),
    ),
    Mutation(
        "one try in many is judged as if it were the only one",
        "nija/analysis/deflated.py",
        "    if variants <= 1:\n",
        "    if variants >= 1:\n",
        (_CHANCE,),
    ),
    Mutation(
        "a drawdown forgets the money at the start",
        "nija/analysis/curve.py",
        "equity = np.concatenate(([float(result.account.cash)], result.curve.equity))",
        "equity = np.concatenate((result.curve.equity[:1], result.curve.equity))",
        (_CURVE, _FIGURES),
    ),
    Mutation(
        "holding buys before a strategy could",
        "nija/analysis/buy_and_hold.py",
        "    first = inside[1]\n",
        "    first = inside[0]\n",
        (_CONTROLS,),
    ),
    Mutation(
        "a random entry keeps the open of a gap below its stop",
        "nija/analysis/outcomes.py",
        "price[over] = np.where(sold_at_open, opened, stops)[is_over]",
        "price[over] = stops[is_over]",
        (_CONTROLS,),
    ),
    Mutation(
        "late signals are on time",
        "nija/analysis/lateness.py",
        "shifted[1:] = array[:-1]",
        "shifted[1:] = array[1:]",
        (_CONTROLS,),
    ),
    Mutation(
        "a market's name can end the data of the page",
        "nija/analysis/page.py",
        'text.replace("<", "\\\\u003c")',
        "text",
        (_FILES,),
    ),
    Mutation(
        "what was assumed is not said",
        "nija/cli/backtest_accounts.py",
        "        notes += [note for note in (cash_note, fee_note) if note]\n",
        "        notes += []\n",
        (_COMMAND,),
    ),
)
