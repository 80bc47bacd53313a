"""An account's equity over time, as far as its brakes need it: a pure fold, journaled by whoever holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class DayEquity:
    """The equity with which a UTC day began: the first one seen on that day."""

    day: date
    start: Decimal


@dataclass(frozen=True, slots=True)
class EquityState:
    """The equity now, the day's start, and the highest equity ever seen. In quote currency."""

    current: Decimal
    day: DayEquity
    peak: Decimal

    @property
    def daily_loss(self) -> Decimal:
        """What the day has lost so far, as a fraction of its start; 0 on a winning day."""
        return _fallen(self.day.start, self.current)

    @property
    def drawdown(self) -> Decimal:
        """How far below its peak the equity is, as a fraction of the peak."""
        return _fallen(self.peak, self.current)


def first_equity(equity: Decimal, now: datetime) -> EquityState:
    return EquityState(current=equity, day=DayEquity(_utc_day(now), equity), peak=equity)


def next_equity(state: EquityState, equity: Decimal, now: datetime) -> EquityState:
    """The state after one more look at the equity. A clock set back never reopens a past day."""
    today = _utc_day(now)
    day = DayEquity(today, equity) if today > state.day.day else state.day
    return replace(state, current=equity, day=day, peak=max(state.peak, equity))


def _utc_day(now: datetime) -> date:
    if now.tzinfo is None:
        raise ValueError("equity is booked at a moment with a time zone")
    return now.astimezone(UTC).date()


def _fallen(start: Decimal, current: Decimal) -> Decimal:
    return max(ZERO, (start - current) / start) if start > ZERO else ZERO
