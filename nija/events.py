"""Events: one frozen record per fact about orders, positions, accounts, limits and market data, and their publisher.

A fact is published once, where it becomes true, after the journal has it. Log, metrics, notifications and history
listen; none of them detects it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from accounts.failures import FailureKind
    from accounts.identity import AccountId
    from brokers.client_order_id import Purpose
    from brokers.model import Exchange, Side
    from nija.risk.no_trade import NoTradeReason


# Orders. Amounts are in base currency, prices in quote currency; `order` is the exchange's id.


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """An order has ended and filled, in whole or in part, at `price` on average."""

    account: AccountId
    market: str
    side: Side
    amount: Decimal
    price: Decimal
    order: str | None
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class OrderRefused:
    """The exchange rejected the order."""

    account: AccountId
    market: str
    side: Side
    amount: Decimal
    purpose: Purpose
    reason: str


@dataclass(frozen=True, slots=True)
class StopPlaced:
    account: AccountId
    market: str
    amount: Decimal
    stop: Decimal
    order: str | None


@dataclass(frozen=True, slots=True)
class StopMoved:
    account: AccountId
    market: str
    amount: Decimal
    stop: Decimal
    order: str | None


@dataclass(frozen=True, slots=True)
class StopSetByHand:
    """The owner moved NIJA's stop at the exchange; the plan follows it."""

    account: AccountId
    market: str
    stop: Decimal


@dataclass(frozen=True, slots=True)
class DifferenceFound:
    """Exchange and journal differed; `repair` says what was done. `subject` is the exchange id of an order or fill.

    `is_logged`: it is one of many that a JournalRebuilt sums up.
    """

    account: AccountId
    market: str
    kind: str
    subject: str
    repair: str
    is_logged: bool = False


@dataclass(frozen=True, slots=True)
class JournalRebuilt:
    """An empty journal was filled from the exchange. `orders`: how many of NIJA's it adopted; `positions`: those open.

    `unclear`: how many of NIJA's orders belong to no known position.
    """

    account: AccountId
    orders: int
    positions: tuple[str, ...]
    unclear: int


# Positions. Amounts are in base currency, prices and results in quote currency; `position` is the entry's client id.


@dataclass(frozen=True, slots=True)
class PositionOpened:
    """The entry has ended and all its fills are booked; `stop` is None if none is planned yet."""

    account: AccountId
    market: str
    amount: Decimal
    price: Decimal
    stop: Decimal | None
    position: str


@dataclass(frozen=True, slots=True)
class PositionIncreased:
    """`amount` more was bought, at `price` on average, and all its fills are booked; `held` is the amount now."""

    account: AccountId
    market: str
    amount: Decimal
    price: Decimal
    held: Decimal
    stop: Decimal | None
    position: str


@dataclass(frozen=True, slots=True)
class PositionReduced:
    """A part was sold as decided: `amount`, at `price` on average, earned `net` after all fees. `held` is left."""

    account: AccountId
    market: str
    amount: Decimal
    price: Decimal
    net: Decimal
    held: Decimal
    stop: Decimal | None
    reason: str
    position: str


@dataclass(frozen=True, slots=True)
class PositionClosed:
    """Selling `sold` in all earned `net` after all fees; `left` stays in the account, too little to be sold.

    `reason` is empty if NIJA's own stop sold it.
    """

    account: AccountId
    market: str
    sold: Decimal
    net: Decimal
    left: Decimal
    reason: str
    position: str


RELEASED = "released to its owner"
"""The reason of a write-off by `nija release`."""


@dataclass(frozen=True, slots=True)
class PositionWrittenOff:
    """`amount` left NIJA's hands without a sale by NIJA and was written off; `reason` says who has it."""

    account: AccountId
    market: str
    amount: Decimal
    reason: str
    position: str


@dataclass(frozen=True, slots=True)
class PositionBare:
    """`reason` says what is wrong with the protection. `is_logged`: the account's own log lines have said so."""

    account: AccountId
    market: str
    reason: str
    is_logged: bool = False


@dataclass(frozen=True, slots=True)
class PositionProtected:
    """The end of a PositionBare and its last `reason`, with the position still open."""

    account: AccountId
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class PositionInDoubt:
    """It is no longer certain that the coins are NIJA's."""

    account: AccountId
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class PositionCertain:
    """The end of a PositionInDoubt and its last `reason`, with the position still open."""

    account: AccountId
    market: str
    reason: str


# Accounts.


@dataclass(frozen=True, slots=True)
class AccountConnecting:
    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountConnected:
    """The exchange has accepted the account's key."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AccountRegistered:
    """No other account trades with a key of the same exchange account."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class BalanceRead:
    """The account's balance in the `currency` it counts in, before it trades.

    `invested` is the cost of its open positions; both together must reach `minimum`.
    """

    account: AccountId
    total: Decimal
    invested: Decimal
    minimum: Decimal
    currency: str

    @property
    def is_funded(self) -> bool:
        return self.total + self.invested >= self.minimum


