"""Prices for the simulator's engine: the market clock, and a source of ticks and candles per exchange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brokers.simulator.engine.market_data import CandleRow, Tick
    from brokers.simulator.prices.series import Series


@dataclass(frozen=True, slots=True)
class AcceleratedMarketClock:
    """Runs `speed` times faster than the wall clock, from `market_start` at the moment `wall_start`.

    Market time never overtakes the wall clock, so that no candle is dated in the future: once it has caught up, it
    continues at the pace of the wall clock. All times are Unix seconds.
    """

    wall_start: float
    market_start: float
    speed: float

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError(f"the speed must be above 0, not {self.speed}")
        if self.market_start > self.wall_start:
            raise ValueError("market time cannot start in the future: choose an earlier start")

    def market_time(self, wall: float) -> float:
        return min(self.market_start + (wall - self.wall_start) * self.speed, wall)

    @property
    def is_wall_time(self) -> bool:
        """Whether market time equals the wall clock, so that the wall clock tells an open candle from a closed one."""
        return self.speed == 1 and self.market_start == self.wall_start


class Supply(Protocol):
    """Extends the series up to a given market time."""

    def reach(self, until: float) -> None: ...


class SeriesSource:
    """A PriceSource over one series per market."""

    def __init__(self, series: Mapping[str, Series], supply: Supply) -> None:
        self._series = series
        self._supply = supply

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._series)

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:
        self._supply.reach(until)
        return self._series[symbol].advance(until)

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:
        self._supply.reach(until)
        return self._series[symbol].candles(seconds, until)


@dataclass(frozen=True, slots=True)
class MarketPrices:
    """`sources` is keyed by exchange name; an exchange without any data is absent."""

    clock: AcceleratedMarketClock
    sources: Mapping[str, SeriesSource]
