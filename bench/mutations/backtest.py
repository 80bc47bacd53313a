"""Safeguards of the backtest: what would make it earn what the daemon cannot."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_RULES = "tests/nija/backtest/test_fill_rules.py"
_ACCOUNTS = "tests/nija/backtest/test_accounts.py"
_SECOND = "tests/nija/backtest/test_second_program.py"

BACKTEST_MUTATIONS = (
    Mutation(
        "a stop sells at the price to which its own candle moves it",
        "nija/backtest/endings.py",
        "levels.item(offset), is_entry",
        "levels.item(offset + 1), is_entry",
        (_RULES, _SECOND),
    ),
    Mutation(
        "a stop falls with its candidate",
        "nija/backtest/endings.py",
        "        np.fmax.accumulate(levels, out=levels)\n",
        "",
        (_RULES, _SECOND),
    ),
    Mutation(
        "a gap below the stop still sells at the stop",
        "nija/backtest/endings.py",
        "if not is_entry and opened <= stop:",
        "if False:",
        (_RULES, _SECOND),
    ),
    Mutation(
        "a stop is not moved to the market's price step",
        "nija/backtest/account_run.py",
        "market.market.floor_price(signal.initial_stop)",
        "signal.initial_stop",
        (_ACCOUNTS,),
    ),
    Mutation(
        "an entry uses the money of a stop that is hit later in the candle",
        "nija/backtest/endings.py",
        "PURCHASE = 2\n    INSIDE = 3",
        "PURCHASE = 3\n    INSIDE = 2",
        (_ACCOUNTS,),
    ),
    Mutation(
        "a signal from a time at which something was held opens a position",
        "nija/backtest/account_run.py",
        "self._await(leg, index)\n\n    def _plan_resizes",
        "self._await(leg, index - 1)\n\n    def _plan_resizes",
        (_RULES, _SECOND),
    ),
    Mutation(
        "a signal before the start opens a position",
        "nija/backtest/account_run.py",
        "self._await(leg, leg.market.first)",
        "self._await(leg, 0)",
        (_RULES,),
    ),
    Mutation(
        "a daily loss is counted on the next day",
        "nija/backtest/loss_watch.py",
        "times + (self._step - 1)",
        "times + self._step",
        (_ACCOUNTS,),
    ),
    Mutation(
        "the loss limits are not looked at",
        "nija/backtest/losses.py",
        "        if self.is_final:\n",
        "        if self._halts is not None:\n",
        (_ACCOUNTS,),
    ),
    Mutation(
        "a position is followed at its value without the slippage",
        "nija/backtest/account_run.py",
        "return price * market.bid if self._at_bid else price",
        "return price",
        (_ACCOUNTS,),
    ),
    Mutation(
        "a resize that is due is found one candle late",
        "nija/backtest/resizes.py",
        "return start + int(due[0])",
        "return start + int(due[0]) + 1",
        (_ACCOUNTS, _SECOND),
    ),
)
