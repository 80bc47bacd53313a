"""Equity, day by day: where the day began, and the highest ever seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from nija.journal.records import EquityDay
from nija.journal.schema import equity
from nija.journal.steps import Step

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from nija.journal.link import Link

_REWRITE = timedelta(minutes=5)


class EquityStore:
    """The UTC day counts, and no day comes again. A new day, a new peak and every fifth minute go to disk.

    What is observed is what NIJA has earned (see nija/trader/earnings.py), so that opening and peak are earnings too.
    """

    def __init__(self, link: Link, account: str) -> None:
        self._link = link
        self._account = account
        self._today: EquityDay | None = None
        self._written: datetime | None = None

    def observe(self, value: Decimal, currency: str, now: datetime) -> EquityDay:
        """Take note of the equity seen now; return the day with its opening and the peak so far."""
        day = now.astimezone(UTC).date()
        known = self._today or self.latest()
        if known is None or known.currency != currency:
            return self._begin(EquityDay(day, currency, opening=value, latest=value, peak=value), now)
        if known.day < day:
            return self._begin(EquityDay(day, currency, opening=value, latest=value, peak=max(value, known.peak)), now)
        seen = replace(known, latest=value, peak=max(value, known.peak))
        if seen.peak != known.peak or self._written is None or now - self._written >= _REWRITE:
            self._save(seen, now)
        self._today = seen
        return seen

    def reset_peak(self, value: Decimal, now: datetime) -> None:
        """Measure drawdown and the day's loss anew from `value`: what `nija resume` means by going on."""
        known = self.latest()
        if known is not None:
            self._today = replace(known, opening=value, latest=value, peak=value)
            self._save(self._today, now)

    def latest(self) -> EquityDay | None:
        mine = select(equity).where(equity.c.account == self._account)
        rows = self._link.rows(mine.order_by(equity.c.day.desc()).limit(1))
        if not rows:
            return None
        row = rows[0]
        return EquityDay(date.fromisoformat(row.day), row.currency, row.opening, row.latest, row.peak)

    def _begin(self, day: EquityDay, now: datetime) -> EquityDay:
        if self._update(day, now) == 0:
            with self._link.transaction(Step.NOTED):
                values = {
                    "account": self._account,
                    "day": day.day.isoformat(),
                    "currency": day.currency,
                    "opening": day.opening,
                    "latest": day.latest,
                    "peak": day.peak,
                    "updated": now,
                }
                self._link.write(insert(equity), values)
        self._today, self._written = day, now
        return day

    def _save(self, day: EquityDay, now: datetime) -> None:
        self._update(day, now)
        self._written = now

    def _update(self, day: EquityDay, now: datetime) -> int:
        where = and_(equity.c.account == self._account, equity.c.day == day.day.isoformat())
        values = {
            "currency": day.currency,
            "opening": day.opening,
            "latest": day.latest,
            "peak": day.peak,
            "updated": now,
        }
        with self._link.transaction(Step.NOTED):
            return self._link.write(update(equity).where(where).values(**values))
