"""What an equity curve shows: drawdowns, time under water, returns by day and by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nija.backtest.records import BacktestResult

DAY = 86_400
YEAR = 365 * DAY


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The value of an account over a stretch of time, oldest first; arrays of the same length.

    `time` is when a value was measured, the end of its candle (Unix seconds); the first point is the value before the
    stretch began.
    """

    time: NDArray[np.int64]
    equity: NDArray[np.float64]

    @property
    def change(self) -> float:
        """From the first point to the last, as a fraction."""
        return float(self.equity[-1] / self.equity[0] - 1)

    @property
    def seconds(self) -> int:
        return int(self.time[-1] - self.time[0])

    def between(self, since: int, until: int) -> Curve:
        """The points after `since` up to `until`, and the one before them as the first."""
        first = max(0, int(np.searchsorted(self.time, since, "right")) - 1)
        last = max(first + 1, int(np.searchsorted(self.time, until, "right")))
        return Curve(self.time[first:last], self.equity[first:last])


@dataclass(frozen=True, slots=True)
class UnderWater:
    """The longest time without a new high (Unix seconds); `is_over` is False if it lasts until the end."""

    since: int
    until: int
    is_over: bool

    @property
    def days(self) -> int:
        return (self.until - self.since) // DAY


@dataclass(frozen=True, slots=True)
class MonthReturn:
    """The return of a calendar month (UTC), or of the part of it that was tested; `month` is its first day."""

    month: date
    rate: float


def account_curve(result: BacktestResult) -> Curve:
    """It ends with the money after the sale of what was still open."""
    step = result.timeframe.seconds
    final = float(result.account.cash * (1 + result.total_return))
    time = np.concatenate(([result.start], result.curve.time + step))
    equity = np.concatenate(([float(result.account.cash)], result.curve.equity))
    if len(equity) > 1:
        equity[-1] = final
    return Curve(time, equity)


def drawdowns(equity: NDArray[np.float64]) -> NDArray[np.float64]:
    """At each point the fall below the highest value so far, as a fraction of that."""
    peak = np.maximum.accumulate(equity)
    # An account can lose everything and stay at zero, but its first value is money.
    falls: NDArray[np.float64] = 1 - equity / peak
    return falls


def max_drawdown(equity: NDArray[np.float64]) -> float:
    return float(drawdowns(equity).max())


def longest_under_water(curve: Curve) -> UnderWater:
    """Measured from a peak to the first value that is at least as high again, or to the end."""
    peak = np.maximum.accumulate(curve.equity)
    at_peak = np.flatnonzero(curve.equity >= peak)
    begins = curve.time[at_peak]
    ends = np.append(curve.time[at_peak[1:]], curve.time[-1])
    longest = int(np.argmax(ends - begins))
    is_last = longest == len(at_peak) - 1
    return UnderWater(int(begins[longest]), int(ends[longest]), is_over=not is_last)


def daily_returns(curve: Curve) -> NDArray[np.float64]:
    """From the end of one UTC day to the next that has a value; the first against the first point."""
    values = np.concatenate((curve.equity[:1], curve.equity[1:][_lasts((curve.time[1:] - 1) // DAY)]))
    returns: NDArray[np.float64] = values[1:] / values[:-1] - 1
    return returns


def monthly_returns(curve: Curve) -> tuple[MonthReturn, ...]:
    """From the end of one month to the next; the first against the first point."""
    # The value at midnight is that of the day that ends.
    months = (curve.time[1:] - 1).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    last = _lasts(months)
    values = np.concatenate((curve.equity[:1], curve.equity[1:][last]))
    rates = values[1:] / values[:-1] - 1
    return tuple(MonthReturn(_month(int(month)), float(rate)) for month, rate in zip(months[last], rates, strict=True))


def month_at(time: int) -> date:
    """The first day of the month (UTC) of a moment in Unix seconds."""
    return datetime.fromtimestamp(time, tz=UTC).date().replace(day=1)


def sharpe_ratio(returns: NDArray[np.float64]) -> float | None:
    """Of daily returns, not annualised, against no interest; None if nothing varies."""
    if len(returns) < 2 or not float(returns.std(ddof=1)) > 0:  # noqa: PLR2004  a deviation needs two
        return None
    return float(returns.mean() / returns.std(ddof=1))


def _lasts(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The index of the last element of each run of equal values."""
    return np.flatnonzero(np.append(groups[1:] != groups[:-1], [True] * min(1, len(groups))))


def _month(months: int) -> date:
    """`months` since January 1970."""
    return date(1970 + months // 12, months % 12 + 1, 1)
