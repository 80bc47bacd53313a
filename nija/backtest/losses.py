"""The loss limits of one account on the simulated clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from nija.journal.records import Halt, HaltName
from nija.risk.returns import EquityState, UnitDay, growth
from nija.risk.trusted_time import ClockReading
from nija.trader.halts import end_of, has_ended, limit_reached, paused_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from numpy.typing import NDArray

    from accounts.setting_tables import RiskSettings


_DAY = 86_400
# Far more than floats can be wrong by, and far less than a loss that matters.
_MARGIN = 1e-6


class LossLimits:
    """Halts as `TradingHalts` sets them. Nobody resumes: a drawdown that reaches its limit ends all entries."""

    def __init__(self, limits: RiskSettings, equity: Decimal, time: int) -> None:
        self._limits = limits
        self._last = equity
        self._unit_day = UnitDay(_utc(time).date())
        self._halts: dict[HaltName, Halt] = {}

    def observe(self, equity: Decimal, time: int) -> None:
        """Count what was earned since the last call, and set the halts whose limits are reached."""
        now = _utc(time)
        self.pass_to(time)
        self._unit_day = self._unit_day.after(growth(equity - self._last, self._last), ClockReading(now, now))
        self._last = equity
        state = self.state(equity)
        self._check(HaltName.DAILY_LOSS, state.daily_loss, self._limits.max_daily_loss, now)
        self._check(HaltName.DRAWDOWN, state.drawdown, self._limits.max_drawdown, now)

    def pass_to(self, time: int) -> None:
        """End the halts of the days before."""
        if self._halts:
            now = _utc(time)
            self._halts = {name: halt for name, halt in self._halts.items() if not has_ended(halt, now)}

    def state(self, equity: Decimal) -> EquityState:
        """With the unit as last observed."""
        return EquityState(equity, self._unit_day.day, self._unit_day.for_limits)

    def may_halt(self, least: float, most: float) -> bool:
        """Whether a limit may be reached by an account worth this at the least and at the most since the last call."""
        if self.is_final:
            return False
        unit, worth = self._unit_day.unit, float(self._last)
        least_unit, most_unit = (float(unit.latest) * value / worth for value in (least, most))
        opening, peak = max(float(unit.opening), most_unit), max(float(unit.peak), most_unit)
        return (
            1 - least_unit / opening >= float(self._limits.max_daily_loss) - _MARGIN
            or 1 - least_unit / peak >= float(self._limits.max_drawdown) - _MARGIN
        )

    def follow(self, times: NDArray[np.int64], equity: NDArray[np.float64], exact: Callable[[int], Decimal]) -> None:
        """Observe the account at these times; `exact` gives its equity at one of them, by index.

        Decimals are slow: only values that count later are observed, unless a limit is near.
        """
        unit = equity * (float(self._unit_day.unit.latest) / float(self._last))
        kept = range(len(times)) if self._may_halt(times, unit) else _that_count(times, unit)
        for index in kept:
            self.observe(exact(index), int(times[index]))

    def _may_halt(self, times: NDArray[np.int64], unit: NDArray[np.float64]) -> bool:
        """Whether one of the limits may be reached, as far as floats can tell."""
        known = self._unit_day.unit
        peak = np.maximum(np.maximum.accumulate(unit), float(known.peak))
        days = times // _DAY
        starts = np.concatenate([[0], np.flatnonzero(days[1:] != days[:-1]) + 1])
        before = np.append(float(known.latest), unit[:-1])[starts]
        openings = np.maximum(before, unit[starts])
        if _utc(int(times[0])).date() == self._unit_day.day:
            openings[0] = float(known.opening)
        opening = np.repeat(openings, np.diff(np.append(starts, len(times))))
        drawdown, daily_loss = 1 - (unit / peak).min(), 1 - (unit / opening).min()
        limits = self._limits
        return bool(
            drawdown >= float(limits.max_drawdown) - _MARGIN or daily_loss >= float(limits.max_daily_loss) - _MARGIN
        )

    @property
    def paused(self) -> str:
        """Why entries are paused, or nothing."""
        return paused_by(self._halts)

    @property
    def is_final(self) -> bool:
        """Whether entries are paused for good."""
        return HaltName.DRAWDOWN in self._halts

    def _check(self, name: HaltName, value: Decimal, limit: Decimal, now: datetime) -> None:
        if value >= limit and name not in self._halts:
            self._halts[name] = Halt(name, f"{limit_reached(name, value, limit)}, until {end_of(name)}", now)


def _that_count(times: NDArray[np.int64], unit: NDArray[np.float64]) -> list[int]:
    """The indices of the highest value, of the last one before the last day, and of that day's first and last."""
    days = times // _DAY
    first = int(np.searchsorted(days, days[-1]))
    return sorted({int(unit.argmax()), max(0, first - 1), first, len(times) - 1})


def _utc(time: int) -> datetime:
    return datetime.fromtimestamp(time, tz=UTC)