@dataclass(frozen=True, slots=True)
class TradingStarted:
    account: AccountId


@dataclass(frozen=True, slots=True)
class ConnectionFailed:
    """An attempt to connect, or a session, has failed. Published again only when `reason` changes."""

    account: AccountId
    kind: FailureKind
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class AccountFailed:
    """The account does not trade: by its state, or because it has done no useful work for minutes.

    `is_logged`: the account's own log lines have said so.
    """

    account: AccountId
    reason: str
    is_logged: bool = True


@dataclass(frozen=True, slots=True)
class AccountRecovered:
    """The end of AccountFailed. `reason` is the last one that the account's own log lines had not said, or empty."""

    account: AccountId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A halt keeps the account from opening positions: a loss limit or a command. `limit` is its name."""

    account: AccountId
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class Flattened:
    """All of NIJA's positions are sold, as commanded; trading stays stopped."""

    account: AccountId


@dataclass(frozen=True, slots=True)
class AnotherProgram:
    """Another NIJA, or another program, trades the account; `evidence` says how that is known."""

    account: AccountId
    reason: str
    evidence: str


@dataclass(frozen=True, slots=True)
class AnotherProgramGone:
    """The end of an AnotherProgram, confirmed by the operator."""

    account: AccountId
    reason: str


# Market data and the daemon.


@dataclass(frozen=True, slots=True)
class FeedSilent:
    """Published once for each silence. An empty `market` means all followed markets of the exchange."""

    exchange: Exchange
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedBack:
    """The end of a FeedSilent and its `reason`, `seconds` after it was published."""

    exchange: Exchange
    market: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class DaemonStarted:
    mode: str
    accounts: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class DaemonStopped:
    pass


@dataclass(frozen=True, slots=True)
class AccountDay:
    """One account in the summary. `change` is today's (UTC); it and `equity` are in `currency`.

    `reason` explains the state.
    """

    account: AccountId
    state: str
    currency: str
    equity: Decimal | None
    change: Decimal | None
    positions: int
    reason: str = ""
    not_trading: tuple[NoTradeReason, ...] = ()


@dataclass(frozen=True, slots=True)
class DailySummary:
    day: date
    accounts: tuple[AccountDay, ...]


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """What one account earned in a month (UTC), in `currency`: its closed trades, after all fees.

    `return_rate` (time-weighted), `drawdown` and `buy_and_hold` (the same coins, only held) are fractions. What is
    not known is None; with `unknown`, the reason, nothing is known.
    """

    account: AccountId
    currency: str
    trades: int = 0
    won: int = 0
    net: Decimal | None = None
    fees: Decimal | None = None
    return_rate: Decimal | None = None
    drawdown: Decimal | None = None
    buy_and_hold: Decimal | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """`month` is its first day. An account has a row for each currency in which it traded."""

    month: date
    accounts: tuple[AccountMonth, ...]


OrderEvent = OrderFilled | OrderRefused | StopPlaced | StopMoved | StopSetByHand | DifferenceFound
PositionEvent = (
    PositionOpened
    | PositionIncreased
    | PositionReduced
    | PositionClosed
    | PositionWrittenOff
    | PositionBare
    | PositionProtected
    | PositionInDoubt
    | PositionCertain
)
AccountEvent = (
    AccountConnecting
    | AccountConnected
    | AccountRegistered
    | BalanceRead
    | TradingStarted
    | ConnectionFailed
    | AccountFailed
    | AccountRecovered
    | LimitReached
    | Flattened
    | AnotherProgram
    | AnotherProgramGone
    | JournalRebuilt
)
FeedEvent = FeedSilent | FeedBack
DaemonEvent = DaemonStarted | DaemonStopped | DailySummary | MonthlyReport
Event = OrderEvent | PositionEvent | AccountEvent | FeedEvent | DaemonEvent


class Events:
    """The one publisher of a process. `publish` may be called by any thread; all listeners are added before.

    Listeners are called in the publisher's thread, in the order in which they were added, and must not wait.
    """

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._listeners: tuple[Callable[[Event], None], ...] = ()

    def listen(self, listener: Callable[[Event], None]) -> None:
        self._listeners = (*self._listeners, listener)

    def publish(self, event: Event) -> None:
        """Never raises: a failing listener is logged, and affects neither trading nor the other listeners."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:  # noqa: BLE001  logged with its traceback
                self._log.exception(
                    f"❌ {type(event).__name__} could not be delivered to a listener; trading is not affected"
                )
