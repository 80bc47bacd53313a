"""What keeps an account from opening anything until someone, or a new day, says otherwise; kept across restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.journal.records import Latch, LatchName
from nija.risk.equity import DayEquity, EquityState
from nija.risk.refusal import percent, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from nija.journal.journal import Journal
    from nija.risk.parameters import RiskLimits
    from nija.trader.commands import CommandQueue

_MEASURED = (LatchName.DAILY_LOSS, LatchName.DRAWDOWN)
# Nothing but a resume clears these.
_UNTIL_RESUME = (LatchName.STOP_TRADING, LatchName.DRAWDOWN, LatchName.ANOTHER_PROGRAM)


class Brakes:
    """The kill switch and the loss limits of one account. Used by its trader alone; others send it commands."""

    def __init__(self, journal: Journal, limits: RiskLimits, log: FilteringBoundLogger, commands: CommandQueue) -> None:
        self._journal = journal
        self._limits = limits
        self._log = log
        self._commands = commands
        self._before: frozenset[LatchName] = frozenset()
        self._was_resumed = False
        self.latches: Mapping[LatchName, Latch] = {}

    def look(self) -> Mapping[LatchName, Latch]:
        """What is set now, every command that has come included; until the next look, `latches` says it again.

        The disk is read each time: a command beside a daemon that does not answer writes there.
        """
        self._commands.obey(self._journal)
        before, self.latches = self.latches, self._commands.over(self._journal.latches.all())
        self._was_resumed |= any(name in before and name not in self.latches for name in _UNTIL_RESUME)
        return self.latches

    def take_resume(self) -> bool:
        """Whether trading was resumed since this was last asked: by a command, or by one that wrote on the disk."""
        resumed, self._was_resumed = self._commands.take_resume() or self._was_resumed, False
        return resumed

    def observe(self, equity: Decimal, earned: Decimal, quote: str, now: datetime) -> EquityState:
        """Take note of what was earned so far, and latch what it has run into.

        Day's start and peak are told as the equity of now would be at the earnings of then.
        """
        if any(name in self._before and name not in self.latches for name in _MEASURED):
            self._journal.equity.reset_peak(earned, now)
        day = self._journal.equity.observe(earned, quote, now)
        state = EquityState(
            current=equity,
            day=DayEquity(day.day, equity + day.opening - earned),
            peak=equity + day.peak - earned,
        )
        changes = (
            self._end_of_day(now),
            self._latch(LatchName.DAILY_LOSS, state.daily_loss, self._limits.max_daily_loss, now),
            self._latch(LatchName.DRAWDOWN, state.drawdown, self._limits.max_drawdown, now),
        )
        if any(changes):
            self.look()
        self._before = frozenset(self.latches)
        return state

    def flattened(self, now: datetime) -> None:
        """All is sold: the order to sell is done with, trading stays stopped."""
        self._journal.latches.set(LatchName.STOP_TRADING, "flattened", now)
        self._journal.latches.reset(LatchName.FLATTEN)
        self._journal.events.add("flattened", now)
        self.look()

    def _end_of_day(self, now: datetime) -> bool:
        daily = self.latches.get(LatchName.DAILY_LOSS)
        if daily is None or daily.since.date() >= now.date() or not self._journal.latches.reset(LatchName.DAILY_LOSS):
            return False
        self._log.info("A new UTC day: the daily loss limit counts anew")
        return True

    def _latch(self, name: LatchName, value: Decimal, limit: Decimal, now: datetime) -> bool:
        # What was set at the last look is not set again: a resume may have come since, and the next look sees it.
        if value < limit or name in self.latches:
            return False
        reason = f"{name.value.replace('_', ' ')} of {percent(value)} reached the limit of {percent(limit)}"
        if not self._journal.latches.set(name, reason, now):
            return False
        until = "the next UTC day" if name is LatchName.DAILY_LOSS else "nija resume"
        self._journal.events.add(name.value, now, detail={"value": plain(value), "limit": plain(limit)})
        self._log.warning(f"⚠️  No new entries until {until}: {reason}")
        return True


def paused_by(latches: Mapping[LatchName, Latch]) -> str:
    """Why new entries are paused, or nothing."""
    return "; ".join(latch.reason or name.value.replace("_", " ") for name, latch in sorted(latches.items()))
