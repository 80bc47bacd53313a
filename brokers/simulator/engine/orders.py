"""Orders as the engine keeps them: the ticket and its progress."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal


class Kind(StrEnum):
    """A BRACKET rests at its limit price and sells at market once the price falls to its stop price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP_LOSS = "stop-loss"
    STOP_LOSS_LIMIT = "stop-loss-limit"
    TAKE_PROFIT = "take-profit"
    TAKE_PROFIT_LIMIT = "take-profit-limit"
    TRAILING_STOP = "trailing-stop"
    TRAILING_STOP_LIMIT = "trailing-stop-limit"
    BRACKET = "bracket"

    @property
    def has_trigger(self) -> bool:
        return self not in (Kind.MARKET, Kind.LIMIT)

    @property
    def trails(self) -> bool:
        return self in (Kind.TRAILING_STOP, Kind.TRAILING_STOP_LIMIT)

    @property
    def ends_as_limit(self) -> bool:
        return self in (Kind.LIMIT, Kind.STOP_LOSS_LIMIT, Kind.TAKE_PROFIT_LIMIT, Kind.TRAILING_STOP_LIMIT)


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"


class Status(StrEnum):
    """PENDING waits for its start. A partly filled order is OPEN; a CANCELLED one may have filled in part."""

    PENDING = "pending"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        return self not in (Status.PENDING, Status.OPEN)


@dataclass(frozen=True, slots=True)
class Trail:
    """The distance of a trailing stop: `offset` in quote, or as a fraction if `relative`."""

    offset: Decimal
    relative: bool = False
    limit_offset: Decimal = ZERO

    def distance(self, price: Decimal) -> Decimal:
        return price * self.offset if self.relative else self.offset


@dataclass(frozen=True, slots=True)
class CloseTerms:
    """The order that each fill of another one creates on the opposite side, for the filled size."""

    kind: Kind
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as requested. `amount` is in base; a market buy may give `quote_amount` instead, and amount 0.

    `starts`, `expires` and `deadline` are Unix seconds of the wall clock. `face` carries what only the face needs to
    render the order (flags, the original body). An `idle` order rests forever: the engine does not match its kind. One
    `on_margin` holds no coins. `agreed` is the consent that some accounts must send with market orders.
    """

    symbol: str
    side: Side
    kind: Kind
    amount: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail: Trail | None = None
    quote_amount: Decimal | None = None
    quote_includes_fee: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    starts: float | None = None
    expires: float | None = None
    deadline: float | None = None
    post_only: bool = False
    fee_in_base: bool = False
    close: CloseTerms | None = None
    client_id: str | None = None
    user_ref: int | None = None
    by_hand: bool = False
    idle: bool = False
    on_margin: bool = False
    agreed: bool = False
    face: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Amendment:
    """Changes to an open order; None means unchanged. `amount` includes what has filled."""

    amount: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False


@dataclass(slots=True, eq=False)
class EngineOrder:
    """The engine's own record; only the engine changes it. `cost` and `fee` are cumulative.

    `held` is the funds held for it: base for a sell, quote for a buy. `visible_from` is the wall time from which the
    order may be listed. `hold_price` is the price at which a buy's funds are held. `added_by_hand` is how much the
    owner enlarged it since its client last set its size, `ended_by_hand` whether the owner cancelled it. `resized` has
    each former size with the time until which it applied. `balances_told` is the time of the balances that were last
    reported to the account's client when this was placed.
    """

    id: str
    owner: str
    ticket: Ticket
    amount: Decimal
    created: float
    limit_price: Decimal | None
    stop_price: Decimal | None
    status: Status = Status.OPEN
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    fee: Decimal = ZERO
    held: Decimal = ZERO
    hold_price: Decimal = ZERO
    triggered: bool = False
    triggered_at: float | None = None
    post_only: bool = False
    amended: float | None = None
    cancel_at: float | None = None
    closed: float | None = None
    reason: str = ""
    visible_from: float = 0.0
    parent: str | None = None
    added_by_hand: Decimal = ZERO
    ended_by_hand: bool = False
    resized: list[tuple[float, Decimal]] = field(default_factory=list)
    balances_told: float | None = None
    fill_ids: list[str] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        return self.ticket.symbol

    @property
    def side(self) -> Side:
        return self.ticket.side

    @property
    def kind(self) -> Kind:
        return self.ticket.kind

    @property
    def client_id(self) -> str | None:
        return self.ticket.client_id

    @property
    def remaining(self) -> Decimal:
        return self.amount - self.filled

    @property
    def average_price(self) -> Decimal | None:
        return self.cost / self.filled if self.filled else None

    @property
    def last_change(self) -> float:
        """When it was created or last amended, wall clock."""
        return self.amended or self.created

    @property
    def waits_for_trigger(self) -> bool:
        return self.kind.has_trigger and not self.triggered


def closing_ticket(parent: EngineOrder, close: CloseTerms, amount: Decimal) -> Ticket:
    """The order that a fill of `amount` creates on the opposite side."""
    return Ticket(
        symbol=parent.symbol,
        side=Side.SELL if parent.side is Side.BUY else Side.BUY,
        kind=close.kind,
        amount=amount,
        limit_price=close.limit_price,
        stop_price=close.stop_price,
        user_ref=parent.ticket.user_ref,
        by_hand=parent.ticket.by_hand,
        face=parent.ticket.face,
    )


@dataclass(frozen=True, slots=True)
class EngineFill:
    """One execution: it changed the account's balances by exactly `amount`, `cost` and `fee`."""

    id: str
    number: int
    order_id: str
    symbol: str
    side: Side
    kind: Kind
    amount: Decimal
    price: Decimal
    cost: Decimal
    fee: Decimal
    fee_currency: str
    time: float
    maker: bool
