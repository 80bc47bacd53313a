"""Accounts as the watcher sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from accounts.manager import AccountSnapshot, AccountState
from accounts.settings import Settings
from nija.journal.positions import Position
from nija.journal.records import Halt
from nija.risk.returns import EquityState, UnitValue
from nija.supervisor.report import ReportMoment, account_view
from nija.trader.plan import trading_plan
from nija.trader.view import TraderView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nija.journal.records import HaltName
    from nija.market_data.snapshot import FeedSnapshot
    from nija.status.report import AccountStatus

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(seconds=30)
LONG_AGO = START - timedelta(days=3)
MASTER = AccountId.parse("kraken:master")
TANIA = AccountId.parse("kraken:tania_gilbert")


def snapshot(
    state: AccountState = AccountState.TRADING,
    reason: str = "",
    *,
    now: datetime = LATER,
    silent: float = 1.0,
    account: AccountId = MASTER,
) -> AccountSnapshot:
    return AccountSnapshot(
        account,
        state,
        LONG_AGO,
        reason,
        equity=Decimal("1034.56"),
        positions=1,
        last_work=now - timedelta(seconds=silent),
    )


def position(
    number: int = 1, market: str = "BTC/USD", *, opened: datetime = LONG_AGO, exit_reason: str = ""
) -> Position:
    return Position(
        id=f"entry-{number}",
        market=market,
        amount=Decimal("0.01"),
        entry_price=Decimal(95000),
        cost=Decimal(950),
        realised=Decimal(0),
        sold=Decimal(0),
        fees=MappingProxyType({}),
        opened=opened,
        strategy="trend",
        stop_price=Decimal(88000),
        exit_reason=exit_reason or None,
    )


def view(
    positions: Iterable[Position] = (),
    halts: Mapping[HaltName, datetime] | None = None,
    prices: Mapping[str, str] | None = None,
) -> TraderView:
    state = EquityState(Decimal("1034.56"), START.date(), UnitValue(latest=Decimal("1.03456"), peak=Decimal("1.03456")))
    return TraderView(
        plan=trading_plan(Settings().for_account(MASTER)),
        quote="USD",
        time=START,
        equity=state,
        positions=MappingProxyType({one.market: one for one in positions}),
        prices=MappingProxyType({market: Decimal(price) for market, price in (prices or {}).items()}),
        halts=MappingProxyType({name: Halt(name, f"{name} reached", at) for name, at in (halts or {}).items()}),
    )


def status_of(
    seen: AccountSnapshot | None = None,
    shown: TraderView | None = None,
    feed: FeedSnapshot | None = None,
    *,
    now: datetime = LATER,
    steady: float = 0.0,
) -> AccountStatus:
    return account_view(seen or snapshot(), shown, feed, ReportMoment(now, steady))
