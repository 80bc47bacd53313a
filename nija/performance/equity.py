"""How the value of an account changed: its equity curve, returns and drawdowns, by the journal's own measurements.

A unit's value is the account's unit price (time-weighted): deposits and withdrawals do not change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.journal.records import EquityDay, EquityPoint
from nija.risk.returns import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from nija.journal.journal import Journal


@dataclass(frozen=True, slots=True)
class Return:
    """Both are fractions: the time-weighted return of a period, and the deepest fall below an earlier high in it."""

    rate: Decimal
    drawdown: Decimal


def equity_series(journal: Journal, since: datetime | None = None) -> tuple[EquityPoint, ...]:
    """The equity curve, oldest first: one point a day and, of the last 90 days, several. Raises JournalError.

    Days from before revision 0003 have no unit values and are not among them.
    """
    points = {point.time: point for point in journal.equity.points(since)}
    for day in journal.equity.days():
        point = _as_point(day)
        if point is not None and (since is None or point.time >= since):
            points[point.time] = point
    return tuple(points[time] for time in sorted(points))


def returns(
    series: Sequence[EquityPoint], since: datetime | None = None, until: datetime | None = None
) -> Return | None:
    """Of the points from `since` to before `until`, against the last point before; None if nothing was measured."""
    inside = [point.unit for point in series if _is_between(point.time, since, until)]
    if not inside:
        return None
    before = [point.unit for point in series if since is not None and point.time < since]
    # A unit starts at 1.
    start = before[-1] if before else ONE
    return Return(inside[-1] / start - ONE, drawdown([start, *inside]))


def drawdown(units: Iterable[Decimal]) -> Decimal:
    """The deepest fall below an earlier high, as a fraction of that high."""
    deepest = high = ZERO
    for unit in units:
        high = max(high, unit)
        deepest = max(deepest, (high - unit) / high)
    return deepest


def month_of(time: datetime) -> date:
    """The first day of its month, UTC."""
    return time.astimezone(UTC).date().replace(day=1)


def month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def start_of(day: date) -> datetime:
    """Its midnight, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _as_point(day: EquityDay) -> EquityPoint | None:
    if day.earned is None or day.capital is None:
        return None
    return EquityPoint(day.updated, day.currency, day.capital, day.earned, day.latest)


def _is_between(time: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or time >= since) and (until is None or time < until)
