"""Tracks the value of one unit of an account from cycle to cycle, and keeps it in the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from nija.journal.records import EquityDay, EquityPoint
from nija.risk.returns import ZERO, EquityState, UnitDay, UnitValue, growth
from nija.risk.trusted_time import ClockReading, TrustedTime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nija.journal.equity import EquityStore

_REWRITE_SECONDS = 300.0
_LEAST_POINT_SECONDS = 15.0
_REWRITE_CHANGE = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class AccountValue:
    """In `currency`: `equity` is the capital at work now, `earned` what NIJA has earned since it began.

    `prices` are the bids that are known, by market.
    """

    equity: Decimal
    earned: Decimal
    currency: str
    prices: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))


class ReturnTracker:
    """Saves every new day, new peak and change of 1 %, and every five minutes. Used by one trader alone.

    Each change of 1 % and every five minutes are points of the curve too, at least 15 seconds apart.
    """

    def __init__(self, store: EquityStore) -> None:
        self._store = store
        self._stored = store.latest()
        self._time = TrustedTime(None if self._stored is None else self._stored.updated)
        self._unit_day: UnitDay | None = None
        self._last: AccountValue | None = None
        self._written = float("-inf")
        self._written_unit = ZERO
        self._point_written = float("-inf")
        self._point_unit = ZERO

    @property
    def stored(self) -> AccountValue | None:
        """The last value saved by an earlier process; None if there is none, or none in returns."""
        row = self._stored
        if row is None or row.earned is None or row.capital is None:
            return None
        return AccountValue(row.capital, row.earned, row.currency)

    def read_clock(self, reported: datetime, steady: float) -> ClockReading:
        """Read the exchange's clock; `steady` is the steady clock, in seconds."""
        return self._time.read(reported, steady)

    def observe(self, now: AccountValue, reading: ClockReading, steady: float) -> EquityState:
        """Record the return since the last cycle: what was earned over the capital at work then."""
        unit_day, last = self._begin(now, reading)
        earned = now.earned - last.earned if now.currency == last.currency else ZERO
        new = unit_day.after(growth(earned, last.equity), reading)
        news = new.day != unit_day.day or new.unit.peak != unit_day.unit.peak
        moved = _has_moved(self._written_unit, new.unit.latest)
        self._unit_day, self._last = new, now
        if news or moved or steady - self._written >= _REWRITE_SECONDS:
            self._save(reading, steady)
        return EquityState(now.equity, new.day, new.for_limits)

    def reset(self, reading: ClockReading, steady: float) -> None:
        """Restart the losses at zero."""
        if self._unit_day is not None:
            self._unit_day = self._unit_day.reset()
            self._save(reading, steady)
        elif (row := self._store.latest()) is not None:
            self._store.reset_peak(row.latest, reading.trusted)

    def _begin(self, now: AccountValue, reading: ClockReading) -> tuple[UnitDay, AccountValue]:
        if self._unit_day is not None and self._last is not None:
            return self._unit_day, self._last
        # Read again: someone may have resumed since this process began.
        row = self._store.latest()
        if row is None:
            return UnitDay(reading.trusted.date()), now
        if row.earned is None or row.capital is None:
            return _converted(row, now)
        unit = UnitValue(row.opening, row.latest, row.peak)
        return UnitDay(row.day, unit), AccountValue(row.capital, row.earned, row.currency)

    def _save(self, reading: ClockReading, steady: float) -> None:
        if self._unit_day is None or self._last is None:
            return
        unit, last, now = self._unit_day.unit, self._last, reading.trusted
        day = EquityDay(
            day=self._unit_day.day,
            currency=last.currency,
            opening=unit.opening,
            latest=unit.latest,
            peak=unit.peak,
            earned=last.earned,
            capital=last.equity,
            updated=now,
            prices=last.prices,
        )
        if self._is_point_due(unit.latest, steady):
            self._store.save(day, EquityPoint(now, last.currency, last.equity, last.earned, unit.latest))
            self._point_written, self._point_unit = steady, unit.latest
        else:
            self._store.save(day)
        self._written, self._written_unit = steady, unit.latest

    def _is_point_due(self, unit: Decimal, steady: float) -> bool:
        seconds = steady - self._point_written
        return seconds >= _REWRITE_SECONDS or (seconds >= _LEAST_POINT_SECONDS and _has_moved(self._point_unit, unit))


def _has_moved(before: Decimal, now: Decimal) -> bool:
    return abs(now - before) >= _REWRITE_CHANGE * now


def _converted(row: EquityDay, now: AccountValue) -> tuple[UnitDay, AccountValue]:
    """A row from before revision 0003, converted from earnings to units; its loss and drawdown stay the same."""
    capital = now.equity + row.latest - now.earned
    if row.currency != now.currency or capital <= ZERO:
        return UnitDay(row.day), now
    opening, peak = (growth(earned - row.latest, capital) for earned in (row.opening, row.peak))
    return UnitDay(row.day, UnitValue(opening=opening, peak=peak)), AccountValue(capital, row.latest, row.currency)
