"""This account's copy of the portfolio's figures; at a start the newest copy of any account counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from nija.journal.commit_points import CommitPoint
from nija.journal.records import PortfolioDay
from nija.journal.schema import portfolio

if TYPE_CHECKING:
    from datetime import datetime

    from nija.journal.connection import JournalConnection


class PortfolioStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def latest(self) -> PortfolioDay | None:
        rows = self._connection.rows(select(portfolio).where(portfolio.c.account == self._account))
        if not rows:
            return None
        row = rows[0]
        return PortfolioDay(date.fromisoformat(row.day), row.currency, row.opening, row.latest, row.peak, row.updated)

    def save(self, day: PortfolioDay) -> None:
        values = {
            "account": self._account,
            "day": day.day.isoformat(),
            "currency": day.currency,
            "opening": day.opening,
            "latest": day.latest,
            "peak": day.peak,
            "updated": day.updated,
        }
        with self._connection.transaction(CommitPoint.NOTED):
            self._connection.write(delete(portfolio).where(portfolio.c.account == self._account))
            self._connection.write(insert(portfolio), values)

    def reset(self, now: datetime) -> None:
        """Restart the portfolio's losses at the current value, as `nija resume` does."""
        known = self.latest()
        if known is not None:
            self.save(replace(known, opening=known.latest, peak=known.latest, updated=now))
