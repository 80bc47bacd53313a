"""A made-up NIJA behind the pages: reports of any size, and real journals with trades in them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx
import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Candles, Exchange, Fees, Fill, Market, OrderRequest, OrderType, Side, Timeframe
from nija.explain.beside import TradedAccount
from nija.health.judgement import judge
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.journal.records import EquityDay, EquityPoint, Intent, PositionPlan
from nija.risk.no_trade import NoTradeReason, Rule
from nija.status.report import AccountStatus, LimitDistance, MarketStatus, PositionStatus, RestingOrder, StatusReport
from nija.trader.plan import trading_plan
from nija.trader.view import ProtectionView
from nija.vendor import BROWSER_FILES
from nija.web.context import Viewer, WebContext
from nija.web.pages import page_routes
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from nija.doctor.finding import Section
    from nija.journal.journal import Journal
    from nija.notify.sent import SentNotification

NOW = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
MASTER = AccountId.parse("kraken:master")
DAIVON = AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("coinbase:tania_gilbert")
OWNER = Viewer(token="a token of the session")
BTC = MarketStatus("BTC/USD", "1d", 4.0, 4.0, 43_200.0, 90.0, 172_800.0)
ETH = replace(BTC, market="ETH/USD")
POSITION = PositionStatus(
    market="BTC/USD",
    amount=Decimal("0.01850000"),
    entry_price=Decimal("69550.20"),
    stop=Decimal("66750.50"),
    price=Decimal("71200.00"),
    profit=Decimal("30.52"),
    profit_percent=Decimal("2.37"),
    id="6e696a61-0100-4000-8000-000000000001",
    opened=NOW - timedelta(days=3),
)

TRADED = TradedAccount(
    trading_plan(settings_of(markets=("BTC/USD",))),
    Fees(Decimal("0.0025"), Decimal("0.004")),
    has_own_fees=True,
    markets={
        "BTC/USD": Market(
            symbol="BTC/USD",
            base="BTC",
            quote="USD",
            amount_step=Decimal("0.00000001"),
            price_step=Decimal("0.1"),
            min_amount=Decimal("0.00001"),
            min_cost=Decimal(5),
        )
    },
)


def account(name: str = "kraken:master", **changes: object) -> AccountStatus:
    """One that trades, with an open position."""
    known = AccountId.parse(name)
    usual = AccountStatus(
        id=name,
        label=known.label,
        exchange=str(known.exchange),
        state="TRADING",
        balance=Decimal("3914.20"),
        equity=Decimal("5231.42"),
        equity_change=Decimal("30.52"),
        positions=(POSITION,),
        resting_orders=(RestingOrder("BTC/USD", "sell", "stop", POSITION.amount, POSITION.stop, "stop"),),
        last_useful_work=NOW - timedelta(seconds=3),
        not_trading=(
            NoTradeReason(Rule.POSITION_OPEN, "a position is open", market="BTC/USD"),
            NoTradeReason(Rule.NO_SIGNAL, "no entry signal on the last closed candle", market="ETH/USD"),
        ),
        rate_budget=Decimal("0.85"),
        limits=(
            LimitDistance("daily loss", Decimal("0.0042"), Decimal("0.08")),
            LimitDistance("drawdown", Decimal("0.061"), Decimal("0.35")),
        ),
        since=NOW - timedelta(days=2),
        is_known=True,
        last_answer_age=12.0,
        markets=(BTC, ETH),
        protection=(ProtectionView("BTC/USD", covered=True),),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # the fields of an AccountStatus


def before_its_first_cycle(name: str) -> AccountStatus:
    known = AccountId.parse(name)
    return AccountStatus(id=name, label=known.label, exchange=str(known.exchange), state="CONNECTING", since=NOW)


def many(count: int) -> tuple[AccountStatus, ...]:
    """Accounts with names as long as they may get, of both exchanges."""
    names = (
        f"{'kraken' if number % 3 else 'coinbase'}:an_owner_with_a_very_long_name_indeed_{number:03}"
        for number in range(count)
    )
    return tuple(account(name) for name in names)


def candles(market: str, closes: int = 60) -> Candles:
    """Daily ones up to NOW."""
    end = int(NOW.replace(hour=0).timestamp())
    time = np.arange(end - closes * 86_400, end, 86_400, dtype=np.int64)
    close = 70_000 + 3_000 * np.sin(np.arange(closes) / 6)
    return Candles(market, Timeframe.D1, time, close, close + 500, close - 500, close, np.ones(closes))


@dataclass
class World:
    """What the pages are told; change it while they are open."""

    folder: Path
    accounts: tuple[AccountStatus, ...] = (account(),)
    viewer: Viewer = OWNER
    mode: str = "live"
    sections: tuple[Section, ...] = ()
    notifications: tuple[SentNotification, ...] = ()
    candles: Callable[[Exchange, str, Timeframe], Candles | None] = lambda _exchange, market, _timeframe: candles(
        market
    )
    traded: Callable[[AccountId], TradedAccount | None] = lambda _account: None
    stored: Callable[[Exchange, str, Timeframe], Candles | None] = lambda _exchange, _market, _timeframe: None
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW.timestamp()))
    reports: int = 0
    journal_reads: int = 0

    def __post_init__(self) -> None:
        self.journals = journals_in(self.folder, self.clock, CapturedLog().logger)

    def report(self) -> StatusReport:
        self.reports += 1
        return StatusReport(4711, "0.1.0", NOW - timedelta(hours=2), self.mode, self.accounts)

    def read_journal(self, of: AccountId) -> Journal:
        self.journal_reads += 1
        return self.journals.read(of)

    def traded_now(self, of: AccountId) -> TradedAccount | None:
        return self.traded(of)

    def context(self) -> WebContext:
        return WebContext(
            report=self.report,
            verdict=lambda: judge(self.accounts, NOW, 600),
            journal=self.read_journal,
            candles=self.candles,
            findings=lambda: self.sections,
            notifications=lambda: self.notifications,
            traded=self.traded_now,
            stored=self.stored,
        )

    def app(self) -> Starlette:
        """The pages behind a gate that lets `viewer` in, with the static files."""
        static = StaticFiles(packages=[("nija.web", "static")])
        gates = [Middleware(_Gate, world=self), Middleware(GZipMiddleware, minimum_size=500)]
        mounts = [Mount("/static/vendor", StaticFiles(directory=BROWSER_FILES)), Mount("/static", static)]
        return Starlette(routes=[*page_routes(self.context(), self.clock), *mounts], middleware=gates)

    def client(self, viewer: Viewer = OWNER) -> Browser:
        self.viewer = viewer
        return Browser(self.app())

    def trade(self, of: AccountId, *, sold_at: Decimal | None = None, market: str = "BTC/USD", day: int = 0) -> str:
        """Journal a position that was bought at 69550.20, `day` days before NOW, and return its id.

        With `sold_at` it was sold an hour later.
        """
        journal = self.journals.open(of)
        try:
            return _journal_trade(journal, market, NOW - timedelta(days=day), sold_at)
        finally:
            journal.close()

    def value(self, of: AccountId, days: int) -> None:
        """Journal an equity of 1000 USD for each of the last `days`."""
        journal, one = self.journals.open(of), Decimal(1)
        try:
            for day in range(days, -1, -1):
                time = NOW - timedelta(days=day)
                row = EquityDay(time.date(), "USD", one, one, one, Decimal(0), Decimal(1000), time)
                journal.equity.save(row, EquityPoint(time, "USD", Decimal(1000), Decimal(0), one))
        finally:
            journal.close()

    def note(self, of: AccountId, kind: str, market: str | None = None, **detail: object) -> None:
        """Add an event to the history."""
        journal = self.journals.open(of)
        try:
            journal.history.add(kind, NOW, market=market, detail=detail)
        finally:
            journal.close()


@dataclass(frozen=True, slots=True)
class Browser:
    """Asks the pages, without a socket."""

    app: Starlette

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._get(path, headers or {}))

    async def _get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get(path, headers=dict(headers))


class _Gate:
    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["viewer"] = self._world.viewer
        await self._app(scope, receive, send)


def _journal_trade(journal: Journal, market: str, bought: datetime, sold_at: Decimal | None) -> str:
    amount, entry_price = Decimal("0.01850000"), Decimal("69550.20")
    position = new_client_id(Purpose.ENTRY)
    plan = PositionPlan(position, market, bought, "trend", stop_price=Decimal("66750.50"))
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(plan)
    _journal_order(journal, position, Purpose.ENTRY, _filled(position, market, Side.BUY, amount, entry_price, bought))
    if sold_at is not None:
        ended = bought + timedelta(hours=1)
        exit_id = new_client_id(Purpose.EXIT)
        _journal_order(journal, position, Purpose.EXIT, _filled(exit_id, market, Side.SELL, amount, sold_at, ended))
        with journal.transaction(CommitPoint.CLOSED):
            journal.plans.save(replace(plan, exit_reason="trend exit on the candle closed", closed=ended))
    return position


def _filled(
    client_id: str, market: str, side: Side, amount: Decimal, price: Decimal, time: datetime
) -> tuple[OrderRequest, Fill]:
    request = OrderRequest(client_id, market, side, OrderType.MARKET, amount, time + timedelta(seconds=30))
    fee = (amount * price * Decimal("0.004")).quantize(Decimal("0.0001"))
    return request, Fill(f"T-{client_id}", f"O-{client_id}", market, side, amount, price, fee, "USD", time)


def _journal_order(journal: Journal, position: str, purpose: Purpose, order: tuple[OrderRequest, Fill]) -> None:
    request, fill = order
    reason = {Purpose.ENTRY: "entry signal", Purpose.EXIT: "trend exit on the candle closed"}[purpose]
    intent = Intent(request, position, purpose, OrderState.INTENDED, fill.time, Decimal(0), "trend", reason)
    steps = (OrderState.SENT, OrderState.OPEN, OrderState.FILLED)
    with journal.transaction(CommitPoint.BOOKED):
        journal.intents.add(intent)
        for state in steps:
            done = state is OrderState.FILLED
            after = replace(
                intent,
                state=state,
                filled=request.amount if done else Decimal(0),
                settled=done,
                exchange_id=fill.order_id,
            )
            journal.intents.save(intent, after, fill.time)
            intent = after
        journal.fills.book(request.client_id, fill, fill.time)
