"""The health pages over a real socket."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import requests

from accounts.manager import AccountState
from brokers.client_order_id import Purpose
from brokers.model import Side
from nija.events import Events, OrderFilled
from nija.health.judgement import SILENT_SECONDS, START_SECONDS
from nija.health.server import CONNECTIONS_AT_ONCE, HealthServer, PortUnusable
from nija.log import lines
from nija.log.event_log import get_log
from nija.log.setup import configure_logging
from nija.status.report import AccountStatus, MarketStatus, PositionStatus
from nija.trader.view import ProtectionView
from tests.fakes import ManualClock
from tests.nija.notify.account_states import MASTER

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
HELD = PositionStatus("BTC/USD", Decimal(1), Decimal(100), Decimal(90), None, None, None)


class Daemon:
    """The supervisor as the pages see it: a clock, and accounts that change."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.accounts: tuple[AccountStatus, ...] = ()
        self.events = Events(get_log("tests"))

    def show(self, state: AccountState, *, worked: bool = True) -> None:
        now = datetime.fromtimestamp(self.clock.time(), UTC)
        self.accounts = (
            AccountStatus(
                "kraken:master",
                "MASTER",
                "kraken",
                state.value,
                equity=Decimal("100.50"),
                positions=(HELD, replace(HELD, market="ETH/USD")),
                last_useful_work=now if worked else None,
            ),
        )


@contextmanager
def served(daemon: Daemon) -> Iterator[HealthServer]:
    server = HealthServer(0, lambda: daemon.accounts, daemon.events, daemon.clock, host=LOOPBACK)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def get(server: HealthServer, path: str) -> requests.Response:
    with requests.Session() as session:
        return session.get(f"http://{LOOPBACK}:{server.port}{path}", timeout=5)


def test_a_working_daemon_is_healthy_and_ready() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        health, ready = get(server, "/healthz"), get(server, "/readyz")
    assert (health.status_code, health.json()["healthy"]) == (200, True)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "accounts": {"kraken:master": "TRADING"}})
    assert health.headers["Cache-Control"] == "no-store"


def test_a_daemon_that_does_no_work_is_unhealthy_and_gives_the_reason() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        daemon.clock.advance(max(SILENT_SECONDS, START_SECONDS) + 1)
        answer = get(server, "/healthz")
    assert answer.status_code == 503
    assert answer.json()["reason"].startswith("no account has done useful work for 5 min 1 s (kraken:master TRADING)")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (AccountState.CONFIGURED, 503),
        (AccountState.CONNECTING, 503),
        (AccountState.CONNECTED, 200),
        (AccountState.TRADING, 200),
        (AccountState.PAUSED, 200),
        (AccountState.FAILED, 503),
    ],
)
def test_ready_means_connected(state: AccountState, status: int) -> None:
    daemon = Daemon()
    daemon.show(state)
    with served(daemon) as server:
        assert get(server, "/readyz").status_code == status


def test_metrics_show_states_figures_and_silence() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        daemon.clock.advance(7)
        text = get(server, "/metrics").text
    assert "nija_healthy 1.0" in text
    assert 'nija_accounts{state="TRADING"} 1.0' in text
    assert 'nija_accounts{state="FAILED"} 0.0' in text
    assert 'nija_account_state{account="kraken:master",state="TRADING"} 1.0' in text
    assert 'nija_account_equity{account="kraken:master",currency="USD"} 100.5' in text
    assert 'nija_account_positions{account="kraken:master"} 2.0' in text
    assert 'nija_account_last_work_age_seconds{account="kraken:master"} 7.0' in text
    assert "process_open_fds" in text


def test_metrics_show_the_age_of_all_data_and_how_long_positions_were_bare() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    (account,) = daemon.accounts
    btc = MarketStatus("BTC/USD", "1d", 4.0, 4.0, 3_600.0, 90.0, 172_800.0)
    bare = ProtectionView("BTC/USD", covered=False, bare_seconds=40.0, bare_total=52.5, longest=41.0, doubt="unclear")
    seen = replace(account, last_answer_age=20.0, markets=(btc,), protection=(bare,), foreign_orders=3)
    daemon.accounts = (seen, replace(seen, id="kraken:tania_gilbert"))
    with served(daemon) as server:
        text = get(server, "/metrics").text
    for line in (
        'nija_price_age_seconds{exchange="kraken",market="BTC/USD"} 4.0',
        'nija_candle_age_seconds{exchange="kraken",market="BTC/USD",timeframe="1d"} 3600.0',
        'nija_last_answer_age_seconds{account="kraken:master"} 20.0',
        'nija_foreign_orders{account="kraken:master"} 3.0',
        'nija_bare_seconds{account="kraken:master",market="BTC/USD"} 40.0',
        'nija_bare_seconds_total{account="kraken:master",market="BTC/USD"} 52.5',
        'nija_bare_seconds_longest{account="kraken:master",market="BTC/USD"} 41.0',
        'nija_position_in_doubt{account="kraken:master",market="BTC/USD"} 1.0',
    ):
        assert text.splitlines().count(line) == 1, line


