"""What a variant is ranked by: the Sharpe ratio of its daily returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nija.optimize.folds import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nija.analysis.curve import Curve
    from nija.optimize.folds import DayRange

YEAR_DAYS = 365


def returns_of_days(curve: Curve, days: DayRange) -> NDArray[np.float64]:
    """The return of each UTC day of `days`, one without a candle included: it earned nothing."""
    ends = np.arange(days.start, days.end + 1) * DAY
    equity = curve.equity[np.maximum(np.searchsorted(curve.time, ends, "right") - 1, 0)]
    return np.asarray(equity[1:] / equity[:-1] - 1)


def sharpe_ratios(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of daily returns along the last axis, not annualised; nan where nothing varies."""
    deviation = returns.std(axis=-1, ddof=1)
    ratios = np.full(deviation.shape, np.nan)
    np.divide(returns.mean(axis=-1), deviation, out=ratios, where=deviation > 0)
    return ratios


def standard_error(days: int) -> float:
    """Of the Sharpe ratio of so many daily returns, near 0 and for returns that do not depend on one another."""
    return float(1 / np.sqrt(days))


def annualised(daily: float) -> float:
    """A Sharpe ratio of daily returns, for markets that trade every day of the year."""
    return float(daily * np.sqrt(YEAR_DAYS))
