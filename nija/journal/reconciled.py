"""Where the last comparison with the exchange ended: the owner's share of each currency, and watermarks."""

from __future__ import annotations

from dataclasses import asdict, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.records import Holding
from nija.journal.schema import holdings, marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


_FIELDS = tuple(field.name for field in fields(Holding))


class HoldingStore:
    """The owner's share of each currency, which tells a shortage from a sale of his own coins."""

    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def all(self) -> Mapping[str, Holding]:
        """By currency."""
        rows = self._connection.rows(select(holdings).where(holdings.c.account == self._account))
        return {row.currency: Holding(**{name: getattr(row, name) for name in _FIELDS}) for row in rows}

    def save(self, known: Iterable[Holding]) -> None:
        with self._connection.transaction(CommitPoint.NOTED):
            for holding in known:
                mine = and_(holdings.c.account == self._account, holdings.c.currency == holding.currency)
                self._connection.write(delete(holdings).where(mine))
                self._connection.write(insert(holdings), {"account": self._account, **asdict(holding)})


class Watermark(StrEnum):
    """RECONCILED: up to when the exchange was compared. EMPTY_SINCE: when an empty journal first saw NIJA orders."""

    RECONCILED = "reconciled"
    EMPTY_SINCE = "empty_since"


class WatermarkStore:
    """How far something has been read, or since when something holds."""

    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def set(self, name: Watermark, time: datetime) -> None:
        with self._connection.transaction(CommitPoint.NOTED):
            if self._connection.write(update(marks).where(self._is(name)).values(time=time)) == 0:
                self._connection.write(insert(marks), {"account": self._account, "name": name.value, "time": time})

    def get(self, name: Watermark) -> datetime | None:
        where = self._is(name)
        rows = self._connection.rows(select(marks.c.time).where(where))
        return rows[0].time if rows else None

    def _is(self, name: Watermark) -> ColumnElement[bool]:
        return and_(marks.c.account == self._account, marks.c.name == name.value)
