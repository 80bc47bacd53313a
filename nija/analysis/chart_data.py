"""What the charts of the report draw: few enough points for a phone, whatever the length of the backtest."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from brokers.model import Side
from nija.analysis.curve import drawdowns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from nija.analysis.analysis import Analysis
    from nija.analysis.trade_order import TradeOrder
    from nija.backtest.records import BacktestResult, BacktestTrade, MarketHistory

# Two points each: more than the pixels of a wide window.
_BUCKETS = 1_200
_MOST_STOPS = 6_000
_BARS = 24
# Of the histogram, in per cent.
_NARROWEST = 0.5
_SIGNIFICANT = 7


def charts(analysis: Analysis) -> dict[str, Any]:
    """Times are Unix seconds, drawdowns percentages."""
    return {
        "currency": analysis.result.account.plan.quote,
        "equity": _equity(analysis),
        "markets": [_market(analysis.result, history) for history in analysis.result.histories],
        "order": None if analysis.order is None else _histogram(analysis.order),
    }


def thinned(values: NDArray[np.float64], buckets: int = _BUCKETS) -> NDArray[np.int64]:
    """The indices of the lowest and the highest value of each of so many stretches, and of both ends."""
    if len(values) <= 2 * buckets:
        return np.arange(len(values))
    bounds = np.linspace(0, len(values), buckets + 1).astype(np.int64)
    chosen = {0, len(values) - 1}
    for start, end in pairwise(bounds.tolist()):
        part = values[start:end]
        chosen |= {int(start + part.argmin()), int(start + part.argmax())}
    return np.array(sorted(chosen))


def _equity(analysis: Analysis) -> dict[str, Any]:
    curve = analysis.curve
    at = thinned(curve.equity)
    held = None if analysis.held is None else analysis.held.curve.equity
    return {
        "time": curve.time[at].tolist(),
        "account": _numbers(curve.equity[at]),
        "account_fall": _numbers(-100 * drawdowns(curve.equity)[at]),
        "held": None if held is None else _numbers(held[at]),
        "held_fall": None if held is None else _numbers(-100 * drawdowns(held)[at]),
    }


def _market(result: BacktestResult, history: MarketHistory) -> dict[str, Any]:
    candles, step = history.candles, result.timeframe.seconds
    inside = (candles.time >= result.start) & (candles.time <= result.end)
    time, close = candles.time[inside] + step, candles.close[inside]
    at = thinned(close)
    trades = [trade for trade in result.trades if trade.market == history.market.symbol]
    stop_time, stop = _stops(trades, step)
    return {
        "market": history.market.symbol,
        "time": time[at].tolist(),
        "close": _numbers(close[at]),
        "stop_time": stop_time,
        "stop": stop,
        "bought": _fills(trades, Side.BUY),
        "sold": _fills(trades, Side.SELL),
    }


def _stops(trades: Sequence[BacktestTrade], step: int) -> tuple[list[int], list[float | None]]:
    """The stop's path in steps; null where there is no position."""
    moves = sum(len(trade.stops) for trade in trades)
    every = 1 + moves // _MOST_STOPS
    times: list[int] = []
    prices: list[float | None] = []
    for trade in trades:
        if not trade.stops:
            continue
        path = [*trade.stops[:-1:every], trade.stops[-1]]
        points = [(min(move.time + step, trade.closed), float(move.price)) for move in path]
        # The first one is there from the purchase on.
        points[0] = (trade.opened, points[0][1])
        for time, price in (*points, (trade.closed, points[-1][1]), (trade.closed + 1, None)):
            if times and time <= times[-1]:
                prices[-1] = price if price is not None else prices[-1]
                continue
            times.append(time)
            prices.append(price)
    return times, prices


def _fills(trades: Iterable[BacktestTrade], side: Side) -> list[list[float]]:
    """Times and average prices of a candle's fills."""
    found: dict[int, float] = {}
    for trade in trades:
        for fill in trade.fills:
            if fill.side is side:
                found[fill.time] = float(fill.price)
    return [list(found), list(found.values())]


def _histogram(order: TradeOrder) -> dict[str, Any]:
    falls = 100 * order.shuffled
    # Few trades have few orders, whose drawdowns may all be the same.
    span = (falls.min(), max(falls.max(), falls.min() + _NARROWEST))
    counts, edges = np.histogram(falls, bins=_BARS, range=span)
    return {"edges": _numbers(edges), "counts": counts.tolist(), "true": 100 * order.true}


def _numbers(values: NDArray[np.float64]) -> list[float]:
    return [float(f"{value:.{_SIGNIFICANT}g}") for value in values.tolist()]
