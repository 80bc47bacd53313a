"""What an account holds or wants in one market."""

from __future__ import annotations

import sys
from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from nija.backtest.endings import Moment

if TYPE_CHECKING:
    from decimal import Decimal

    from nija.backtest.endings import PlannedSale
    from nija.backtest.purchases import Purchase
    from nija.backtest.records import BacktestFill, StopMove
    from nija.backtest.traded_market import TradedMarket

NEVER = (sys.maxsize, Moment.CLOSE)


@dataclass(frozen=True, slots=True)
class Held:
    """A position: what is left of it, its fills so far, its sales still to come, and the path of its stop to the end.

    `low` and `high` are the least and the highest price until the end. `decided` is the index of the last candle whose
    signal was acted on, `due` of the next one at whose close it may be resized; None without weights.
    """

    amount: Decimal
    fills: tuple[BacktestFill, ...]
    sales: tuple[PlannedSale, ...]
    stops: tuple[StopMove, ...]
    low: float
    high: float
    decided: int
    due: int | None = None

    def stop_at(self, time: int) -> Decimal | None:
        """The stop from the end of the candle that opened at `time` on."""
        count = bisect_right(self.stops, time, key=attrgetter("time"))
        return self.stops[count - 1].price if count else None

    def stops_before(self, time: int) -> tuple[StopMove, ...]:
        return tuple(move for move in self.stops if move.time < time)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry that will be considered: the index of its signal's candle, and where it would fill."""

    signal: int
    purchase: Purchase


@dataclass(slots=True)
class Leg:
    """Something is held, or an entry is wanted, or nothing happens any more. `next` is when something happens."""

    market: TradedMarket
    held: Held | None = None
    wanted: Wanted | None = None
    next: tuple[int, Moment] = NEVER

    @property
    def resizes(self) -> bool:
        return self.held is not None and self.market.signals.weight is not None
