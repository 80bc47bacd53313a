"""The growing candles of one market, and how fresh they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Indicators that never forget their first value (Wilder's ATR) have settled to the last digit long before this.
HISTORY = 1_000
_COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Freshness:
    """Times of the steady clock: followed `since`, last `answered`, and when the last closed candle `ended`."""

    since: float
    answered: float | None = None
    ended: float | None = None

    def silence(self, now: float) -> float:
        """Seconds without an answer."""
        return max(0.0, now - (self.since if self.answered is None else self.answered))

    def candle_age(self, now: float) -> float | None:
        """Seconds since the last closed candle ended; None before the first."""
        return None if self.ended is None else max(0.0, now - self.ended)


def extended(known: Candles, fresh: Candles) -> Candles:
    """`known` with the newer candles of `fresh`, at most `HISTORY` of them; `known` itself if there is nothing new.

    The last known candle is replaced if the exchange has corrected it: read in the second of its end, it may not have
    been final.
    """
    if len(known) == 0 or len(fresh) == 0:
        return known if len(fresh) == 0 else fresh
    taken = fresh.time >= known.time[-1]
    if not taken.any():
        return known
    replaced = known.time < fresh.time[taken][0]
    if not (fresh.time[taken] > known.time[-1]).any() and _same_last(known, fresh):
        return known

    def joined(name: str) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.concatenate([getattr(known, name)[replaced], getattr(fresh, name)[taken]])
        return values[-HISTORY:]

    time = np.concatenate([known.time[replaced], fresh.time[taken]])[-HISTORY:]
    return Candles(known.market, known.timeframe, time, *map(joined, _COLUMNS))


def corrected(known: Candles, fresh: Candles) -> bool:
    """Whether `fresh` has other values for the last known candle."""
    return len(known) > 0 and bool((fresh.time == known.time[-1]).any()) and not _same_last(known, fresh)


def _same_last(known: Candles, fresh: Candles) -> bool:
    (index,) = np.flatnonzero(fresh.time == known.time[-1])
    return all(getattr(known, name)[-1] == getattr(fresh, name)[index] for name in _COLUMNS)
