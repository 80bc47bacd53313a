"""What keeps an account from opening anything until someone, or a new day, says otherwise; kept across restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.journal.records import Latch, LatchName
from nija.risk.equity import DayEquity, EquityState
from nija.risk.refusal import percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from nija.journal.journal import Journal
    from nija.risk.parameters import RiskLimits

_MEASURED = (LatchName.DAILY_LOSS, LatchName.DRAWDOWN)


class Brakes:
    """The kill switch and the loss limits of one account. Used by its trader alone; others set latches on disk."""

    def __init__(self, journal: Journal, limits: RiskLimits, log: FilteringBoundLogger) -> None:
        self._journal = journal
        self._limits = limits
        self._log = log
        self._known: frozenset[LatchName] | None = None

    def observe(self, equity: Decimal, earned: Decimal, quote: str, now: datetime) -> EquityState:
        """Take note of what was earned so far, and latch what it has run into.

        Day's start and peak are told as the equity of now would be at the earnings of then.
        """
        latches = self.latches()
        if self._known is not None and any(name in self._known and name not in latches for name in _MEASURED):
            self._journal.equity.reset_peak(earned, now)
        day = self._journal.equity.observe(earned, quote, now)
        state = EquityState(
            current=equity,
            day=DayEquity(day.day, equity + day.opening - earned),
            peak=equity + day.peak - earned,
        )
        self._end_of_day(latches, now)
        self._latch(LatchName.DAILY_LOSS, state.daily_loss, self._limits.max_daily_loss, now)
        self._latch(LatchName.DRAWDOWN, state.drawdown, self._limits.max_drawdown, now)
        self._known = frozenset(self.latches())
        return state

    def latches(self) -> Mapping[LatchName, Latch]:
        return self._journal.latches.all()

    def flattened(self, now: datetime) -> None:
        """All is sold: the order to sell is done with, trading stays stopped."""
        self._journal.latches.set(LatchName.STOP_TRADING, "flattened", now)
        self._journal.latches.reset(LatchName.FLATTEN)
        self._journal.events.add("flattened", now)

    def _end_of_day(self, latches: Mapping[LatchName, Latch], now: datetime) -> None:
        daily = latches.get(LatchName.DAILY_LOSS)
        if daily is not None and daily.since.date() < now.date() and self._journal.latches.reset(LatchName.DAILY_LOSS):
            self._log.info("A new UTC day: the daily loss limit counts anew")

    def _latch(self, name: LatchName, value: Decimal, limit: Decimal, now: datetime) -> None:
        if value < limit:
            return
        reason = f"{name.value.replace('_', ' ')} of {percent(value)} reached the limit of {percent(limit)}"
        if self._journal.latches.set(name, reason, now):
            until = "the next UTC day" if name is LatchName.DAILY_LOSS else "nija resume"
            self._journal.events.add(name.value, now, detail={"value": str(value), "limit": str(limit)})
            self._log.warning(f"⚠️  No new entries until {until}: {reason}")


def paused_by(latches: Mapping[LatchName, Latch]) -> str:
    """Why new entries are paused, or nothing."""
    return "; ".join(latch.reason or name.value.replace("_", " ") for name, latch in sorted(latches.items()))
