"""One market's prices: its ticks and its candles, read from the same bars."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from brokers.simulator.engine.market_data import CandleRow
from brokers.simulator.prices.bars import aggregated, average_prices, joined
from brokers.simulator.prices.ticks import last_tick_time, so_far, ticks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.simulator.engine.market_data import Tick
    from brokers.simulator.prices.bars import Bars, Scale

# Bounds the memory of a simulator that runs for weeks; more than any exchange lists.
KEPT_CANDLES = 100_000


class Series:
    """Candles and ticks of one market. Times are market time, in Unix seconds.

    The first `advance` starts with the last trade at or before `start`, so that there is a price at once.
    `kept_candles` is how many closed candles of each interval it can list.
    """

    def __init__(self, bars: Bars, scale: Scale, start: float, kept_candles: int = KEPT_CANDLES) -> None:
        self._bars = bars
        self._scale = scale
        self._kept_candles = kept_candles
        self._position = _before_last_tick(bars, scale, start)
        self._closed: dict[int, _ClosedCandles] = {}

    def append(self, bars: Bars) -> None:
        self._bars = joined(self._bars, bars)

    def thin_out(self, *, coarse_before: int, coarse_span: int, drop_before: int) -> None:
        """Drop the oldest bars, and aggregate those too old to be requested at fine intervals."""
        old = aggregated(self._bars.between(drop_before, coarse_before), coarse_span)
        self._bars = joined(old, self._bars.between(coarse_before, math.inf))

    def advance(self, until: float) -> Iterator[Tick]:
        after, self._position = self._position, max(self._position, until)
        first = after - int(self._bars.span.max(initial=0))
        return ticks(self._bars.between(first, _just_after(until)), self._scale, after, until)

    def candles(self, seconds: int, until: float) -> list[CandleRow]:
        """Oldest first, the last one open: flat at the last price while nothing has traded in it."""
        bars = self._bars.dividing(seconds)
        bucket = math.floor(until / seconds) * seconds
        closed = self._closed.setdefault(seconds, _ClosedCandles(seconds, self._scale, self._kept_candles))
        rows = closed.before(bucket, bars)
        running = bars.between(bucket, _just_after(until))
        if len(running):
            rows += _rows(_until(running, until), seconds, self._scale)
        elif rows:
            rows.append(_flat(bucket, rows[-1]))
        return rows


class _ClosedCandles:
    """The latest closed candles of one interval, each computed once."""

    def __init__(self, seconds: int, scale: Scale, kept: int) -> None:
        self._seconds = seconds
        self._scale = scale
        self._kept = kept
        self._rows: list[CandleRow] = []
        self._made_until: float = -math.inf

    def before(self, bucket: int, bars: Bars) -> list[CandleRow]:
        if bucket > self._made_until:
            self._rows += _rows(bars.between(self._made_until, bucket), self._seconds, self._scale)
            self._made_until = bucket
            del self._rows[: -self._kept]
        return self._rows[: bisect_left(self._rows, bucket, key=lambda row: row.time)]


def _until(bars: Bars, until: float) -> Bars:
    """Bars, of which the last may still be open."""
    last = bars.between(int(bars.time[-1]), math.inf)
    if last_tick_time(int(last.time[0]), int(last.span[0])) <= until:
        return bars
    return joined(bars.between(-math.inf, int(last.time[0])), so_far(last, until))


def _rows(bars: Bars, seconds: int, scale: Scale) -> list[CandleRow]:
    candles = aggregated(bars, seconds)
    prices = (candles.open, candles.high, candles.low, candles.close, average_prices(bars, seconds))
    columns = (column.tolist() for column in (candles.time, *prices, candles.volume, candles.trades))
    price = scale.price_of
    return [
        CandleRow(
            time=time,
            open=price(open_),
            high=price(high),
            low=price(low),
            close=price(close),
            vwap=price(average),
            volume=scale.volume_of(volume),
            count=trades,
        )
        for time, open_, high, low, close, average, volume, trades in zip(*columns, strict=True)
    ]


def _flat(time: int, before: CandleRow) -> CandleRow:
    price, nothing = before.close, before.volume * 0
    return CandleRow(time, price, price, price, price, nothing, nothing, 0)


def _before_last_tick(bars: Bars, scale: Scale, start: float) -> float:
    """A time after which there is exactly one trade up to `start`; `start` itself if there is none."""
    known = bars.between(-math.inf, _just_after(start))
    newest = known.between(known.time[-1] - known.span.max(), math.inf) if len(known) else known
    moments = [tick.time for tick in ticks(newest, scale, -math.inf, start)]
    return math.nextafter(moments[-1], -math.inf) if moments else start


def _just_after(moment: float) -> float:
    return math.nextafter(moment, math.inf)
