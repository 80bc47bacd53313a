"""Candles that need no file: hand-written closes, and random walks with gaps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from brokers.model import Candles, Timeframe

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAY = 86_400


def candles_of(rows: Sequence[tuple[float, float, float, float]]) -> Candles:
    """Daily candles from (open, high, low, close) rows, starting at the epoch."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 4)
    time = np.arange(len(rows), dtype=np.int64) * _DAY
    opened, high, low, close = (np.ascontiguousarray(column) for column in table.T)
    return Candles("BTC/USD", Timeframe.D1, time, opened, high, low, close, volume=np.ones(len(rows)))


def flat(count: int) -> list[tuple[float, float, float, float]]:
    """Candles around 100 with a true range of exactly 2 each."""
    return [(100.0, 101.0, 99.0, 100.0)] * count


def random_walk(seed: int, count: int, volatility: float = 0.03) -> Candles:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, volatility, count)))
    opened = close * np.exp(rng.normal(0, volatility / 4, count))
    wicks = np.abs(rng.normal(0, volatility / 2, (2, count)))
    return Candles(
        market="BTC/USD",
        timeframe=Timeframe.D1,
        time=np.cumsum(rng.integers(1, 3, count)) * _DAY,
        open=opened,
        high=np.maximum(opened, close) * (1 + wicks[0]),
        low=np.minimum(opened, close) / (1 + wicks[1]),
        close=close,
        volume=rng.uniform(1, 100, count),
    )


def cut(candles: Candles, count: int) -> Candles:
    """The first `count` candles, as they looked when the last of them had just closed."""
    return replace(
        candles,
        time=candles.time[:count].copy(),
        open=candles.open[:count].copy(),
        high=candles.high[:count].copy(),
        low=candles.low[:count].copy(),
        close=candles.close[:count].copy(),
        volume=candles.volume[:count].copy(),
    )


random_walks = st.builds(
    random_walk,
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 240),
    volatility=st.floats(0.001, 0.15),
)
