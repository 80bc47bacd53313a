"""Candles of a longer timeframe from shorter ones."""

from __future__ import annotations

import numpy as np

from brokers.candle_files import CandleError
from brokers.model import Candles, Timeframe


def resample(candles: Candles, timeframe: Timeframe) -> Candles:
    """First open, highest high, lowest low, last close and summed volume on UTC bounds.

    Absent candles stay absent. The last candle is left out if the source does not reach its end. Raises CandleError if
    `timeframe` is not made of whole candles of the source. The rule is that of section 7 of the strategy evidence.
    """
    step = timeframe.seconds
    if step % candles.timeframe.seconds:
        raise CandleError(
            f"{candles.market}: candles of {timeframe} cannot be made from longer ones of {candles.timeframe}"
        )
    if timeframe is candles.timeframe or len(candles) == 0:
        return candles if timeframe is candles.timeframe else _empty(candles.market, timeframe)
    buckets = candles.time // step * step
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - step))
    ends = np.append(starts[1:], len(buckets)) - 1
    reaches_end = int(candles.time[-1]) + candles.timeframe.seconds >= int(buckets[-1]) + step
    whole = slice(len(starts) if reaches_end else len(starts) - 1)
    return Candles(
        candles.market,
        timeframe,
        time=buckets[starts][whole],
        open=candles.open[starts][whole],
        high=np.maximum.reduceat(candles.high, starts)[whole],
        low=np.minimum.reduceat(candles.low, starts)[whole],
        close=candles.close[ends][whole],
        volume=np.add.reduceat(candles.volume, starts)[whole],
    )


def _empty(market: str, timeframe: Timeframe) -> Candles:
    return Candles(market, timeframe, np.empty(0, np.int64), *(np.empty(0) for _ in range(5)))
