"""A signal arrives when the exchange has bought and not yet answered: what was bought is protected before the end."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from accounts.identity import AccountId
from brokers.simulator.faults import FaultKind
from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import Daemon, until
from tests.system.exchange import running_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.system.exchange import RunningExchange

BY_SIGNAL = {
    signal.SIGTERM: ("kraken:master", "coinbase:master"),
    signal.SIGHUP: ("kraken:tania_gilbert", "coinbase:tania_gilbert"),
}
_SLOW = 4.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How long the end took, in seconds."""

    code: int
    took: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aftermath:
    ended: Mapping[signal.Signals, Ended]
    books: Mapping[str, Mapping[str, Any]]
    data: Path


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    everybody = [account for both in BY_SIGNAL.values() for account in both]
    with running_exchange(accounts(*everybody), speed=1.0) as exchange:
        for account in everybody:
            place = "AddOrder" if account.startswith("kraken") else "POST /orders"
            exchange.fault(FaultKind.DELAY_AFTER, account=account, endpoint=place, count=1, seconds=_SLOW)
        ended = {number: _ended_by(number, folder / number.name, exchange) for number in BY_SIGNAL}
        return Aftermath(ended, exchange.state("accounts")["accounts"], folder)


def _ended_by(number: signal.Signals, folder: Path, exchange: RunningExchange) -> Ended:
    """At least one of its accounts has bought and has no answer yet."""
    names = BY_SIGNAL[number]
    with _daemon(folder, exchange, names) as daemon:
        until(lambda: all(exchange.books(account)["fills"] for account in names), "both entries are under way")
        began = time.monotonic()
        daemon.process.send_signal(number)
        return Ended(daemon.wait(15.0), time.monotonic() - began, tuple(daemon.lines))


def _daemon(folder: Path, exchange: RunningExchange, names: tuple[str, ...]) -> Daemon:
    folder.mkdir()
    (folder / "nija.toml").write_text(buy_and_hold(names))
    own = {AccountId.parse(name).env_prefix for name in names}
    environment = {
        name: value
        for name, value in exchange.environment.items()
        if ("_API_KEY" not in name and "_API_SECRET" not in name) or name.rpartition("_API_")[0] in own
    }
    return Daemon(folder, environment)


WITH_EACH = pytest.mark.parametrize("number", BY_SIGNAL, ids=lambda number: number.name)
pytestmark = pytest.mark.xdist_group("stopped")


@WITH_EACH
def test_it_ends_calmly_within_ten_seconds(stopped: Aftermath, number: signal.Signals) -> None:
    ended = stopped.ended[number]
    assert ended.code == 0
    assert ended.took < 10.0
    assert ended.lines[-1].endswith("👋 STOPPED")


@WITH_EACH
def test_what_was_bought_is_protected_before_it_ends(stopped: Aftermath, number: signal.Signals) -> None:
    for account in BY_SIGNAL[number]:
        assert checker.held(stopped.books[account])
        checker.assert_every_position_has_its_stop(stopped.books[account])
        checker.assert_every_fill_is_booked_once(stopped.books[account], stopped.data / number.name / "data", account)
