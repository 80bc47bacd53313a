"""Checks an exchange's clock against the monotonic one, so that a clock jump neither ends a limit nor starts a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# More than any clock drifts in an hour, and more than two time servers differ.
_TOLERANCE = timedelta(minutes=2)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The time the exchange reports, and the time that is trusted; they differ only after a jump. Aware, in UTC."""

    reported: datetime
    trusted: datetime


@dataclass(frozen=True, slots=True)
class _Jump:
    by: timedelta
    since: float
    lasts: timedelta


class TrustedTime:
    """A jump is trusted after it has lasted as long as its own size, at least an hour and at most a day.

    So a machine that slept catches up, and a clock that is a day ahead is trusted when that day is over. A new process
    cannot know how long the last one has been gone: it trusts a jump that has lasted for an hour.
    """

    def __init__(self, last: datetime | None) -> None:
        """`last` is the last time trusted by an earlier process; None if there was none."""
        self._last = last
        self._anchor: tuple[datetime, float] | None = None
        self._jump: _Jump | None = None

    def read(self, reported: datetime, steady: float) -> ClockReading:
        """`steady` is the steady clock, in seconds."""
        if self._anchor is None:
            self._anchor = (reported if self._last is None else self._last, steady)
        time, since = self._anchor
        expected = time + timedelta(seconds=steady - since)
        gap = reported - expected
        if abs(gap) <= _TOLERANCE:
            self._jump = self._last = None
            if steady - since >= _HOUR.total_seconds():
                self._anchor = (reported, steady)
            return ClockReading(reported, reported)
        jump = self._jump
        if jump is None or abs(gap - jump.by) > _TOLERANCE:
            jump = self._jump = _Jump(gap, steady, self._needed(gap))
        if steady - jump.since < jump.lasts.total_seconds():
            return ClockReading(reported, expected)
        self._anchor, self._jump, self._last = (reported, steady), None, None
        return ClockReading(reported, reported)

    def _needed(self, gap: timedelta) -> timedelta:
        return _HOUR if self._last is not None else min(max(abs(gap), _HOUR), _DAY)
