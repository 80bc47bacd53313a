"""How the daemon ends, and what is left when it is ended."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.faults import FaultKind
from tests.made_up import accounts
from tests.system import judge
from tests.system.conftest import EAGER
from tests.system.daemon import Daemon, until
from tests.system.exchange import Venue, exchange
from tests.system.strategies import CALM

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nija.toml").write_text(EAGER)
    return tmp_path


def assert_all_is_known(venue: Venue, daemon: Daemon, *names: str) -> None:
    judge.wait_until_settled(venue, daemon, *names)
    for account in names:
        judge.assert_books_equal(venue.books(account), daemon.data, account)
        judge.assert_positions_equal(venue.books(account), daemon.data, account)
        judge.assert_every_position_has_its_stop(venue.books(account))
        judge.assert_no_order_is_doubled(venue.books(account), daemon.data, account)
    assert venue.violations() == []


def killed_and_restarted(folder: Path) -> None:
    names = ("kraken:master", "coinbase:master")
    (folder / "nija.toml").write_text(EAGER)
    with exchange(accounts(*names)) as venue:
        with Daemon(folder, venue.environment) as first:
            for account in names:
                first.wait_for("BUY order filled", f"account={account}")
            first.kill()
        assert all(venue.books(account)["fills"] for account in names)
        (folder / CALM).touch()
        with Daemon(folder, venue.environment) as second:
            # The key's budget was used up before the kill, and is remembered.
            second.wait_for("Started independent trading thread", count=2, within=120)
            assert_all_is_known(venue, second, *names)
            assert second.terminate() == 0
        judge.assert_nonces_only_rise(venue.books("kraken:master"))


@pytest.mark.backstage.with_args(killed_and_restarted)
@pytest.mark.usefixtures("outcome")
def test_after_kill_9_the_daemon_goes_on_where_it_was() -> None:
    """All of it is proven by the play."""


def stopped_while_slow(folder: Path) -> float:
    """How long the stop took, in seconds."""
    names = ("coinbase:master", "coinbase:tania_gilbert")
    (folder / "nija.toml").write_text(EAGER)
    with exchange(accounts(*names)) as venue:
        with Daemon(folder, venue.environment) as first:
            first.wait_for("SELL order filled", count=2)
            venue.fault(FaultKind.DELAY_AFTER, account="coinbase:*", seconds=4.0)
            until(venue.has_struck, "a slow answer")
            time.sleep(1.0)
            began = time.monotonic()
            assert first.terminate(within=15.0) == 0
            took = time.monotonic() - began
            assert first.said("👋 STOPPED")
        venue.heal()
        with Daemon(folder, venue.environment) as second:
            second.wait_for("Started independent trading thread", count=2)
            assert_all_is_known(venue, second, *names)
            assert second.terminate() == 0
    return took


@pytest.mark.backstage.with_args(stopped_while_slow)
def test_sigterm_in_the_middle_of_slow_trading_ends_in_time_and_loses_nothing(outcome: float) -> None:
    assert outcome < 10.0


def stopped_while_hanging(folder: Path) -> tuple[Daemon, float]:
    """The daemon that was stopped, and how long that took, in seconds."""
    (folder / "nija.toml").write_text(EAGER)
    with exchange(accounts("coinbase:master")) as venue, Daemon(folder, venue.environment) as daemon:
        daemon.wait_for("BUY order filled")
        venue.fault(FaultKind.HANG, account="coinbase:master", seconds=30)
        until(venue.has_struck, "a request that hangs")
        began = time.monotonic()
        assert daemon.terminate(within=15.0) == 0
        return daemon, time.monotonic() - began


@pytest.mark.backstage.with_args(stopped_while_hanging)
def test_sigterm_while_an_exchange_hangs_ends_in_time_and_says_what_is_open(outcome: tuple[Daemon, float]) -> None:
    daemon, took = outcome
    assert took < 10.0
    assert daemon.said("A request is still without an answer", "account=coinbase:master")
    assert daemon.said("🛑 STOPPING - no new entries")
    assert daemon.lines[-1].endswith("👋 STOPPED")


def test_signals_that_arrive_at_once_are_one_wish(folder: Path) -> None:
    with exchange(accounts("coinbase:master")) as venue, Daemon(folder, venue.environment) as daemon:
        daemon.wait_for("Started independent trading thread")
        for _ in range(50):
            daemon.process.send_signal(signal.SIGTERM)
        assert daemon.wait(10.0) == 0
        assert daemon.lines[-1].endswith("👋 STOPPED")


def test_a_second_signal_later_ends_at_once(folder: Path) -> None:
    with exchange(accounts("coinbase:master")) as venue, Daemon(folder, venue.environment) as daemon:
        daemon.wait_for("BUY order filled")
        venue.fault(FaultKind.HANG, account="coinbase:master", seconds=30)
        until(venue.has_struck, "a request that hangs")
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_for("🛑 STOPPING")
        time.sleep(1.2)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.wait(3.0) == 130


def test_the_signal_of_gnu_timeout_ends_the_daemon_calmly(tmp_path: Path) -> None:
    timeout = shutil.which("timeout")
    if timeout is None:
        pytest.skip("there is no GNU timeout on this machine")
    hour = (timeout, "-s", "TERM", "3600")
    with exchange(accounts("coinbase:master")) as venue, Daemon(tmp_path, venue.environment, under=hour) as daemon:
        daemon.wait_for("Started independent trading thread")
        # As its own clock does when the hour is over.
        daemon.process.send_signal(signal.SIGALRM)
        assert daemon.wait(10.0) == 124
        assert daemon.lines[-1].endswith("👋 STOPPED")
