"""The owner's share of each currency, which tells a shortage from a sale of his own coins."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, insert, select

from nija.journal.commit_points import CommitPoint
from nija.journal.records import Holding
from nija.journal.schema import holdings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nija.journal.connection import JournalConnection

_FIELDS = tuple(field.name for field in fields(Holding))


class HoldingStore:
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
