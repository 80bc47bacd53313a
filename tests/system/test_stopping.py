"""How the daemon ends, and what is left when it is ended."""

from __future__ import annotations

import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.faults import FaultKind
from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import Daemon, until
from tests.system.exchange import RunningExchange, running_exchange
from tests.system.settings import EAGER
from tests.system.strategies import CALM

if TYPE_CHECKING:
    from pathlib import Path

# Seconds from a signal to the end.
_IN_TIME = 10.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nija.toml").write_text(EAGER)
    return tmp_path


def assert_all_is_known(exchange: RunningExchange, daemon: Daemon, *names: str) -> None:
    checker.wait_until_settled(exchange, daemon, *names)
    for account in names:
        checker.assert_books_and_journal_agree(exchange.books(account), daemon.data, account)
    assert exchange.violations() == []


def test_after_kill_9_the_daemon_goes_on_where_it_was(folder: Path) -> None:
    names = ("kraken:master", "coinbase:master")
    with running_exchange(accounts(*names)) as exchange:
        with Daemon(folder, exchange.environment, cold=True) as first:
            for account in names:
                first.wait_for("BUY order filled", f"account={account}")
            first.kill()
        assert all(exchange.books(account)["fills"] for account in names)
        (folder / CALM).touch()
        with Daemon(folder, exchange.environment) as second:
            # The key's budget was used up before the kill, and is remembered.
            second.wait_for("Started independent trading thread", count=2, within=120)
            assert_all_is_known(exchange, second, *names)
            assert second.terminate() == 0
        checker.assert_nonces_only_rise(exchange.books("kraken:master"))


def test_sigterm_in_the_middle_of_slow_trading_ends_in_time_and_loses_nothing(folder: Path) -> None:
    names = ("coinbase:master", "coinbase:tania_gilbert")
    with running_exchange(accounts(*names)) as exchange:
        with Daemon(folder, exchange.environment) as first:
            first.wait_for("SELL order filled", count=2)
            exchange.fault(FaultKind.DELAY_AFTER, account="coinbase:*", seconds=4.0)
            until(lambda: bool(exchange.struck()), "a slow answer")
            time.sleep(1.0)
            began = time.monotonic()
            assert first.terminate(within=15.0) == 0
            assert time.monotonic() - began < _IN_TIME
            assert first.said("👋 STOPPED")
        exchange.heal()
        with Daemon(folder, exchange.environment) as second:
            second.wait_for("Started independent trading thread", count=2)
            assert_all_is_known(exchange, second, *names)
            assert second.terminate() == 0


def test_sigterm_while_an_exchange_hangs_ends_in_time_and_says_what_is_open(folder: Path) -> None:
    with running_exchange(accounts("coinbase:master")) as exchange, Daemon(folder, exchange.environment) as daemon:
        daemon.wait_for("BUY order filled")
        exchange.fault(FaultKind.HANG, account="coinbase:master", seconds=30)
        until(lambda: bool(exchange.struck()), "a request that hangs")
        began = time.monotonic()
        assert daemon.terminate(within=15.0) == 0
        assert time.monotonic() - began < _IN_TIME
    assert daemon.said("A request is still unanswered", "account=coinbase:master")
    assert daemon.said("🛑 STOPPING - no new entries")
    assert daemon.lines[-1].endswith("👋 STOPPED")


def test_signals_that_arrive_at_once_count_as_one(folder: Path) -> None:
    with running_exchange(accounts("coinbase:master")) as exchange, Daemon(folder, exchange.environment) as daemon:
        daemon.wait_for("Started independent trading thread")
        for _ in range(50):
            daemon.process.send_signal(signal.SIGTERM)
        assert daemon.wait(10.0) == 0
        assert daemon.lines[-1].endswith("👋 STOPPED")


def test_a_second_signal_later_ends_at_once(folder: Path) -> None:
    with running_exchange(accounts("coinbase:master")) as exchange, Daemon(folder, exchange.environment) as daemon:
        daemon.wait_for("BUY order filled")
        exchange.fault(FaultKind.HANG, account="coinbase:master", seconds=30)
        until(lambda: bool(exchange.struck()), "a request that hangs")
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
    with (
        running_exchange(accounts("coinbase:master")) as exchange,
        Daemon(tmp_path, exchange.environment, under=hour) as daemon,
    ):
        daemon.wait_for("Started independent trading thread")
        # As its own clock does when the hour is over.
        daemon.process.send_signal(signal.SIGALRM)
        assert daemon.wait(10.0) == 124
        assert daemon.lines[-1].endswith("👋 STOPPED")
