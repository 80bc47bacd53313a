"""The value of one unit of an account, like a fund's unit price (time-weighted): the loss limits are measured on it.

A period's return is what NIJA earned in it over the capital at work at its start. Deposits and withdrawals are not
returns and move no limit: they only change the capital of the next period.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from nija.risk.trusted_time import ClockReading

ZERO, ONE = Decimal(0), Decimal(1)
# No later loss could be measured on a unit that is worth nothing.
_LEAST_GROWTH = Decimal("0.0001")
_DIGITS = 12


def growth(earned: Decimal, capital: Decimal) -> Decimal:
    """The factor by which a unit's value changes if `capital` earned `earned` (both in quote currency)."""
    if capital <= ZERO:
        return ONE
    return max(_LEAST_GROWTH, ONE + earned / capital)


def _fallen(start: Decimal, now: Decimal) -> Decimal:
    # So that a limit counts as reached even if the last of many digits was rounded the other way.
    return round(max(ZERO, (start - now) / start), _DIGITS)


@dataclass(frozen=True, slots=True)
class UnitValue:
    """The value of one unit at the start of the day, now, and at its highest; it starts at 1."""

    opening: Decimal = ONE
    latest: Decimal = ONE
    peak: Decimal = ONE

    @property
    def daily_loss(self) -> Decimal:
        """The day's loss so far, as a fraction of its opening; 0 on a winning day."""
        return _fallen(self.opening, self.latest)

    @property
    def drawdown(self) -> Decimal:
        """How far the unit is below its peak, as a fraction of the peak."""
        return _fallen(self.peak, self.latest)

    def grown(self, factor: Decimal) -> UnitValue:
        latest = self.latest * factor
        return replace(self, latest=latest, peak=max(self.peak, latest))

    def reset(self) -> UnitValue:
        """Restart losses at zero, as `nija resume` does."""
        return UnitValue(self.latest, self.latest, self.latest)


@dataclass(frozen=True, slots=True)
class UnitDay:
    """A unit's value on one UTC day.

    A day opens at the unit's last value before it or at its first value on that day, whichever is higher: a loss while
    nothing was measured belongs to the day that finds it. `claimed` is the opening of the next day while the exchange's
    clock reports that day but is not trusted yet.
    """

    day: date
    unit: UnitValue = UnitValue()
    claimed: Decimal | None = None

    @property
    def for_limits(self) -> UnitValue:
        """The unit for the loss limits: while it is uncertain which day it is, the higher opening counts."""
        return self.unit if self.claimed is None else replace(self.unit, opening=max(self.unit.opening, self.claimed))

    def after(self, factor: Decimal, reading: ClockReading) -> UnitDay:
        unit = self.unit.grown(factor)
        claimed = max(self.unit.latest, unit.latest) if self.claimed is None else self.claimed
        if reading.trusted.date() > self.day:
            return UnitDay(reading.trusted.date(), replace(unit, opening=claimed))
        return UnitDay(self.day, unit, claimed if reading.reported.date() > self.day else None)

    def reset(self) -> UnitDay:
        return UnitDay(self.day, self.unit.reset())


@dataclass(frozen=True, slots=True)
class EquityState:
    """`current` is the equity now, in quote currency; `day` is the UTC day over which `unit` is measured."""

    current: Decimal
    day: date
    unit: UnitValue

    @property
    def daily_loss(self) -> Decimal:
        """A fraction; 0 on a winning day."""
        return self.unit.daily_loss

    @property
    def drawdown(self) -> Decimal:
        """A fraction of the highest value of a unit."""
        return self.unit.drawdown

    @property
    def change(self) -> Decimal:
        """The day's return in quote currency, on the equity now."""
        return self.current - self.current * self.unit.opening / self.unit.latest
