"""What the journal hands out: frozen values, one per row."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from brokers.client_order_id import Purpose
    from brokers.model import OrderRequest
    from nija.journal.order_state import OrderState


@dataclass(frozen=True, slots=True)
class Intent:
    """One order of NIJA's, from the decision on. `request` is exactly what was, or will be, sent.

    `filled` is what the exchange says; `settled` once the order is final and every fill of it is booked.
    `passing` marks an order that certainly never reached the exchange and may be decided anew.
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
    passing: bool = False
    outcome: str = ""

    @property
    def client_id(self) -> str:
        return self.request.client_id

    @property
    def market(self) -> str:
        return self.request.market


@dataclass(frozen=True, slots=True)
class PositionPlan:
    """What NIJA wants of one position. How much it holds is a fold over the fills, never stored.

    `id` is the client id of the entry that opened it. An `exit_reason` means: to be sold.
    """

    id: str
    market: str
    opened: datetime
    strategy: str
    signal_time: datetime | None = None
    stop_price: Decimal | None = None
    exit_reason: str | None = None
    closed: datetime | None = None


@dataclass(frozen=True, slots=True)
class WriteOff:
    """An amount (base) that left a position without a sale of NIJA's: dust, or coins the owner took.

    It left at `price` (quote): neither gain nor loss. Without one, at what it cost.
    """

    position_id: str
    amount: Decimal
    reason: str
    time: datetime
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class EquityDay:
    """The value of one unit of the account on one UTC day; `peak` is the highest of all days until then.

    `earned` and `capital` (in `currency`) are what NIJA had earned, and what was at work, when it was `updated`.
    Both are None in a row of before revision 0003, whose opening, latest and peak are what NIJA had earned.
    """

    day: date
    currency: str
    opening: Decimal
    latest: Decimal
    peak: Decimal
    earned: Decimal | None
    capital: Decimal | None
    updated: datetime


@dataclass(frozen=True, slots=True)
class PortfolioDay:
    """The value of one unit of all accounts of `currency` together, as an EquityDay has that of one."""

    day: date
    currency: str
    opening: Decimal
    latest: Decimal
    peak: Decimal
    updated: datetime


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """What happened to an account: `kind` is the event's name, `detail` its ids and figures as text."""

    id: int
    time: datetime
    kind: str
    market: str | None
    detail: Mapping[str, object]


class HaltName(StrEnum):
    """Switches that stay as they are across restarts until someone resets them."""

    STOP_TRADING = "stop_trading"
    FLATTEN = "flatten"
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
    """What the owner holds of one currency beside NIJA's positions, as it was at `time`.

    `missing`: so much less was there than both together, and nobody knows yet who took it. `is_known` is False while
    something is missing and the owner's share was never seen before.
    """

    currency: str
    amount: Decimal
    time: datetime
    is_known: bool = True
    missing: Decimal = Decimal(0)
    missing_since: datetime | None = None
