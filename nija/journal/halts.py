"""Halts: what keeps an account from opening positions, across restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, insert, select

from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.records import Halt, HaltName
from nija.journal.schema import halts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


# Built once: every cycle runs it.
_ALL = select(halts).where(halts.c.account == bindparam("mine"))


class HaltStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def set(self, name: HaltName, reason: str, now: datetime) -> bool:
        """Set a halt; returns whether it was not set before. A set halt keeps its first reason and time."""
        with self._connection.transaction(CommitPoint.NOTED):
            if name in self.all():
                return False
            values = {"account": self._account, "name": name.value, "reason": reason, "since": now}
            self._connection.write(insert(halts), values)
            return True

    def reset(self, name: HaltName) -> bool:
        """Clear a halt; returns whether it was set."""
        where = and_(halts.c.account == self._account, halts.c.name == name.value)
        with self._connection.transaction(CommitPoint.NOTED):
            return self._connection.write(delete(halts).where(where)) > 0

    def all(self) -> Mapping[HaltName, Halt]:
        """The halts that are set."""
        rows = self._connection.cached_rows(_ALL, {"mine": self._account})
        return {HaltName(row.name): Halt(HaltName(row.name), row.reason, row.since) for row in rows}
