"""An exchange's clock held against the steady one, so that a leap of it ends no limit and begins no day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# More than any clock drifts within an hour, and than the answers of two time servers differ.
_TOLERANCE = timedelta(minutes=2)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the exchange's clock tells, and what of it is believed; the same but after a leap. Both aware, in UTC."""

    told: datetime
    believed: datetime


@dataclass(frozen=True, slots=True)
class _Leap:
    by: timedelta
    since: float
    lasts: timedelta


class TrustedTime:
    """A leap is believed once the steady clock has run as long as it claims: at least an hour, at most a day.

    So a machine that slept catches up, and a clock that is a day ahead is believed when that day is over. A new
    process cannot know how long the last one has been gone: it believes what the clock has told it for an hour.
    """

    def __init__(self, last: datetime | None) -> None:
        """`last` is the time that an earlier process believed last; None where there was none."""
        self._last = last
        self._anchor: tuple[datetime, float] | None = None
        self._leap: _Leap | None = None

    def see(self, told: datetime, steady: float) -> Moment:
        """`steady` is the steady clock, in seconds."""
        if self._anchor is None:
            self._anchor = (told if self._last is None else self._last, steady)
        time, since = self._anchor
        expected = time + timedelta(seconds=steady - since)
        gap = told - expected
        if abs(gap) <= _TOLERANCE:
            self._leap = self._last = None
            if steady - since >= _HOUR.total_seconds():
                self._anchor = (told, steady)
            return Moment(told, told)
        leap = self._leap
        if leap is None or abs(gap - leap.by) > _TOLERANCE:
            leap = self._leap = _Leap(gap, steady, self._needed(gap))
        if steady - leap.since < leap.lasts.total_seconds():
            return Moment(told, expected)
        self._anchor, self._leap, self._last = (told, steady), None, None
        return Moment(told, told)

    def _needed(self, gap: timedelta) -> timedelta:
        return _HOUR if self._last is not None else min(max(abs(gap), _HOUR), _DAY)
