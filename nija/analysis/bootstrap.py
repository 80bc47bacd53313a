"""How far chance alone moves a mean trade: a bootstrap that draws whole calendar months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.curve import month_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nija.backtest.records import BacktestTrade

_DRAWS = 5_000
_LOW, _HIGH = 2.5, 97.5
# With fewer months than this there is nothing to draw from.
_FEWEST_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of the means of the draws."""

    low: float
    high: float


def mean_interval(trades: Sequence[BacktestTrade], seed: int) -> Interval | None:
    """Of the mean net trade; None where the trades fall in fewer than three months.

    Trades of the same month share one market, so a month is drawn with all the trades opened in it.
    """
    months: dict[object, list[float]] = {}
    for trade in trades:
        months.setdefault(month_at(trade.opened), []).append(float(trade.net_return))
    if len(months) < _FEWEST_MONTHS:
        return None
    sums = np.array([sum(nets) for nets in months.values()])
    counts = np.array([len(nets) for nets in months.values()])
    return _interval(sums, counts, np.random.default_rng(seed))


def _interval(sums: NDArray[np.float64], counts: NDArray[np.int64], chance: np.random.Generator) -> Interval:
    # How often each month is drawn is all that counts.
    drawn = chance.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=_DRAWS)
    low, high = np.percentile((drawn @ sums) / (drawn @ counts), (_LOW, _HIGH))
    return Interval(float(low), float(high))
