"""The value of one unit, by day, of the account and of all accounts together: loss limits are measured on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, select, update

from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.records import EquityDay, PortfolioDay
from nija.journal.schema import equity, portfolio

if TYPE_CHECKING:
    from decimal import Decimal


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
        restarted = {"opening": value, "latest": value, "peak": value, "updated": now}
        with self._connection.transaction(CommitPoint.NOTED):
            self._connection.write(update(equity).where(mine).values(**restarted))

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


class PortfolioStore:
    """This account's copy of the portfolio's figures; at a start the newest copy of any account counts."""

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
