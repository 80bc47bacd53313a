"""The value of one unit of the account, day by day: what its loss limits are measured on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from nija.journal.commit_points import CommitPoint
from nija.journal.records import EquityDay
from nija.journal.schema import equity

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from nija.journal.connection import JournalConnection


class EquityStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def save(self, day: EquityDay) -> None:
        """Insert or replace the day's row."""
        values = {
            "currency": day.currency,
            "opening": day.opening,
            "latest": day.latest,
            "peak": day.peak,
            "earned": day.earned,
            "capital": day.capital,
            "updated": day.updated,
        }
        mine = and_(equity.c.account == self._account, equity.c.day == day.day.isoformat())
        with self._connection.transaction(CommitPoint.NOTED):
            if self._connection.write(update(equity).where(mine).values(**values)) == 0:
                key = {"account": self._account, "day": day.day.isoformat()}
                self._connection.write(insert(equity), {**key, **values})

    def reset_peak(self, value: Decimal, now: datetime) -> None:
        """Restart drawdown and daily loss at `value`, as `nija resume` does."""
        known = self.latest()
        if known is None:
            return
        mine = and_(equity.c.account == self._account, equity.c.day == known.day.isoformat())
        anew = {"opening": value, "latest": value, "peak": value, "updated": now}
        with self._connection.transaction(CommitPoint.NOTED):
            self._connection.write(update(equity).where(mine).values(**anew))

    def latest(self) -> EquityDay | None:
        mine = select(equity).where(equity.c.account == self._account)
        rows = self._connection.rows(mine.order_by(equity.c.day.desc()).limit(1))
        if not rows:
            return None
        row = rows[0]
        return EquityDay(
            day=date.fromisoformat(row.day),
            currency=row.currency,
            opening=row.opening,
            latest=row.latest,
            peak=row.peak,
            earned=row.earned,
            capital=row.capital,
            updated=row.updated,
        )
