"""The journal's records: frozen values, one per row."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from brokers.client_order_id import Purpose
    from brokers.model import OrderRequest
    from nija.journal.order_state import OrderState


@dataclass(frozen=True, slots=True)
class Intent:
    """One of NIJA's orders, from the decision on. `request` is exactly what was, or will be, sent.

    `filled` is the amount that the exchange reports; `settled`: the order is final and all its fills are booked.
    `transient`: the order certainly never reached the exchange, for a reason that may pass; its candle may be retried.
    """

    request: OrderRequest
    position_id: str
    purpose: Purpose
    state: OrderState
    created: datetime
    filled: Decimal
    strategy: str = ""
    reason: str = ""
    signal_time: datetime | None = None
    exchange_id: str | None = None
    settled: bool = False
    transient: bool = False
    outcome: str = ""

    @property
    def client_id(self) -> str:
        return self.request.client_id

    @property
    def market(self) -> str:
        return self.request.market


@dataclass(frozen=True, slots=True)
class OrderTransition:
    """One step in the life of an order; `filled` is the amount (base) that the exchange reported by then."""

    client_id: str
    time: datetime
    state: OrderState
    filled: Decimal
    note: str


@dataclass(frozen=True, slots=True)
class PositionPlan:
    """The plan for one position. The amount held is a fold over the fills and is never stored.

    `id` is the client id of the entry that opened it. A position with an `exit_reason` is to be sold. One with a `keep`
    is to be sold down to that amount (base), for `keep_reason`; `keep_signal` is the candle of the last such decision,
    also once it is carried out.
    """

    id: str
    market: str
    opened: datetime
    strategy: str
    signal_time: datetime | None = None
    stop_price: Decimal | None = None
    exit_reason: str | None = None
    closed: datetime | None = None
    keep: Decimal | None = None
    keep_reason: str | None = None
    keep_signal: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """An amount (base) that left a position without a sale by NIJA: dust, or coins the owner took.

    It is valued at `price` (quote), so it is neither gain nor loss; without a price, at its cost.
    """

    position_id: str
    amount: Decimal
    reason: str
    time: datetime
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class EquityDay:
    """The value of one unit of the account on one UTC day; `peak` is the highest up to that day.

    `earned` and `capital` (in `currency`): what NIJA had earned, and the capital at work, when the row was `updated`.
    Both are None in rows from before revision 0003, whose opening, latest and peak hold what NIJA had earned.
    `prices` are the bids by market (in its quote currency) when the row was `updated`.
    """

    day: date
    currency: str
    opening: Decimal
    latest: Decimal
    peak: Decimal
    earned: Decimal | None
    capital: Decimal | None
    updated: datetime
    prices: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """An account at one moment: its equity and what NIJA had earned (in `currency`), and the value of one unit."""

    time: datetime
    currency: str
    equity: Decimal
    earned: Decimal
    unit: Decimal


@dataclass(frozen=True, slots=True)
class PortfolioDay:
    """As EquityDay, for one unit of all accounts of `currency` together."""

    day: date
    currency: str
    opening: Decimal
    latest: Decimal
    peak: Decimal
    updated: datetime


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One event of an account: `kind` is the event's name, `detail` holds its ids and figures as text."""

    id: int
    time: datetime
    kind: str
    market: str | None
    detail: Mapping[str, object]


class HaltName(StrEnum):
    """Halts survive restarts until they are reset."""

    STOP_TRADING = "stop_trading"
    FLATTEN = "flatten"
    RELEASE = "release"
    RELEASE_KEEPING_STOPS = "release_keeping_stops"
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    PORTFOLIO_DAILY_LOSS = "portfolio_daily_loss"
    PORTFOLIO_DRAWDOWN = "portfolio_drawdown"
    ANOTHER_PROGRAM = "another_program"


@dataclass(frozen=True, slots=True)
class Halt:
    name: HaltName
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """The owner's share of one currency, beside NIJA's positions, as of `time`.

    `missing`: how much less was there than both together, not yet attributed to anyone. `is_known` is False while
    something is missing and the owner's share was never seen before.
    """

    currency: str
    amount: Decimal
    time: datetime
    is_known: bool = True
    missing: Decimal = Decimal(0)
    missing_since: datetime | None = None
