"""What accounts traded, judged by the exchange's own books. The runs were started by the first tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system import judge
from tests.system.exchange import FOUR

if TYPE_CHECKING:
    from tests.system.conftest import Run


@pytest.fixture(scope="module", params=["live_run", "replay_run"])
def finished(request: pytest.FixtureRequest) -> Run:
    """A run in which every account has traded, stopped at a moment at which no price moves.

    On Kraken's real candles an exit may be a minute away: there it is enough that each account has bought.
    """
    run: Run = request.getfixturevalue(request.param)
    for account in FOUR:
        has_to_sell = request.param == "live_run" or account.startswith("coinbase")
        run.daemon.wait_for(f"{'SELL' if has_to_sell else 'BUY'} order filled", f"account={account}", within=60)
    judge.wait_until_settled(run.venue, run.daemon, *FOUR)
    assert run.daemon.terminate() == 0
    return run


@pytest.mark.parametrize("account", FOUR)
def test_the_journals_fills_equal_the_exchanges_books_to_the_last_digit(finished: Run, account: str) -> None:
    judge.assert_books_equal(finished.venue.books(account), finished.daemon.data, account)


@pytest.mark.parametrize("account", FOUR)
def test_the_positions_are_what_was_bought_and_not_sold(finished: Run, account: str) -> None:
    judge.assert_positions_equal(finished.venue.books(account), finished.daemon.data, account)


@pytest.mark.parametrize("account", FOUR)
def test_after_the_end_every_open_position_has_one_resting_stop_of_its_size(finished: Run, account: str) -> None:
    judge.assert_every_position_has_its_stop(finished.venue.books(account))


@pytest.mark.parametrize("account", FOUR)
def test_no_order_was_sent_twice_or_without_an_intent(finished: Run, account: str) -> None:
    judge.assert_no_order_is_doubled(finished.venue.books(account), finished.daemon.data, account)


@pytest.mark.parametrize("account", [name for name in FOUR if name.startswith("kraken")])
def test_nonces_only_rise(finished: Run, account: str) -> None:
    judge.assert_nonces_only_rise(finished.venue.books(account))


def test_nothing_was_asked_that_the_exchanges_forbid(finished: Run) -> None:
    assert finished.venue.violations() == []


def test_nothing_is_said_on_standard_error(finished: Run) -> None:
    assert finished.daemon.errors == ""
