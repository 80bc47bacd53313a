"""The daemon's answer to `status`: frozen values that travel as JSON.

`AccountStatus` is the one view of an account: health, metrics and notifications read it too, so that they agree.
Nothing of the exchanges is imported here, so that the command has its answer on the screen within moments.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  read at run time by from_plain
from decimal import Decimal
from enum import IntEnum, StrEnum

from nija.control.values import from_plain, to_plain
from nija.risk.no_trade import NoTradeReason  # noqa: TC001  read at run time by from_plain
from nija.trader.view import ProtectionView, WrittenOff  # noqa: TC001  read at run time by from_plain

TRADING = "TRADING"


class StatusExit(IntEnum):
    """Of `nija status`: 0 every account trades, 1 some do not, 2 none does, or no daemon runs."""

    ALL_TRADING = 0
    SOME_NOT = 1
    NONE = 2


@dataclass(frozen=True, slots=True)
class PositionStatus:
    """What NIJA holds of one market. `amount` in base currency; prices and `profit` (fees included) in quote.

    `profit_percent` is of what was paid. `price` is the last one seen; None before the first. `id` is the client id of
    the entry; with an `exit_reason` it is being sold.
    """

    market: str
    amount: Decimal
    entry_price: Decimal
    stop: Decimal | None
    price: Decimal | None
    profit: Decimal | None
    profit_percent: Decimal | None
    id: str = ""
    opened: datetime | None = None
    exit_reason: str = ""


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """`price` is the stop or limit price; `purpose` is entry, exit or stop."""

    market: str
    side: str
    type: str
    amount: Decimal
    price: Decimal | None
    purpose: str


@dataclass(frozen=True, slots=True)
class LimitDistance:
    """How near a brake is: both are fractions, and `value` reaching `limit` stops new entries."""

    name: str
    value: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.limit - self.value)


@dataclass(frozen=True, slots=True)
class HaltStatus:
    """A switch that stays until someone resets it."""

    name: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """How old an account's data of one market is, in seconds; None before there is any.

    `answer_age` is of the exchange's last answer about candles, `candle_age` counts from the end of the last closed
    candle. `price_limit` and `candle_limit` are how old each may be; without a limit candles are never too old.
    `problem` says why nothing newer is known, or what is wrong with it.
    """

    market: str
    timeframe: str
    price_age: float | None
    answer_age: float | None
    candle_age: float | None
    price_limit: float
    candle_limit: float | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RefusedMarket:
    """The exchange refuses this market to this account."""

    market: str
    remedy: str


class AccountFaultKind(StrEnum):
    """What can be wrong with an account, however well its thread runs."""

    NO_WORK = "no_work"
    NO_ANSWER = "no_answer"
    NO_MARKET_DATA = "no_market_data"
    NOT_PROTECTED = "not_protected"
    IN_DOUBT = "in_doubt"
    ANOTHER_PROGRAM = "another_program"


@dataclass(frozen=True, slots=True)
class AccountFault:
    """`market` is empty where the whole account is concerned. `is_logged`: the account's own lines have told it."""

    kind: AccountFaultKind
    market: str
    text: str
    is_logged: bool = False


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One account. Figures are in `currency` and None until first known.

    `equity_change` is today's (UTC). `rate_budget` is the fraction of the exchange's call allowance that is left.
    `since` is when the state was entered. `is_known`: its trader has finished a cycle since it began; before, nothing
    is known of positions, halts and limits. `last_answer_age` is in seconds. `unread` counts what the exchange
    listed and could not be read.
    """

    id: str
    label: str
    exchange: str
    state: str
    reason: str = ""
    currency: str = "USD"
    balance: Decimal | None = None
    equity: Decimal | None = None
    equity_change: Decimal | None = None
    positions: tuple[PositionStatus, ...] = ()
    resting_orders: tuple[RestingOrder, ...] = ()
    last_useful_work: datetime | None = None
    not_trading: tuple[NoTradeReason, ...] = ()
    rate_budget: Decimal | None = None
    limits: tuple[LimitDistance, ...] = ()
    latches: tuple[HaltStatus, ...] = ()  # its name in the JSON that users read
    since: datetime | None = None
    is_known: bool = False
    last_answer_age: float | None = None
    markets: tuple[MarketStatus, ...] = ()
    protection: tuple[ProtectionView, ...] = ()
    written_off: tuple[WrittenOff, ...] = ()
    foreign_orders: int = 0
    unread: int = 0
    refused_markets: tuple[RefusedMarket, ...] = ()
    faults: tuple[AccountFault, ...] = ()

    @property
    def is_master(self) -> bool:
        return self.id.partition(":")[2] == "master"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`pid` and `since` are the daemon's; without one, `pid` is None and the accounts were asked directly."""

    pid: int | None
    version: str
    since: datetime | None
    mode: str
    accounts: tuple[AccountStatus, ...] = ()

    @property
    def exit_code(self) -> StatusExit:
        trading = sum(account.state == TRADING for account in self.accounts)
        if self.pid is None or trading == 0:
            return StatusExit.NONE
        return StatusExit.ALL_TRADING if trading == len(self.accounts) else StatusExit.SOME_NOT

    def to_json(self) -> dict[str, object]:
        plain: dict[str, object] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, object]) -> StatusReport:
        """Raises ValueError where this is no report, as from a daemon of another version."""
        return from_plain(cls, plain)
