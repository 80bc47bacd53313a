"""Bars of one market as integers in numpy columns: exact like Decimal, and fast to aggregate."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scale:
    """The decimals of a price and of a volume."""

    price: int
    volume: int

    def price_of(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self.price)

    def volume_of(self, units: int) -> Decimal:
        return Decimal(units).scaleb(-self.volume)


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """`time` is each bar's opening and `span` its length in seconds; bars without trades are absent."""

    time: Column
    span: Column
    open: Column
    high: Column
    low: Column
    close: Column
    volume: Column
    trades: Column

    def __len__(self) -> int:
        return len(self.time)

    def between(self, start: float, end: float) -> Bars:
        """Bars that open at or after `start` and before `end`."""
        first, last = np.searchsorted(self.time, [start, end])
        return self._columns(slice(int(first), int(last)))

    def dividing(self, seconds: int) -> Bars:
        """The bars from which whole buckets of `seconds` on UTC bounds can be made."""
        fits = seconds % self.span == 0
        return self if bool(fits.all()) else self._columns(fits)

    def _columns(self, rows: slice | NDArray[np.bool_]) -> Bars:
        return Bars(*(getattr(self, column.name)[rows] for column in fields(self)))


def joined(*parts: Bars) -> Bars:
    return Bars(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(Bars)))


def aggregated(bars: Bars, seconds: int) -> Bars:
    """First open, highest high, lowest low, last close, summed volume, in buckets on UTC bounds."""
    if not len(bars):
        return bars
    starts, last = _buckets(bars, seconds)
    return Bars(
        time=bars.time[starts] // seconds * seconds,
        span=np.full(len(starts), seconds, dtype=np.int64),
        open=bars.open[starts],
        high=np.maximum.reduceat(bars.high, starts),
        low=np.minimum.reduceat(bars.low, starts),
        close=bars.close[last],
        volume=np.add.reduceat(bars.volume, starts),
        trades=np.add.reduceat(bars.trades, starts),
    )


def average_prices(bars: Bars, seconds: int) -> Column:
    """The volume-weighted price of each bucket of `aggregated`, from each bar's middle; 0 where nothing traded."""
    if not len(bars):
        return bars.time
    starts, _ = _buckets(bars, seconds)
    middle = (bars.high + bars.low + bars.close) / 3
    volume = np.add.reduceat(bars.volume.astype(np.float64), starts)
    turnover = np.add.reduceat(middle * bars.volume, starts)
    average = np.divide(turnover, volume, out=np.zeros_like(turnover), where=volume > 0)
    return np.rint(average).astype(np.int64)


def _buckets(bars: Bars, seconds: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    bucket = bars.time // seconds
    starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    return starts, np.append(starts[1:], len(bars)) - 1
