"""The history of an account: one row per event, with its details as JSON. It never contains a secret."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, select

from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.records import HistoryRow
from nija.journal.schema import events

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime


class HistoryStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def add(
        self, kind: str, time: datetime, *, market: str | None = None, detail: Mapping[str, object] | None = None
    ) -> None:
        """`detail` holds plain values; types that JSON lacks (Decimal, datetime) are written as text."""
        values = {
            "account": self._account,
            "time": time,
            "kind": kind,
            "market": market,
            "detail": json.dumps(detail or {}, default=str, sort_keys=True),
        }
        with self._connection.transaction(CommitPoint.NOTED):
            self._connection.write(insert(events), values)

    def latest(self, count: int, kind: str | None = None) -> tuple[HistoryRow, ...]:
        """The newest `count`, oldest first."""
        where = events.c.account == self._account
        if kind is not None:
            where = and_(where, events.c.kind == kind)
        rows = self._connection.rows(select(events).where(where).order_by(events.c.id.desc()).limit(count))
        return tuple(
            HistoryRow(row.id, row.time, row.kind, row.market, json.loads(row.detail)) for row in reversed(rows)
        )

    def newest(
        self,
        count: int,
        *,
        market: str | None = None,
        kinds: Collection[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[HistoryRow, ...]:
        """Up to `count` events, newest first: of a market, of these kinds, and from `since` to before `until`."""
        where = [events.c.account == self._account]
        where += [events.c.market == market] if market is not None else []
        where += [events.c.kind.in_(kinds)] if kinds else []
        where += [events.c.time >= since] if since is not None else []
        where += [events.c.time < until] if until is not None else []
        rows = self._connection.rows(select(events).where(and_(*where)).order_by(events.c.id.desc()).limit(count))
        return tuple(HistoryRow(row.id, row.time, row.kind, row.market, json.loads(row.detail)) for row in rows)

    def forget_before(self, time: datetime, at_most: int) -> int:
        """Delete up to `at_most` rows from before `time`; return how many."""
        old = select(events.c.id).where(events.c.account == self._account, events.c.time < time).limit(at_most)
        with self._connection.transaction(CommitPoint.NOTED):
            return self._connection.write(delete(events).where(events.c.id.in_(old)))
