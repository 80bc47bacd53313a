"""An account's equity now, at the day's start and at its peak: what its brakes look at. The journal remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

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


def _fallen(start: Decimal, current: Decimal) -> Decimal:
    return max(ZERO, (start - current) / start) if start > ZERO else ZERO
