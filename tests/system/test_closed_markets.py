"""Markets that close to everybody, or to one account, while a position is open there; the others go on.

Everything is to be sold meanwhile, and can be only once the market has opened again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import until
from tests.system.exchange import quick_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.system.daemon import Answer
    from tests.system.exchange import QuickExchange, RunningExchange

CLOSED = {"kraken:master": "cancel_only", "coinbase:master": "away"}
RESTRICTED = {"kraken:tania_gilbert": "country", "coinbase:tania_gilbert": "ineligible"}
EVERYBODY = (*CLOSED, *RESTRICTED)
_FACTOR = 8.0
# After a minute what was read of a market is too old to withdraw a stop by.
_OLD = 75.0


@dataclass(frozen=True, slots=True)
class Aftermath:
    r"""`closed` is the exchange\'s state once everything else is sold, `end` once the market was open again."""

    lines: tuple[str, ...]
    status: Answer
    closed: Mapping[str, Any]
    end: Mapping[str, Any]


@pytest.fixture(scope="module")
def closed_markets(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    (folder / "nija.toml").write_text(buy_and_hold(EVERYBODY, "BTC/USD", "ETH/USD"))
    with quick_exchange(accounts(*EVERYBODY), _FACTOR) as quick, quick.daemon(folder) as daemon:
        exchange = quick.exchange
        daemon.wait_for("🛡️ Stop placed", count=2 * len(EVERYBODY))
        exchange.freeze()
        _wait(quick, _OLD)
        for account, barrier in RESTRICTED.items():
            exchange.do("restriction", account=account, market="ETH/USD", barrier=barrier)
        for account, mode in CLOSED.items():
            exchange.do("mode", exchange=account.partition(":")[0], market="BTC/USD", mode=mode)
        assert daemon.ask("flatten", "--all", "--yes").code == 0
        for account in CLOSED:
            until(partial(_has_sold, exchange, account, "ETH/USD"), f"{account} has sold what it can")
        told = "ETH/USD is refused to this account"
        status = daemon.status(lambda text: text.count(told) == len(RESTRICTED))
        closed = exchange.state()
        for account in CLOSED:
            exchange.do("mode", exchange=account.partition(":")[0], market="BTC/USD", mode="online")
        for account in RESTRICTED:
            exchange.undo("restriction", account=account)
        for account in EVERYBODY:
            for market in ("BTC/USD", "ETH/USD"):
                until(partial(_has_sold, exchange, account, market), f"{account} has sold {market}")
        assert daemon.terminate() == 0
        return Aftermath(tuple(daemon.lines), status, closed, exchange.state())


def _wait(quick: QuickExchange, seconds: float) -> None:
    over = quick.epoch.passed + seconds
    until(lambda: quick.epoch.passed > over, "time passes")


def _has_sold(exchange: RunningExchange, account: str, market: str) -> bool:
    return market not in checker.held(exchange.books(account))


pytestmark = pytest.mark.xdist_group("closed_markets")


@pytest.mark.parametrize("account", CLOSED)
def test_the_stop_stays_in_a_market_that_takes_no_orders(closed_markets: Aftermath, account: str) -> None:
    books = closed_markets.closed["accounts"][account]
    assert checker.open_stops(books)["BTC/USD"] == [checker.held(books)["BTC/USD"]]


@pytest.mark.parametrize("account", CLOSED)
def test_the_other_market_is_sold_meanwhile(closed_markets: Aftermath, account: str) -> None:
    assert "ETH/USD" not in checker.held(closed_markets.closed["accounts"][account])


@pytest.mark.parametrize("account", RESTRICTED)
def test_status_names_the_market_that_is_refused_and_the_remedy(closed_markets: Aftermath, account: str) -> None:
    of_it = closed_markets.status.text.partition(f"\n{account} (")[2].partition("\n\n")[0]
    (line,) = [line for line in of_it.splitlines() if "ETH/USD is refused to this account" in line]
    assert "; " in line


@pytest.mark.parametrize("account", EVERYBODY)
def test_everything_is_sold_once_the_market_is_open_again(closed_markets: Aftermath, account: str) -> None:
    books = closed_markets.end["accounts"][account]
    assert (checker.held(books), books["open_orders"]) == ({}, [])