def test_faults_are_shown_and_do_not_make_a_working_daemon_unhealthy() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    (account,) = daemon.accounts
    bare = replace(HELD, stop=None)
    daemon.accounts = (replace(account, positions=(bare,)),)
    with served(daemon) as server:
        answer, metrics = get(server, "/healthz"), get(server, "/metrics").text
    assert answer.status_code == 200
    assert answer.json()["faults"] == ["kraken:master: BTC/USD has no stop price, so nothing protects it"]
    assert "nija_healthy 1.0" in metrics


def test_fills_are_counted_from_events_and_not_from_the_log() -> None:
    daemon = Daemon()
    amount, price = Decimal("0.001"), Decimal(95000)
    with served(daemon) as server:
        for side, purpose in ((Side.BUY, Purpose.ENTRY), (Side.SELL, Purpose.STOP), (Side.SELL, Purpose.EXIT)):
            daemon.events.publish(OrderFilled(MASTER, "BTC/USD", side, amount, price, "O-1", purpose))
        get_log("nija", account="kraken:master").info(lines.buy_filled("BTC/USD", amount, price))
        text = get(server, "/metrics").text
    assert 'nija_orders_filled_total{account="kraken:master",side="buy"} 1.0' in text
    assert 'nija_orders_filled_total{account="kraken:master",side="sell"} 2.0' in text


def test_troubles_in_the_log_are_counted_by_account_and_level() -> None:
    daemon = Daemon()
    log = configure_logging()
    try:
        with served(daemon) as server:
            account = get_log("nija", account="kraken:master")
            account.info(lines.FUNDED)
            account.error(lines.INVALID_NONCE)
            logging.getLogger("some.library").warning("%s is not well", "it")
            text = get(server, "/metrics").text
    finally:
        log.close()
    assert 'nija_log_troubles_total{account="kraken:master",level="error"} 1.0' in text
    assert 'nija_log_troubles_total{account="",level="warning"} 1.0' in text
    assert 'level="info"' not in text
    assert "Invalid nonce" not in text


def test_two_servers_in_one_process_share_no_figures() -> None:
    first, second = Daemon(), Daemon()
    first.show(AccountState.TRADING)
    second.show(AccountState.FAILED)
    with served(first) as one, served(second) as two:
        assert 'nija_accounts{state="FAILED"} 0.0' in get(one, "/metrics").text
        assert 'nija_accounts{state="FAILED"} 1.0' in get(two, "/metrics").text


def test_a_port_in_use_is_one_clear_error_that_names_port() -> None:
    with closing(socket.socket()) as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = HealthServer(port, tuple, Events(get_log("tests")), ManualClock(), host=LOOPBACK)
        with pytest.raises(PortUnusable, match=rf"port {port} \(Address already in use\): set PORT to a free port"):
            server.start()
        server.stop()


def test_stopping_ends_within_a_second_even_with_a_caller_who_never_finishes() -> None:
    before = set(threading.enumerate())
    daemon = Daemon()
    with served(daemon) as server, closing(socket.create_connection((LOOPBACK, server.port))) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert get(server, "/readyz").status_code == 503
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 1.0
    assert set(threading.enumerate()) == before
    server.stop()


def test_callers_who_never_finish_take_a_bounded_number_of_connections() -> None:
    daemon = Daemon()
    with served(daemon) as server:
        callers = [socket.create_connection((LOOPBACK, server.port)) for _ in range(CONNECTIONS_AT_ONCE + 8)]
        try:
            turned_away = sum(is_closed(caller) for caller in callers[CONNECTIONS_AT_ONCE:])
            assert turned_away == 8
            assert not is_closed(callers[0])
        finally:
            for caller in callers:
                caller.close()


def is_closed(caller: socket.socket, within: float = 0.3) -> bool:
    caller.settimeout(within)
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_connection_that_never_finishes_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nija.health.server.CONNECTION_SECONDS", 0.1)
    with served(Daemon()) as server, closing(socket.create_connection((LOOPBACK, server.port))) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert is_closed(caller, within=5)


def test_nothing_else_is_served_and_nothing_can_be_changed() -> None:
    with served(Daemon()) as server:
        assert get(server, "/").status_code == 404
        with requests.Session() as session:
            answer = session.post(f"http://{LOOPBACK}:{server.port}/healthz", timeout=5)
        assert answer.status_code == 405
