"""The value of one unit, by day, of the account and of all accounts together: loss limits are measured on it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, update

from brokers.figures import exact
from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.records import EquityDay, EquityPoint, PortfolioDay
from nija.journal.schema import equity, equity_points, portfolio

if TYPE_CHECKING:
    from collections.abc import Mapping

# After that one point an hour is kept, and in the end only the row of each day.
_EACH_POINT_KEPT = timedelta(days=2)
_POINTS_KEPT = timedelta(days=90)
_TO_THE_HOUR = len("2026-01-05T12")


class EquityStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def save(self, day: EquityDay, point: EquityPoint | None = None) -> None:
        """Insert or replace the day's row, and add a point to the curve."""
        values = {
            "currency": day.currency,
            "opening": day.opening,
            "latest": day.latest,
            "peak": day.peak,
            "earned": day.earned,
            "capital": day.capital,
            "updated": day.updated,
            "prices": json.dumps({market: exact(bid) for market, bid in day.prices.items()}) if day.prices else None,
        }
        mine = and_(equity.c.account == self._account, equity.c.day == day.day.isoformat())
        with self._connection.transaction(CommitPoint.NOTED):
            if self._connection.write(update(equity).where(mine).values(**values)) == 0:
                key = {"account": self._account, "day": day.day.isoformat()}
                self._connection.write(insert(equity), {**key, **values})
            if point is not None:
                self._connection.write(insert(equity_points), {"account": self._account, **asdict(point)})

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
        return _day(rows[0]) if rows else None

    def days(self) -> tuple[EquityDay, ...]:
        """Every day, oldest first."""
        mine = select(equity).where(equity.c.account == self._account)
        return tuple(map(_day, self._connection.rows(mine.order_by(equity.c.day))))

    def points(self, since: datetime | None = None) -> tuple[EquityPoint, ...]:
        """The curve between the days, oldest first: minutes apart in the last days, hours apart before."""
        where = equity_points.c.account == self._account
        if since is not None:
            where = and_(where, equity_points.c.time >= since)
        rows = self._connection.rows(select(equity_points).where(where).order_by(equity_points.c.time))
        return tuple(EquityPoint(row.time, row.currency, row.equity, row.earned, row.unit) for row in rows)

    def thin_points(self, now: datetime, at_most: int) -> int:
        """Delete up to `at_most` old points, so that the curve stays small; return how many."""
        mine = equity_points.c.account == self._account
        hour = func.substr(equity_points.c.time, 1, _TO_THE_HOUR)
        hourly = select(func.min(equity_points.c.id)).where(mine).group_by(hour)
        is_spare = and_(equity_points.c.time < now - _EACH_POINT_KEPT, equity_points.c.id.not_in(hourly))
        is_old = equity_points.c.time < now - _POINTS_KEPT
        spare = select(equity_points.c.id).where(mine, or_(is_spare, is_old)).limit(at_most)
        with self._connection.transaction(CommitPoint.NOTED):
            return self._connection.write(delete(equity_points).where(equity_points.c.id.in_(spare)))


def _day(row: Row[Any]) -> EquityDay:
    return EquityDay(
        day=date.fromisoformat(row.day),
        currency=row.currency,
        opening=row.opening,
        latest=row.latest,
        peak=row.peak,
        earned=row.earned,
        capital=row.capital,
        updated=row.updated,
        prices=_prices(row.prices),
    )


def _prices(text: str | None) -> Mapping[str, Decimal]:
    known = {} if text is None else json.loads(text)
    return MappingProxyType({market: Decimal(bid) for market, bid in known.items()})


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
