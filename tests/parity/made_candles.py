"""Seeded candles with trends, gaps and crashes, as exact prices on a grid."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles, Timeframe
from brokers.simulator.engine.market_data import CandleRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Such that a price and its slippage of 0.0005 or 0.001 lie on both exchanges' steps.
GRID = 20
_START = 1_600_041_600
_VOLATILITY = 0.035


@dataclass(frozen=True, slots=True)
class MadeCandles:
    """The candles of one market, for the simulator and, as floats, for a strategy."""

    symbol: str
    timeframe: Timeframe
    rows: tuple[CandleRow, ...]

    def candles(self) -> Candles:
        def column(value: Callable[[CandleRow], Decimal]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
            return np.array([float(value(row)) for row in self.rows])

        return Candles(
            self.symbol,
            self.timeframe,
            np.array([row.time for row in self.rows], dtype=np.int64),
            column(lambda row: row.open),
            column(lambda row: row.high),
            column(lambda row: row.low),
            column(lambda row: row.close),
            column(lambda row: row.volume),
        )


def made_candles(symbol: str, timeframe: Timeframe, count: int, seed: Sequence[int]) -> MadeCandles:
    """Drifts of a few weeks each way make trends; every fiftieth candle or so opens far from the last close."""
    rng = np.random.default_rng(seed)
    drift = np.repeat(rng.normal(0.004, 0.012, count // 15 + 1), 15)[:count]
    gap = rng.normal(0, 0.004, count) + np.where(rng.random(count) < 0.02, rng.normal(-0.04, 0.06, count), 0.0)
    body = drift + rng.normal(0, _VOLATILITY, count)
    close = 30_000 * np.exp(np.cumsum(body + gap))
    opened = close / np.exp(body)
    wicks = np.exp(np.abs(rng.normal(0, _VOLATILITY / 2, (2, count))))
    high, low = np.maximum(opened, close) * wicks[0], np.minimum(opened, close) / wicks[1]
    columns = (_on_grid(one) for one in (opened, high, low, close))
    rows = tuple(
        CandleRow(_START + index * timeframe.seconds, first, top, bottom, last, last, Decimal(7), 4)
        for index, (first, top, bottom, last) in enumerate(zip(*columns, strict=True))
    )
    return MadeCandles(symbol, timeframe, rows)


def _on_grid(prices: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[Decimal]:
    """Rounded, which keeps the order of open, high, low and close."""
    steps = np.maximum(np.rint(prices / GRID), 1).astype(np.int64).tolist()
    return [Decimal(step * GRID) for step in steps]
