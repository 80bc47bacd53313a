"""The daemon's answer to `status`: frozen values that travel as JSON.

`AccountStatus` is the one view of an account: health, metrics and notifications read it too, so that they agree.
This module imports nothing of the exchanges, so that the command answers at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  read at run time by from_plain
from decimal import Decimal
from enum import IntEnum, StrEnum

from nija.control.values import from_plain, to_plain
from nija.risk.no_trade import NoTradeReason  # noqa: TC001  read at run time by from_plain
from nija.trader.view import UNKNOWN_STEPS, ProtectionView, Steps, WrittenOff

TRADING = "TRADING"
UNDERFUNDED = "UNDERFUNDED"


class StatusExit(IntEnum):
    """Exit codes of `nija status`: 0 all accounts trade, 1 some do not, 2 none does or no daemon runs."""

    ALL_TRADING = 0
    SOME_NOT = 1
    NONE = 2


@dataclass(frozen=True, slots=True)
class PositionStatus:
    """What NIJA holds in one market. `amount` is in base currency; prices and `profit` (after fees) in quote.

    `profit_percent` is relative to all that was paid. `price` is the last one known; None before the first. `id` is the
    entry's client order id; a position with an `exit_reason` is being sold. `steps` give the market's decimals.
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
    steps: Steps = UNKNOWN_STEPS


@dataclass(frozen=True, slots=True)
class RestingOrder:
    """`price` is the stop or limit price; `purpose` is entry, exit or stop."""

    market: str
    side: str
    type: str
    amount: Decimal
    price: Decimal | None
    purpose: str
    steps: Steps = UNKNOWN_STEPS


@dataclass(frozen=True, slots=True)
class LimitDistance:
    """How near a loss limit is. Both are fractions; new entries stop when `value` reaches `limit`."""

    name: str
    value: Decimal
    limit: Decimal

    @property
    def left(self) -> Decimal:
        return max(Decimal(0), self.limit - self.value)


@dataclass(frozen=True, slots=True)
class HaltStatus:
    """A trading halt, which lasts until someone resumes trading."""

    name: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """How old an account's data of one market is, in seconds; None before there is any.

    `answer_age` counts from the exchange's last answer about candles, `candle_age` from the end of the last closed
    candle. `price_limit` and `candle_limit` are the maximum ages; without a limit candles are never too old. `problem`
    is why there is no newer data, or what is wrong with it.
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
    """What can be wrong with an account whose thread runs."""

    NO_WORK = "no_work"
    NO_ANSWER = "no_answer"
    NO_MARKET_DATA = "no_market_data"
    NOT_PROTECTED = "not_protected"
    IN_DOUBT = "in_doubt"
    ANOTHER_PROGRAM = "another_program"


@dataclass(frozen=True, slots=True)
class AccountFault:
    """`market` is empty if it concerns the whole account. `is_logged`: the account's thread has already logged it."""

    kind: AccountFaultKind
    market: str
    text: str
    is_logged: bool = False


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """One account. Figures are in `currency` and None until first known.

    `equity_change` is today's (UTC). `rate_budget` is the remaining fraction of the exchange's rate limit. `since` is
    when the state was entered. `is_known`: its trader has finished a cycle; before that, positions and limits are
    unknown. `last_answer_age` is in seconds. `unread` counts rows of the exchange that could not be read.
    `is_underfunded`: its equity is below min_balance, so it opens nothing. `last_seen`: without a daemon, positions,
    stops, halts and equity are those of the journal, as of then.
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
    latches: tuple[HaltStatus, ...] = ()  # users know this name from the JSON
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
    is_underfunded: bool = False
    last_seen: datetime | None = None

    @property
    def shown_state(self) -> str:
        """The state for people: an account without enough money opens nothing, so it does not read TRADING."""
        return UNDERFUNDED if self.state == TRADING and self.is_underfunded else self.state

    @property
    def is_master(self) -> bool:
        return self.id.partition(":")[2] == "master"


@dataclass(frozen=True, slots=True)
class StatusReport:
    """`pid` and `since` are the daemon's. Without a daemon `pid` is None: the exchanges were queried directly.

    `notices`: what was written to `.env` or nija.toml and is not in force, and why. `market_speed`: how many seconds of
    market time pass in one; 1 but for the demo.
    """

    pid: int | None
    version: str
    since: datetime | None
    mode: str
    accounts: tuple[AccountStatus, ...] = ()
    notices: tuple[str, ...] = ()
    market_speed: float = 1.0

    @property
    def exit_code(self) -> StatusExit:
        trading = sum(account.shown_state == TRADING for account in self.accounts)
        if self.pid is None or trading == 0:
            return StatusExit.NONE
        return StatusExit.ALL_TRADING if trading == len(self.accounts) else StatusExit.SOME_NOT

    def to_json(self) -> dict[str, object]:
        plain: dict[str, object] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, object]) -> StatusReport:
        """Raises ValueError if `plain` is not a report, for example from a daemon of another version."""
        return from_plain(cls, plain)
