"""Latches: switches that survive a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, delete, insert, select

from nija.journal.records import Latch, LatchName
from nija.journal.schema import latches
from nija.journal.steps import Step

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nija.journal.link import Link

# Built once: every cycle asks.
_ALL = select(latches).where(latches.c.account == bindparam("mine"))


class LatchStore:
    def __init__(self, link: Link, account: str) -> None:
        self._link = link
        self._account = account

    def set(self, name: LatchName, reason: str, now: datetime) -> bool:
        """Whether it was not set before; a set latch keeps its first reason and time."""
        with self._link.transaction(Step.NOTED):
            if name in self.all():
                return False
            values = {"account": self._account, "name": name.value, "reason": reason, "since": now}
            self._link.write(insert(latches), values)
            return True

    def reset(self, name: LatchName) -> bool:
        """Whether it was set."""
        where = and_(latches.c.account == self._account, latches.c.name == name.value)
        with self._link.transaction(Step.NOTED):
            return self._link.write(delete(latches).where(where)) > 0

    def all(self) -> Mapping[LatchName, Latch]:
        """The latches that are set."""
        rows = self._link.remembered(_ALL, {"mine": self._account})
        return {LatchName(row.name): Latch(LatchName(row.name), row.reason, row.since) for row in rows}
