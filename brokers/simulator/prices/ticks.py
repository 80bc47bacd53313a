"""The path of the price inside a bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brokers.simulator.engine.market_data import Tick
from brokers.simulator.prices.bars import Bars

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.simulator.prices.bars import Scale

# When each of the four points is traded, as a fraction of the span: the last one well inside the bar.
_MOMENTS = (0.0, 0.3, 0.6, 0.9)
_POINTS = len(_MOMENTS)


def last_tick_time(time: int, span: int) -> float:
    return time + _MOMENTS[-1] * span


def ticks(bars: Bars, scale: Scale, after: float, until: float) -> Iterator[Tick]:
    """Four trades per bar, each extreme visited on the way from open to close, with time in (`after`, `until`]."""
    for when, price, volume in _points(bars):
        if after < when <= until:
            yield Tick(when, scale.price_of(price), scale.volume_of(volume))


def so_far(bar: Bars, until: float) -> Bars:
    """A single bar as of `until`, when only some of its points have been traded."""
    points = [point for point in _points(bar) if point[0] <= until]
    prices = [price for _, price, _ in points]
    return Bars(
        time=bar.time,
        span=bar.span,
        open=bar.open,
        high=np.array([max(prices)]),
        low=np.array([min(prices)]),
        close=np.array([prices[-1]]),
        volume=np.array([sum(volume for _, _, volume in points)]),
        trades=-(-bar.trades * len(points) // _POINTS),
    )


def _points(bars: Bars) -> Iterator[tuple[float, int, int]]:
    columns = (bars.time, bars.span, bars.open, bars.high, bars.low, bars.close, bars.volume)
    for time, span, open_, high, low, close, volume in zip(*(column.tolist() for column in columns), strict=True):
        # A rising bar dips first, a falling one peaks first.
        way = (open_, low, high, close) if close >= open_ else (open_, high, low, close)
        quarter = volume // _POINTS
        amounts = (quarter, quarter, quarter, volume - (_POINTS - 1) * quarter)
        for moment, price, amount in zip(_MOMENTS, way, amounts, strict=True):
            yield time + moment * span, price, amount
