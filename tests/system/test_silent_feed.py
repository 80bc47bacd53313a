"""The exchanges answer nothing about prices and candles any more, while accounts are answered as ever."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from brokers.simulator.faults import FaultKind
from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import until
from tests.system.exchange import quick_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.system.daemon import Answer

BOTH = ("kraken:master", "coinbase:master")
_FACTOR = 8.0
_ROOM_FOR_TWO = "[risk]\nmax_positions = 2\nmax_exposure = 0.9\n"


@dataclass(frozen=True, slots=True)
class Aftermath:
    r"""What was said while the exchanges were silent, and the exchange\'s state at the end."""

    lines: tuple[str, ...]
    status: Answer
    health: str
    metrics: str
    state: Mapping[str, Any]


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    (folder / "nija.toml").write_text(buy_and_hold(BOTH, "BTC/USD", "ETH/USD", "SOL/USD", more=_ROOM_FOR_TWO))
    port = _free_port()
    with quick_exchange(accounts(*BOTH), _FACTOR) as quick:
        exchange = quick.exchange
        with quick.daemon(folder, {**exchange.environment, "PORT": str(port)}) as daemon:
            daemon.wait_for("🛡️ Stop placed", count=2 * len(BOTH))
            exchange.freeze()
            for name, kind in (("kraken", FaultKind.DROP_BEFORE), ("coinbase", FaultKind.ERROR_BEFORE)):
                for endpoint in ("Ticker", "OHLC", "GET */ticker", "GET */candles"):
                    exchange.fault(kind, exchange=name, endpoint=endpoint, status=503)
            until(lambda: "no price of BTC/USD for" in daemon.ask("status").text, "status says that there is no price")
            for account in BOTH:
                daemon.wait_for("no price of BTC/USD", f"exchange={account.partition(':')[0]}")
            # At the exchange itself the price falls through one stop, so that there is room for another position.
            for name in ("kraken", "coinbase"):
                exchange.do("price", exchange=name, market="BTC/USD", price="54600")
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
            return Aftermath(tuple(daemon.lines), status, health, metrics, exchange.state())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


pytestmark = pytest.mark.xdist_group("silent")


def test_status_says_for_how_long_there_has_been_no_price(silent: Aftermath) -> None:
    for name in ("kraken", "coinbase"):
        assert f"⚠️  {name}: no price of BTC/USD for" in silent.status.text


def test_no_account_counts_as_working(silent: Aftermath) -> None:
    assert "no price of" in silent.health


def test_the_metrics_tell_the_age_of_prices_and_the_fault(silent: Aftermath) -> None:
    for account in BOTH:
        name = account.partition(":")[0]
        (age,) = [
            float(line.split()[-1])
            for line in silent.metrics.splitlines()
            if line.startswith(f'nija_price_age_seconds{{exchange="{name}",market="BTC/USD"}}')
        ]
        assert age > 120
        assert f'nija_account_fault{{account="{account}",kind="no_market_data",market="BTC/USD"}} 1.0' in silent.metrics


@pytest.mark.parametrize("account", BOTH)
def test_the_accounts_own_answers_are_not_taken_for_silence(silent: Aftermath, account: str) -> None:
    said = [line for line in silent.lines if "answered nothing about this account" in line]
    assert not [line for line in said if f"account={account}" in line]


@pytest.mark.parametrize("account", BOTH)
def test_nothing_is_opened_without_a_price(silent: Aftermath, account: str) -> None:
    bought = {fill["symbol"] for fill in silent.state["accounts"][account]["fills"] if fill["side"] == "buy"}
    assert bought == {"BTC/USD", "ETH/USD"}


@pytest.mark.parametrize("account", BOTH)
def test_stops_sell_and_commands_are_obeyed_all_the_same(silent: Aftermath, account: str) -> None:
    books = silent.state["accounts"][account]
    assert (checker.held(books), books["open_orders"]) == ({}, [])
