"""Which windows of candles to request, and how their rows become closed candles.

Coinbase returns at most 350 buckets per request, newest first, leaves empty buckets out and includes the one still
open.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.coinbase.json_fields import number
from brokers.model import Candles, Timeframe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from brokers.coinbase.json_fields import JsonObject

GRANULARITY = {
    Timeframe.M1: "ONE_MINUTE",
    Timeframe.M5: "FIVE_MINUTE",
    Timeframe.M15: "FIFTEEN_MINUTE",
    Timeframe.M30: "THIRTY_MINUTE",
    Timeframe.H1: "ONE_HOUR",
    Timeframe.H4: "FOUR_HOUR",
    Timeframe.D1: "ONE_DAY",
}
# Both ends of a window may count, so it spans one bucket less than the maximum.
_BUCKETS = 350
HISTORY = 2 * _BUCKETS
# Keyless answers come from a cache that is up to a second old, and our estimate of the exchange's time is not exact: a
# candle is final only this many seconds after its end.
SETTLED_AFTER = 3.0
_FIELDS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Window:
    """From the bucket opening at `start` to the one opening at `end`, in Unix seconds."""

    start: int
    end: int


def window_to(end: int, timeframe: Timeframe) -> Window:
    """The longest window whose last bucket contains `end`."""
    last = end - end % timeframe.seconds
    return Window(max(0, last - (_BUCKETS - 1) * timeframe.seconds), last)


def window_from(start: int, timeframe: Timeframe, now: int) -> Window:
    """The longest window that begins with the bucket of `start` and does not go beyond `now`."""
    start -= start % timeframe.seconds
    return Window(start, max(start, min(start + (_BUCKETS - 1) * timeframe.seconds, now - now % timeframe.seconds)))


def windows_back(end: int, timeframe: Timeframe, count: int) -> Iterator[Window]:
    """Adjacent windows, newest first."""
    for _ in range(count):
        window = window_to(end, timeframe)
        yield window
        end = window.start - 1
        if end < 0:
            return


def windows_in_a_day(timeframe: Timeframe) -> int:
    return math.ceil(Timeframe.D1.seconds / (_BUCKETS * timeframe.seconds))


def closed_candles(
    market: str, timeframe: Timeframe, found: Iterable[JsonObject], *, now: float, since: int | None
) -> Candles:
    """The newest candles that are final at `now` (the exchange's time) and open at or after `since`."""
    by_label = {int(number(row, "start")): row for row in found}
    first, settled = 0 if since is None else since, now - SETTLED_AFTER
    labels = sorted(label for label in by_label if label >= first and label + timeframe.seconds <= settled)[-HISTORY:]
    columns = (_column([by_label[label] for label in labels], name) for name in _FIELDS)
    return Candles(market, timeframe, np.array(labels, dtype=np.int64), *columns)


def newest_label(found: Sequence[JsonObject]) -> int | None:
    return max((int(number(row, "start")) for row in found), default=None)


def oldest_label(found: Sequence[JsonObject]) -> int | None:
    return min((int(number(row, "start")) for row in found), default=None)


def _column(found: Sequence[JsonObject], name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([float(number(row, name)) for row in found], dtype=np.float64)
