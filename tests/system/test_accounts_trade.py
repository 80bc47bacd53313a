"""What accounts traded, judged by the exchange's own books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system import judge
from tests.system.exchange import FOUR
from tests.system.long_runs import live_run, replay_run

if TYPE_CHECKING:
    from tests.system.long_runs import Run

RUNS = [
    pytest.param(play, id=play.__name__, marks=pytest.mark.backstage.with_args(play)) for play in (live_run, replay_run)
]


@pytest.fixture(autouse=True, params=RUNS)
def _each_run() -> None:
    """Everything here is asked of both."""


@pytest.mark.parametrize("account", FOUR)
def test_the_journals_fills_equal_the_exchanges_books_to_the_last_digit(outcome: Run, account: str) -> None:
    judge.assert_books_equal(judge.books_of(outcome.state, account), outcome.daemon.data, account)


@pytest.mark.parametrize("account", FOUR)
def test_the_positions_are_what_was_bought_and_not_sold(outcome: Run, account: str) -> None:
    judge.assert_positions_equal(judge.books_of(outcome.state, account), outcome.daemon.data, account)


@pytest.mark.parametrize("account", FOUR)
def test_after_the_end_every_open_position_has_one_resting_stop_of_its_size(outcome: Run, account: str) -> None:
    judge.assert_every_position_has_its_stop(judge.books_of(outcome.state, account))


@pytest.mark.parametrize("account", FOUR)
def test_no_order_was_sent_twice_or_without_an_intent(outcome: Run, account: str) -> None:
    judge.assert_no_order_is_doubled(judge.books_of(outcome.state, account), outcome.daemon.data, account)


@pytest.mark.parametrize("account", [name for name in FOUR if name.startswith("kraken")])
def test_nonces_only_rise(outcome: Run, account: str) -> None:
    judge.assert_nonces_only_rise(judge.books_of(outcome.state, account))


def test_nothing_was_asked_that_the_exchanges_forbid(outcome: Run) -> None:
    assert outcome.state["violations"] == []


def test_nothing_is_said_on_standard_error(outcome: Run) -> None:
    assert outcome.daemon.errors == ""
