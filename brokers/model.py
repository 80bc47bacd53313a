"""The value objects shared by all layers. AccountFunds, prices and amounts are Decimal; times are aware UTC."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    import numpy as np
    from numpy.typing import NDArray

ZERO = Decimal(0)


class Exchange(str):
    """The name of an exchange, as in account ids. `brokers.exchanges` lists the exchanges that NIJA trades at."""

    __slots__ = ()

    KRAKEN: ClassVar[Exchange]
    COINBASE: ClassVar[Exchange]


Exchange.KRAKEN = Exchange("kraken")
Exchange.COINBASE = Exchange("coinbase")


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """A STOP sells at market once the price falls to its stop price, or as close to that as the exchange supports.

    OTHER is any kind that NIJA never sends, such as the owner's own orders.
    """

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    OTHER = "other"


class OrderStatus(StrEnum):
    """The state of an order. A partly filled order is OPEN; one that ended may still have filled in part."""

    PENDING = "pending"
    OPEN = "open"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def is_final(self) -> bool:
        return self not in (OrderStatus.PENDING, OrderStatus.OPEN)


class Timeframe(StrEnum):
    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        return _SECONDS[self]


_UNITS = MappingProxyType({"m": 60, "h": 3_600, "d": 86_400})
_SECONDS = MappingProxyType({frame: int(frame[:-1]) * _UNITS[frame[-1]] for frame in Timeframe})


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The key and secret of one account. Neither appears in a repr; show `fingerprint` instead."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The first 8 hex digits of the key's SHA-256."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Market:
    """A spot market. `price_step` is the tick size; an order must reach both `min_amount` and `min_cost`."""

    symbol: str
    base: str
    quote: str
    amount_step: Decimal
    price_step: Decimal
    min_amount: Decimal
    min_cost: Decimal
    tradable: bool = True
    takes_market_orders: bool = True

    def floor_amount(self, amount: Decimal) -> Decimal:
        """`amount` (base) rounded down to `amount_step`."""
        return floor_to_step(amount, self.amount_step)

    def floor_price(self, price: Decimal) -> Decimal:
        return floor_to_step(price, self.price_step)

    def ceil_price(self, price: Decimal) -> Decimal:
        return (price / self.price_step).to_integral_value(rounding=ROUND_UP) * self.price_step

    def allows(self, amount: Decimal, price: Decimal) -> bool:
        """Whether an order of `amount` (base) at `price` reaches both minimums."""
        return amount >= self.min_amount and amount * price >= self.min_cost


def floor_to_step(value: Decimal, step: Decimal) -> Decimal:
    return (value / step).to_integral_value(rounding=ROUND_DOWN) * step


@dataclass(frozen=True, slots=True)
class Fees:
    """The account's fee rates as fractions: Decimal("0.004") is 0.40 %."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds of one currency; `held` is reserved by open orders and part of `total`."""

    currency: str
    total: Decimal
    held: Decimal = ZERO

    @property
    def available(self) -> Decimal:
        return self.total - self.held


@dataclass(frozen=True, slots=True)
class Ticker:
    """Best prices of one market; `time` is when they were received."""

    market: str
    bid: Decimal
    ask: Decimal
    last: Decimal
    time: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Closed candles of one market, oldest first; `time` is each candle's opening in Unix seconds.

    All arrays have the same length and are made read-only. Missing candles are not filled in, so steps may be uneven.
    """

    market: str
    timeframe: Timeframe
    time: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __post_init__(self) -> None:
        arrays = (self.time, self.open, self.high, self.low, self.close, self.volume)
        if len({len(array) for array in arrays}) != 1:
            raise ValueError(f"{self.market}: candle arrays differ in length")
        if not bool((self.time[1:] > self.time[:-1]).all()):
            raise ValueError(f"{self.market}: candle times must rise")
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class CandlePage:
    """A page of past candles: all that exist up to the one opening at `reached` (Unix seconds), which is not in it.

    `is_last`: that one is not closed yet.
    """

    candles: Candles
    reached: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order as NIJA wants it placed. The same request always produces the same body on the wire.

    `amount` is in base currency. The exchange must not accept the order after `deadline`. A LIMIT carries
    `limit_price`, a STOP carries `stop_price`.
    """

    client_id: str
    market: str
    side: Side
    type: OrderType
    amount: Decimal
    deadline: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    post_only: bool = False

    def __post_init__(self) -> None:
        if self.amount <= ZERO:
            raise ValueError(f"an order needs a positive amount, not {self.amount}")
        if (self.type is OrderType.LIMIT) != (self.limit_price is not None):
            raise ValueError("a limit price belongs to a LIMIT order, and only there")
        if (self.type is OrderType.STOP) != (self.stop_price is not None):
            raise ValueError("a stop price belongs to a STOP order, and only there")
        if self.post_only and self.type is not OrderType.LIMIT:
            raise ValueError("only a LIMIT order can be post-only")
        if self.deadline.tzinfo is None:
            raise ValueError("a deadline needs a time zone")


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the exchange reports it. `client_id` is None if the order has none.

    `average_price` is None until something filled; `fee` is cumulative, in the quote currency. A `margin` order trades
    borrowed coins: its fills never change a balance and are not among the account's fills.
    """

    exchange_id: str
    client_id: str | None
    market: str
    side: Side
    type: OrderType
    status: OrderStatus
    amount: Decimal
    filled: Decimal
    average_price: Decimal | None
    fee: Decimal
    created: datetime
    closed: datetime | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reason: str = ""
    margin: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. `id` is the exchange's and unique; `amount` is in base currency."""

    id: str
    order_id: str
    market: str
    side: Side
    amount: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    time: datetime
    maker: bool = False


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What the exchange reports about a key. Two keys of one exchange account have the same `account_uid`.

    `names_account` is False if the exchange did not say whose key it is; `account_uid` then identifies the key alone.
    `history_from` and `history_until` bound the history this key may read; None is unbounded. `stored_nonce` is the
    highest nonce the exchange has accepted for this key, if it reports that.
    """

    account_uid: str
    permissions: frozenset[str]
    missing: frozenset[str]
    can_withdraw: bool
    clock_skew: timedelta
    expires: datetime | None = None
    ip_allowlist: tuple[str, ...] = ()
    names_account: bool = True
    history_from: datetime | None = None
    history_until: datetime | None = None
    stored_nonce: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sign that another program uses a key; `is_certain` is False if something else may explain it."""

    text: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The exchange knows the order."""

    order: Order


@dataclass(frozen=True, slots=True)
class Absent:
    """The exchange does not have the order and can no longer accept it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undetermined:
    """The exchange was asked but the answer is not final: ask again. Never the same as Absent."""

    reason: str


Resolution = Found | Absent | Undetermined
