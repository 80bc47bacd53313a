"""What /healthz, /readyz and /metrics answer, and to whom."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette

from accounts.manager import AccountState
from brokers.client_order_id import Purpose
from brokers.model import Side
from nija.events import Events, OrderFilled
from nija.health.health import Health
from nija.health.judgement import SILENT_SECONDS, START_SECONDS
from nija.health.pages import health_routes
from nija.log import lines
from nija.log.event_log import get_log
from nija.log.setup import configure_logging
from nija.status.report import AccountStatus, MarketStatus, PositionStatus
from nija.trader.view import ProtectionView
from tests.fakes import ManualClock
from tests.nija.notify.account_states import MASTER

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Asker:
    """Asks the health pages, without a socket."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def ask(self, method: str, path: str) -> httpx.Response:
        async def asked() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://nija") as client:
                return await client.request(method, path)

        return asyncio.run(asked())


@contextmanager
def served(daemon: Daemon, *, is_entitled: bool = True) -> Iterator[Asker]:
    health = Health(lambda: daemon.accounts, daemon.events, daemon.clock)
    health.start()
    try:
        yield Asker(Starlette(routes=health_routes(health, lambda _request: is_entitled)))
    finally:
        health.stop()


def test_a_working_daemon_is_healthy_and_ready() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        health, ready = server.get("/healthz"), server.get("/readyz")
    assert (health.status_code, health.json()["healthy"]) == (200, True)
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "accounts": {"kraken:master": "TRADING"}})
    assert health.headers["Cache-Control"] == "no-store"


def test_a_daemon_that_does_no_work_is_unhealthy_and_gives_the_reason() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        daemon.clock.advance(max(SILENT_SECONDS, START_SECONDS) + 1)
        answer = server.get("/healthz")
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
        assert server.get("/readyz").status_code == status


def test_metrics_show_states_figures_and_silence() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        daemon.clock.advance(7)
        text = server.get("/metrics").text
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
        text = server.get("/metrics").text
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
        answer, metrics = server.get("/healthz"), server.get("/metrics").text
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
        text = server.get("/metrics").text
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
            text = server.get("/metrics").text
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
        assert 'nija_accounts{state="FAILED"} 0.0' in one.get("/metrics").text
        assert 'nija_accounts{state="FAILED"} 1.0' in two.get("/metrics").text


def test_whoever_is_not_entitled_learns_whether_nija_works_and_no_names_or_money() -> None:
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    (account,) = daemon.accounts
    daemon.accounts = (replace(account, positions=(replace(HELD, stop=None),)),)
    with served(daemon, is_entitled=False) as server:
        daemon.events.publish(OrderFilled(MASTER, "BTC/USD", Side.BUY, Decimal(1), Decimal(2), "O-1", Purpose.ENTRY))
        health, ready, metrics = server.get("/healthz"), server.get("/readyz"), server.get("/metrics").text
    assert (health.status_code, health.json()) == (200, {"healthy": True})
    assert (ready.status_code, ready.json()) == (200, {"ready": True})
    assert "nija_healthy 1.0" in metrics
    assert 'nija_accounts{state="TRADING"} 1.0' in metrics
    assert not [word for word in ("master", "equity", "100.5", "account=") if word in metrics]


def test_once_ready_nija_stays_ready_for_as_long_as_it_works() -> None:
    """A platform that asks for readiness all the time must not restart NIJA in a short outage of its exchange."""
    daemon = Daemon()
    daemon.show(AccountState.TRADING)
    with served(daemon) as server:
        assert server.get("/readyz").status_code == 200
        daemon.show(AccountState.FAILED)
        assert server.get("/readyz").status_code == 200
        daemon.clock.advance(max(SILENT_SECONDS, START_SECONDS) + 1)
        assert server.get("/readyz").status_code == 503


def test_a_deploy_whose_keys_are_all_refused_never_becomes_ready() -> None:
    daemon = Daemon()
    with served(daemon) as server:
        for state in (AccountState.CONFIGURED, AccountState.CONNECTING, AccountState.FAILED):
            daemon.show(state, worked=False)
            daemon.clock.advance(5)
            assert server.get("/readyz").status_code == 503
            assert server.get("/healthz").status_code == 200


def test_nothing_can_be_changed() -> None:
    with served(Daemon()) as server:
        assert server.ask("POST", "/healthz").status_code == 405
