"""One connection to the journal: short transactions for reads, named ones for writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from nija.journal.errors import database_faults

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection, Executable, Row


class CommitPoint(StrEnum):
    """The named commits of the journal, so that a test can kill the process at each of them."""

    INTENDED = "intended"
    SENT = "sent"
    OUTCOME = "outcome"
    RESOLVED = "resolved"
    PROGRESS = "progress"
    BOOKED = "booked"
    PLANNED = "planned"
    AMENDED = "amended"
    CLOSED = "closed"
    ADOPTED = "adopted"
    NOTED = "noted"


CommitHook = Callable[[CommitPoint, bool], None]
"""Called with False just before the commit, and with True just after."""


def no_hook(step: CommitPoint, committed: bool) -> None:  # noqa: FBT001 the shape of CommitHook
    """Does nothing."""
    del step, committed


WRITING = "nija_writing"
"""Key in the connection's `info`: the next transaction will write."""


class JournalConnection:
    """Used by one thread at a time."""

    def __init__(self, connection: Connection, on_commit: CommitHook) -> None:
        self._connection = connection
        self._on_commit = on_commit
        self._cache: dict[object, Sequence[Row[Any]]] = {}
        self._cache_version: tuple[int, int] | None = None

    @contextmanager
    def transaction(self, step: CommitPoint) -> Iterator[None]:
        """Everything inside is committed to disk together, or not at all. A nested transaction joins the outer one."""
        if self._connection.in_transaction():
            yield
            return
        self._connection.info[WRITING] = True
        try:
            with database_faults(), self._connection.begin():
                yield
                self._on_commit(step, False)
        finally:
            self._connection.info[WRITING] = False
        self._on_commit(step, True)

    def rows(self, statement: Executable, values: dict[str, Any] | None = None) -> Sequence[Row[Any]]:
        if self._connection.in_transaction():
            return self._connection.execute(statement, values).all()
        with database_faults(), self._connection.begin():
            return self._connection.execute(statement, values).all()

    def cached_rows(self, statement: Executable, values: dict[str, Any]) -> Sequence[Row[Any]]:
        """`rows` of a statement that is built once, cached until anything is written."""
        version = None if self._connection.in_transaction() else self._version()
        if version is None:
            return self.rows(statement, values)
        if version != self._cache_version:
            self._cache, self._cache_version = {}, version
        key = (id(statement), tuple(values.values()))
        if key not in self._cache:
            self._cache[key] = self.rows(statement, values)
        return self._cache[key]

    def _version(self) -> tuple[int, int] | None:
        """Changes with every write by any connection; None if the database cannot tell cheaply."""
        if self._connection.dialect.name != "sqlite":
            return None
        with database_faults():
            file = cast("sqlite3.Connection", self._connection.connection.driver_connection)
            return file.execute("PRAGMA data_version").fetchone()[0], file.total_changes

    def write(self, statement: Executable, values: dict[str, Any] | None = None) -> int:
        """Returns how many rows were written. Only inside `transaction`."""
        if not self._connection.in_transaction():
            raise RuntimeError("a journal write needs a transaction")
        return self._connection.execute(statement, values).rowcount

    def tidy(self) -> None:
        if self._connection.dialect.name == "sqlite" and not self._connection.in_transaction():
            with closing(self._connection.connection.cursor()) as cursor:
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self._connection.close()
