"""What an account's loss limits look at: the value of one unit of it, as the price of a fund's unit (time-weighted).

Each period's return is what NIJA earned in it over the capital at work at its start. Money that the owner brings or
takes is no return, so it moves no limit: it only changes the capital of the next period.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from nija.risk.trusted_time import Moment

ZERO, ONE = Decimal(0), Decimal(1)
# Of a unit that is worth nothing no later loss could be measured.
_LEAST_GROWTH = Decimal("0.0001")
_DIGITS = 12


def growth(earned: Decimal, capital: Decimal) -> Decimal:
    """The factor by which a unit's value changes where `capital` earned `earned` (both in quote currency)."""
    if capital <= ZERO:
        return ONE
    return max(_LEAST_GROWTH, ONE + earned / capital)


def _fallen(start: Decimal, now: Decimal) -> Decimal:
    # A limit is reached also where the last of many digits was rounded the other way.
    return round(max(ZERO, (start - now) / start), _DIGITS)


@dataclass(frozen=True, slots=True)
class UnitValue:
    """The value of one unit when the day began, now, and at its highest; it begins at 1."""

    opening: Decimal = ONE
    latest: Decimal = ONE
    peak: Decimal = ONE

    @property
    def daily_loss(self) -> Decimal:
        """What the day has lost so far, as a fraction of its opening; 0 on a winning day."""
        return _fallen(self.opening, self.latest)

    @property
    def drawdown(self) -> Decimal:
        """How far the unit is below its peak, as a fraction of the peak."""
        return _fallen(self.peak, self.latest)

    def grown(self, factor: Decimal) -> UnitValue:
        latest = self.latest * factor
        return replace(self, latest=latest, peak=max(self.peak, latest))

    def anew(self) -> UnitValue:
        """Losses count from here on: what `nija resume` means by going on."""
        return UnitValue(self.latest, self.latest, self.latest)


@dataclass(frozen=True, slots=True)
class Track:
    """A unit's value through the UTC days.

    A day opens at what the unit was worth when it was last seen before, or at the first look of the day where that is
    more: what was lost while nobody looked belongs to the day that finds it. `claimed` is the opening of a day that
    the clock tells of but that is not believed yet.
    """

    day: date
    unit: UnitValue = UnitValue()
    claimed: Decimal | None = None

    @property
    def judged(self) -> UnitValue:
        """The unit as the limits see it: while in doubt which day it is, the higher opening counts."""
        return self.unit if self.claimed is None else replace(self.unit, opening=max(self.unit.opening, self.claimed))

    def after(self, factor: Decimal, moment: Moment) -> Track:
        unit = self.unit.grown(factor)
        claimed = max(self.unit.latest, unit.latest) if self.claimed is None else self.claimed
        if moment.believed.date() > self.day:
            return Track(moment.believed.date(), replace(unit, opening=claimed))
        return Track(self.day, unit, claimed if moment.told.date() > self.day else None)

    def anew(self) -> Track:
        return Track(self.day, self.unit.anew())
