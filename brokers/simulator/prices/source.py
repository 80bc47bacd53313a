"""The prices of one exchange, as requested by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brokers.simulator.engine.market_data import CandleRow, Tick
    from brokers.simulator.prices.series import Series


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
