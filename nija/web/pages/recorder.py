"""The last two days of each account's equity, in memory: the journal has one row a day."""

from __future__ import annotations

import threading
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nija.web.pages.readings import PageReading

_KEPT_SECONDS = 48 * 3600.0
_MOST_POINTS = 720
_FIRST_SPACING = 1.0
_DRAWDOWN = "drawdown"
_NEGLIGIBLE = 0.002
_LASTING_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """For a chart, so figures are floats. `time` is in Unix seconds, `drawdown` a fraction."""

    time: float
    equity: float
    drawdown: float


class SteadyCapital:
    """What an account's equity is without today's result, followed only once it stays.

    A balance shows a trade some seconds before or after its fills are booked, which would look like a large gain or
    loss. A deposit or a withdrawal stays.
    """

    def __init__(self) -> None:
        self._capital: float | None = None
        self._before = (0.0, 0.0)
        self._differs_since: float | None = None

    def equity(self, time: float, equity: float, change: float) -> float:
        """The equity to show: the steady capital and today's result, `change`."""
        capital = equity - change
        if self._capital is None or self._is_steady(time, equity, change):
            self._capital, self._differs_since = capital, None
        self._before = (equity, change)
        return self._capital + change

    def _is_steady(self, time: float, equity: float, change: float) -> bool:
        small = _NEGLIGIBLE * abs(equity)
        if abs(equity - change - (self._capital or 0.0)) <= small:
            return True
        # At midnight today's result begins again at zero.
        if abs(equity - self._before[0]) <= small < abs(change - self._before[1]):
            return True
        if self._differs_since is None:
            self._differs_since = time
        return time - self._differs_since >= _LASTING_SECONDS


class EquityTrack:
    """One account's points, oldest first, in flat memory.

    When there are too many, every second one goes, and new ones come half as often.
    """

    def __init__(self) -> None:
        self._spacing = _FIRST_SPACING
        self._values = array("d")

    def add(self, point: ChartPoint) -> None:
        if self._values and point.time - self._values[-3] < self._spacing:
            return
        self._values.extend((point.time, point.equity, point.drawdown))
        if len(self._values) > 3 * _MOST_POINTS:
            self._thin(point.time)

    def points(self) -> tuple[ChartPoint, ...]:
        values = iter(self._values)
        return tuple(ChartPoint(*point) for point in zip(values, values, values, strict=True))

    def _thin(self, now: float) -> None:
        recent = [point for point in self.points() if now - point.time <= _KEPT_SECONDS]
        if len(recent) > _MOST_POINTS // 2:
            self._spacing *= 2
            recent = recent[::2]
        self._values = array("d", [value for one in recent for value in (one.time, one.equity, one.drawdown)])


class EquityRecorder:
    """Thread-safe. An account whose equity is unknown gets no point."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: dict[str, EquityTrack] = {}
        self._capitals: dict[str, SteadyCapital] = {}

    def record(self, reading: PageReading) -> None:
        time = reading.now.timestamp()
        with self._lock:
            for account in reading.report.accounts:
                if account.equity is None or account.equity_change is None:
                    continue
                capital = self._capitals.setdefault(account.id, SteadyCapital())
                equity = capital.equity(time, float(account.equity), float(account.equity_change))
                lost = next((limit.value for limit in account.limits if limit.name == _DRAWDOWN), 0)
                track = self._tracks.setdefault(account.id, EquityTrack())
                track.add(ChartPoint(time, equity, float(lost)))

    def points(self, account_id: str) -> tuple[ChartPoint, ...]:
        with self._lock:
            track = self._tracks.get(account_id)
            return () if track is None else track.points()
