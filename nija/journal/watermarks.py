"""Watermarks: how far something has been read, or since when something holds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, insert, select, update

from nija.journal.commit_points import CommitPoint
from nija.journal.schema import marks

if TYPE_CHECKING:
    from datetime import datetime

    from nija.journal.connection import JournalConnection


class Watermark(StrEnum):
    """RECONCILED: up to when the exchange was compared. EMPTY_SINCE: when an empty journal first saw NIJA orders."""

    RECONCILED = "reconciled"
    EMPTY_SINCE = "empty_since"


class WatermarkStore:
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
