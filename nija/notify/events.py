"""What is worth telling someone who is not looking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from accounts.identity import AccountId
    from brokers.model import Exchange


@dataclass(frozen=True, slots=True)
class AccountFailed:
    account: AccountId
    reason: str


@dataclass(frozen=True, slots=True)
class AccountRecovered:
    account: AccountId


@dataclass(frozen=True, slots=True)
class PositionOpened:
    """`amount` in base currency; prices in quote currency; `stop` is None where none is planned yet."""

    account: AccountId
    market: str
    amount: Decimal
    price: Decimal
    stop: Decimal | None


@dataclass(frozen=True, slots=True)
class PositionClosed:
    """`profit` is in quote currency at the last price seen, so about what was made; None where no price was."""

    account: AccountId
    market: str
    amount: Decimal
    profit: Decimal | None
    reason: str


@dataclass(frozen=True, slots=True)
class LimitReached:
    """A switch that keeps the account from opening anything: a loss limit, or someone's own stop."""

    account: AccountId
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class PositionWrittenOff:
    """`amount` (base) left the account without a sale of NIJA's, by its owner's hand, and was booked out."""

    account: AccountId
    market: str
    amount: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class PositionBare:
    """`reason` says of what the position's protection lacks."""

    account: AccountId
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class PositionProtected:
    """The end of a PositionBare, with the position still open."""

    account: AccountId
    market: str


@dataclass(frozen=True, slots=True)
class PositionInDoubt:
    """It is not certain any more that the coins are NIJA's."""

    account: AccountId
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class PositionCertain:
    """The end of a PositionInDoubt, with the position still open."""

    account: AccountId
    market: str


@dataclass(frozen=True, slots=True)
class AnotherProgram:
    """Another NIJA, or another program, trades the account."""

    account: AccountId
    reason: str


@dataclass(frozen=True, slots=True)
class FeedSilent:
    """Told once of each silence. An empty `market` means every market of the exchange that is followed."""

    exchange: Exchange
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeedBack:
    """The end of a FeedSilent, `seconds` after it was told."""

    exchange: Exchange
    market: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DaemonStarted:
    mode: str
    accounts: tuple[AccountId, ...]


@dataclass(frozen=True, slots=True)
class DaemonStopped:
    pass


@dataclass(frozen=True, slots=True)
class AccountDay:
    """One account in the summary. `change` is today's (UTC), in `currency` as the equity is."""

    account: AccountId
    state: str
    currency: str
    equity: Decimal | None
    change: Decimal | None
    positions: int
    not_trading: str


@dataclass(frozen=True, slots=True)
class DailySummary:
    day: date
    accounts: tuple[AccountDay, ...]


Event = (
    AccountFailed
    | AccountRecovered
    | PositionOpened
    | PositionClosed
    | PositionWrittenOff
    | PositionBare
    | PositionProtected
    | PositionInDoubt
    | PositionCertain
    | LimitReached
    | AnotherProgram
    | FeedSilent
    | FeedBack
    | DaemonStarted
    | DaemonStopped
    | DailySummary
)
