"""Markets that close to everybody, or to one account, while a position is open there; the others go on.

Everything is to be sold meanwhile, and can be only once the market has opened again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.made_up import accounts
from tests.system import judge
from tests.system.daemon import until
from tests.system.exchange import quick_exchange
from tests.system.patient import patient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.system.daemon import Answer
    from tests.system.exchange import QuickVenue, Venue

CLOSED = {"kraken:master": "cancel_only", "coinbase:master": "away"}
RESTRICTED = {"kraken:tania_gilbert": "country", "coinbase:tania_gilbert": "ineligible"}
EVERYBODY = (*CLOSED, *RESTRICTED)
_FACTOR = 8.0
# After a minute what was read of a market is too old to withdraw a stop by.
_OLD = 75.0


@dataclass(frozen=True, slots=True)
class Aftermath:
    """`closed` is the judge's knowledge once everything else is sold, `end` once the market was open again."""

    lines: tuple[str, ...]
    status: Answer
    closed: Mapping[str, Any]
    end: Mapping[str, Any]


def markets_close(folder: Path) -> Aftermath:
    (folder / "nija.toml").write_text(patient(EVERYBODY, "BTC/USD", "ETH/USD"))
    with quick_exchange(accounts(*EVERYBODY), _FACTOR) as quick, quick.daemon(folder) as daemon:
        venue = quick.venue
        daemon.wait_for("🛡️ Stop placed", count=2 * len(EVERYBODY))
        venue.freeze()
        _wait(quick, _OLD)
        for account, barrier in RESTRICTED.items():
            venue.do("restriction", account=account, market="ETH/USD", barrier=barrier)
        for account, mode in CLOSED.items():
            venue.do("mode", exchange=account.partition(":")[0], market="BTC/USD", mode=mode)
        assert daemon.ask("flatten", "--all", "--yes").code == 0
        for account in CLOSED:
            until(partial(_has_sold, venue, account, "ETH/USD"), f"{account} has sold what it can")
        told = "ETH/USD is refused to this account"
        status = daemon.status(lambda text: text.count(told) == len(RESTRICTED))
        closed = venue.state()
        for account in CLOSED:
            venue.do("mode", exchange=account.partition(":")[0], market="BTC/USD", mode="online")
        for account in RESTRICTED:
            venue.undo("restriction", account=account)
        for account in EVERYBODY:
            for market in ("BTC/USD", "ETH/USD"):
                until(partial(_has_sold, venue, account, market), f"{account} has sold {market}")
        assert daemon.terminate() == 0
        return Aftermath(tuple(daemon.lines), status, closed, venue.state())


def _wait(quick: QuickVenue, seconds: float) -> None:
    over = quick.epoch.passed + seconds
    until(lambda: quick.epoch.passed > over, "time passes")


def _has_sold(venue: Venue, account: str, market: str) -> bool:
    return market not in judge.held(venue.books(account)["fills"])


pytestmark = pytest.mark.backstage.with_args(markets_close)


@pytest.mark.parametrize("account", CLOSED)
def test_the_stop_stays_in_a_market_that_takes_no_orders(outcome: Aftermath, account: str) -> None:
    books = outcome.closed["accounts"][account]
    assert judge.open_stops(books)["BTC/USD"] == [judge.held(books["fills"])["BTC/USD"]]


@pytest.mark.parametrize("account", CLOSED)
def test_the_other_market_is_sold_meanwhile(outcome: Aftermath, account: str) -> None:
    assert "ETH/USD" not in judge.held(outcome.closed["accounts"][account]["fills"])


@pytest.mark.parametrize("account", RESTRICTED)
def test_status_names_the_market_that_is_refused_and_the_remedy(outcome: Aftermath, account: str) -> None:
    of_it = outcome.status.text.partition(f"\n{account} (")[2].partition("\n\n")[0]
    (line,) = [line for line in of_it.splitlines() if "ETH/USD is refused to this account" in line]
    assert "; " in line


@pytest.mark.parametrize("account", EVERYBODY)
def test_everything_is_sold_once_the_market_is_open_again(outcome: Aftermath, account: str) -> None:
    books = outcome.end["accounts"][account]
    assert (judge.held(books["fills"]), books["open_orders"]) == ({}, [])
