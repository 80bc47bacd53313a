"""Where candles are missing. A gap is never filled: on Kraken it means that nothing was traded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many steps of one other timeframe in a row are no accident.
_LONGEST_CHANCE = 50


@dataclass(frozen=True, slots=True)
class Gaps:
    """`missing` counts candles in all gaps, `longest` those in the longest one, which lasts from `start` to `end`.

    Both are openings in Unix seconds: of the first missing candle, and of the first one after it.
    """

    count: int
    missing: int
    longest: int
    start: int
    end: int


NO_GAPS = Gaps(0, 0, 0, 0, 0)


def find_gaps(time: NDArray[np.int64], timeframe: Timeframe) -> Gaps:
    """The gaps between candles that open at `time`, oldest first."""
    missing = np.diff(time) // timeframe.seconds - 1
    if len(missing) == 0 or not missing.any():
        return NO_GAPS
    longest = int(missing.argmax())
    return Gaps(
        count=int(np.count_nonzero(missing)),
        missing=int(missing.sum()),
        longest=int(missing[longest]),
        start=int(time[longest]) + timeframe.seconds,
        end=int(time[longest + 1]),
    )


@dataclass(frozen=True, slots=True)
class OtherInterval:
    """From the candle at `index` on, the candles are those of a longer timeframe."""

    index: int
    timeframe: Timeframe


def other_interval(time: NDArray[np.int64], timeframe: Timeframe) -> OtherInterval | None:
    """Where candles of a longer timeframe stand among those of `timeframe`, or instead of them."""
    steps = np.diff(time)
    bounds = np.flatnonzero(np.diff(steps, prepend=-1, append=-1))
    starts, lengths = bounds[:-1], np.diff(bounds)
    long_enough = lengths >= min(_LONGEST_CHANCE, max(2, len(steps)))
    for other in Timeframe:
        if other.seconds > timeframe.seconds:
            found = starts[long_enough & (steps[starts] == other.seconds)]
            if len(found):
                return OtherInterval(int(found[0]), other)
    return None
