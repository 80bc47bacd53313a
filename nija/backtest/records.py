"""What a backtest is given, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from decimal import Decimal

    import numpy as np
    from numpy.typing import NDArray

    from brokers.model import Candles, Fees, Market, Timeframe
    from nija.trader.plan import TradingPlan


@dataclass(frozen=True, slots=True, eq=False)
class MarketHistory:
    """One market of an exchange, with its minimums and steps, and its candles in the timeframe that is traded."""

    market: Market
    candles: Candles


@dataclass(frozen=True, slots=True)
class BacktestAccount:
    """An account as a backtest starts it: flat, with `cash` in the plan's quote currency."""

    name: str
    plan: TradingPlan
    fees: Fees
    cash: Decimal


class FillReason(StrEnum):
    """END: the series ended while a position was open, and it is valued as if sold."""

    ENTRY = "entry"
    INCREASE = "increase"
    REDUCE = "reduce"
    EXIT = "exit"
    STOP = "stop"
    TARGET = "target"
    END = "end"


@dataclass(frozen=True, slots=True)
class BacktestFill:
    """`time` is the opening of the candle in which it filled (Unix seconds); `amount` in base, the rest in quote."""

    time: int
    side: Side
    amount: Decimal
    price: Decimal
    fee: Decimal
    reason: FillReason

    @property
    def value(self) -> Decimal:
        """Amount × price, without the fee; in quote."""
        return self.amount * self.price


@dataclass(frozen=True, slots=True)
class StopMove:
    """The stop from the end of the candle that opened at `time` (Unix seconds) on."""

    time: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class BacktestTrade:
    """One position from its first to its last fill; `stops` is the path of its stop, oldest first. Money in quote."""

    account: str
    market: str
    fills: tuple[BacktestFill, ...]
    stops: tuple[StopMove, ...]

    @property
    def opened(self) -> int:
        return self.fills[0].time

    @property
    def closed(self) -> int:
        return self.fills[-1].time

    @property
    def is_unfinished(self) -> bool:
        """Whether it was still open when the candles ended."""
        return self.fills[-1].reason is FillReason.END

    @property
    def bought(self) -> Decimal:
        """In base currency."""
        return sum((fill.amount for fill in self.fills if fill.side is Side.BUY), ZERO)

    @property
    def cost(self) -> Decimal:
        """What was paid for all that was bought, without fees."""
        return sum((fill.value for fill in self.fills if fill.side is Side.BUY), ZERO)

    @property
    def proceeds(self) -> Decimal:
        """What the sales brought in, before fees."""
        return sum((fill.value for fill in self.fills if fill.side is Side.SELL), ZERO)

    @property
    def fees(self) -> Decimal:
        return sum((fill.fee for fill in self.fills), ZERO)

    @property
    def net(self) -> Decimal:
        """The result after all fees."""
        result = ZERO
        for fill in self.fills:
            value = fill.amount * fill.price
            result += (value if fill.side is Side.SELL else -value) - fill.fee
        return result

    @property
    def net_return(self) -> Decimal:
        """`net` as a fraction of `cost`: point 6 of the fill rules in the strategy evidence."""
        return self.net / self.cost


@dataclass(frozen=True, slots=True, eq=False)
class EquityCurve:
    """An account at the close of every candle of any of its markets, oldest first; arrays of the same length.

    `time` is the opening of the candle (Unix seconds); `invested` is the value of all positions, part of `equity`. For
    statistics and charts, so they are floats.
    """

    time: NDArray[np.int64]
    equity: NDArray[np.float64]
    invested: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NotOpened:
    """How often a rule forbade an entry or a resize that the strategy wanted; `example` is its last reason."""

    market: str
    rule: str
    count: int
    example: str


@dataclass(frozen=True, slots=True, eq=False)
class BacktestResult:
    """What one account would have done from `start` to `end` (openings of candles, Unix seconds).

    `histories` are the candles it ran on, those before `start` included; `slippage` is by market, a fraction of the
    price.
    """

    account: BacktestAccount
    timeframe: Timeframe
    start: int
    end: int
    histories: tuple[MarketHistory, ...]
    slippage: dict[str, Decimal]
    trades: tuple[BacktestTrade, ...]
    curve: EquityCurve
    not_opened: tuple[NotOpened, ...]

    @property
    def total_return(self) -> Decimal:
        """A fraction of the cash at the start."""
        return sum((trade.net for trade in self.trades), ZERO) / self.account.cash
