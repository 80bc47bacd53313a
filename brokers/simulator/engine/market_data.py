"""The interface between the engine and a source of prices: a generator, a replay of candles, or a test script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Tick:
    """One trade of the market. `time` is market time in Unix seconds, `volume` is in base currency."""

    time: float
    price: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class CandleRow:
    """One candle. `time` is its opening in Unix seconds of market time; `count` is its number of trades."""

    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    vwap: Decimal
    volume: Decimal
    count: int


class PriceSource(Protocol):
    """A source of prices. Market time never goes backwards between two calls."""

    def symbols(self) -> tuple[str, ...]:
        """The markets on offer, such as `BTC/USD`."""
        ...

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:
        """The ticks after the last advance of this symbol up to market time `until`, oldest first."""
        ...

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:
        """Candles of `seconds` each, oldest first; the last one is still open at market time `until`."""
        ...


class MarketClock(Protocol):
    def market_time(self, wall: float) -> float:
        """Market time at a moment of the wall clock; it runs N times faster but never overtakes it."""
        ...
