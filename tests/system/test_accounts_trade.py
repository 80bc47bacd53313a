"""What accounts traded, judged by the exchange's own books."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system import checker
from tests.system.exchange import FOUR

if TYPE_CHECKING:
    from tests.system.conftest import Run

_RUNS = ("live_run", "replay_run")


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in _RUNS])
def run(request: pytest.FixtureRequest) -> Run:
    """Everything here is asked of both."""
    found: Run = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("account", FOUR)
def test_the_journals_fills_equal_the_exchanges_books_to_the_last_digit(run: Run, account: str) -> None:
    checker.assert_every_fill_is_booked_once(run.account(account), run.daemon.data, account)


@pytest.mark.parametrize("account", FOUR)
def test_the_positions_are_what_was_bought_and_not_sold(run: Run, account: str) -> None:
    checker.assert_positions_are_what_was_bought(run.account(account), run.daemon.data, account)


@pytest.mark.parametrize("account", FOUR)
def test_after_the_end_every_open_position_has_one_resting_stop_of_its_size(run: Run, account: str) -> None:
    checker.assert_every_position_has_its_stop(run.account(account))


@pytest.mark.parametrize("account", FOUR)
def test_no_order_was_sent_twice_or_without_an_intent(run: Run, account: str) -> None:
    checker.assert_no_order_is_doubled(run.account(account), run.daemon.data, account)


@pytest.mark.parametrize("account", [name for name in FOUR if name.startswith("kraken")])
def test_nonces_only_rise(run: Run, account: str) -> None:
    checker.assert_nonces_only_rise(run.account(account))


def test_nothing_was_asked_that_the_exchanges_forbid(run: Run) -> None:
    assert run.state["violations"] == []


def test_nothing_is_said_on_standard_error(run: Run) -> None:
    assert run.daemon.errors == ""
