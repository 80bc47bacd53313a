"""Safeguards of the look-ahead check: nija/backtest/look_ahead.py."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_CHECK = "nija/backtest/look_ahead.py"
_TESTS = "tests/nija/backtest/test_look_ahead.py"

LOOK_AHEAD_MUTATIONS = (
    Mutation(
        "what a strategy remembers hides that it uses the future",
        _CHECK,
        "    whole = _signals(_copied(strategy), candles)\n",
        "    whole = _signals(other, candles)\n",
        (f"{_TESTS}::test_a_strategy_that_says_something_else_when_asked_again_is_found",),
    ),
    Mutation(
        "the warm-up is believed",
        _CHECK,
        "    yield from _warmup_findings(other, candles, whole, points, rng)\n",
        "",
        (f"{_TESTS}::test_a_warm_up_that_is_too_short_is_found_with_the_history_that_is_enough",),
    ),
    Mutation(
        "weights are not compared",
        _CHECK,
        '_COLUMNS = (*_FLAGS, "initial_stop", "trail", "weight")',
        '_COLUMNS = (*_FLAGS, "initial_stop", "trail")',
        (f"{_TESTS}::test_a_strategy_that_uses_the_future_is_found",),
    ),
    Mutation(
        "what never settles is no fault",
        _CHECK,
        "self.settled is None or self.settled > _DAEMON_READS",
        "False",
        (f"{_TESTS}::test_an_average_that_has_not_settled_within_what_a_daemon_reads_is_a_fault",),
    ),
)
