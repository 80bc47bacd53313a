"""The exchanges answer nothing about prices and candles any more, while accounts are answered as ever."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from brokers.simulator.faults import FaultKind
from tests.made_up import accounts
from tests.system import judge
from tests.system.daemon import until
from tests.system.exchange import quick_exchange
from tests.system.patient import patient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.system.daemon import Answer

BOTH = ("kraken:master", "coinbase:master")
_FACTOR = 8.0
_ROOM_FOR_TWO = "[risk]\nmax_positions = 2\nmax_exposure = 0.9\n"


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What was said while the exchanges were silent, and the judge's knowledge at the end."""

    lines: tuple[str, ...]
    status: Answer
    health: str
    metrics: str
    state: Mapping[str, Any]


def silent_exchanges(folder: Path) -> Aftermath:
    (folder / "nija.toml").write_text(patient(BOTH, "BTC/USD", "ETH/USD", "SOL/USD", more=_ROOM_FOR_TWO))
    port = _free_port()
    with quick_exchange(accounts(*BOTH), _FACTOR) as quick:
        venue = quick.venue
        with quick.daemon(folder, {**venue.environment, "PORT": str(port)}) as daemon:
            daemon.wait_for("🛡️ Stop placed", count=2 * len(BOTH))
            venue.freeze()
            for exchange, kind in (("kraken", FaultKind.DROP_BEFORE), ("coinbase", FaultKind.ERROR_BEFORE)):
                for endpoint in ("Ticker", "OHLC", "GET */ticker", "GET */candles"):
                    venue.fault(kind, exchange=exchange, endpoint=endpoint, status=503)
            until(lambda: "no price of BTC/USD for" in daemon.ask("status").text, "status says that there is no price")
            for account in BOTH:
                daemon.wait_for("no price of BTC/USD", f"exchange={account.partition(':')[0]}")
            # At the exchange itself the price falls through one stop, so that there is room for another position.
            for exchange in ("kraken", "coinbase"):
                venue.do("price", exchange=exchange, market="BTC/USD", price="54600")
            daemon.wait_for("SELL order filled: BTC/USD", count=len(BOTH))
            for account in BOTH:
                daemon.wait_for("No new entries: the last price of ETH/USD", f"account={account}")
            status = daemon.ask("status")
            health = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10).text
            metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
            flat = daemon.ask("flatten", "--all", "--yes")
            assert flat.code == 0
            daemon.wait_for("SELL order filled: ETH/USD", count=len(BOTH))
            assert daemon.terminate() == 0
            return Aftermath(tuple(daemon.lines), status, health, metrics, venue.state())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


pytestmark = pytest.mark.backstage.with_args(silent_exchanges)


def test_status_says_for_how_long_there_has_been_no_price(outcome: Aftermath) -> None:
    for exchange in ("kraken", "coinbase"):
        assert f"⚠️  {exchange}: no price of BTC/USD for" in outcome.status.text


def test_no_account_counts_as_working(outcome: Aftermath) -> None:
    assert "no price of" in outcome.health


def test_the_metrics_tell_the_age_of_prices_and_the_fault(outcome: Aftermath) -> None:
    for account in BOTH:
        exchange = account.partition(":")[0]
        (age,) = [
            float(line.split()[-1])
            for line in outcome.metrics.splitlines()
            if line.startswith(f'nija_price_age_seconds{{exchange="{exchange}",market="BTC/USD"}}')
        ]
        assert age > 120
        assert (
            f'nija_account_fault{{account="{account}",kind="no_market_data",market="BTC/USD"}} 1.0' in outcome.metrics
        )


@pytest.mark.parametrize("account", BOTH)
def test_the_accounts_own_answers_are_not_taken_for_silence(outcome: Aftermath, account: str) -> None:
    said = [line for line in outcome.lines if "answered nothing about this account" in line]
    assert not [line for line in said if f"account={account}" in line]


@pytest.mark.parametrize("account", BOTH)
def test_nothing_is_opened_without_a_price(outcome: Aftermath, account: str) -> None:
    bought = {fill["symbol"] for fill in outcome.state["accounts"][account]["fills"] if fill["side"] == "buy"}
    assert bought == {"BTC/USD", "ETH/USD"}


@pytest.mark.parametrize("account", BOTH)
def test_stops_sell_and_commands_are_obeyed_all_the_same(outcome: Aftermath, account: str) -> None:
    books = outcome.state["accounts"][account]
    assert (judge.held(books["fills"]), books["open_orders"]) == ({}, [])
