"""Archives an account's journal, so that the account starts over without losing anything."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, delete, insert, select
from sqlalchemy.engine import URL

from nija.journal import sqlite
from nija.journal.connection import WRITING
from nija.journal.schema import metadata

if TYPE_CHECKING:
    from pathlib import Path


def archive_file(path: Path, target: Path) -> None:
    """Raises OSError."""
    _make_folder(target)
    # Closing an intact file last removes its side files; a damaged one is moved together with them.
    with suppress(sqlite3.Error):
        sqlite.connect(path, "rw").close()
    sqlite.move(path, target)


def archive_rows(connection: Connection, account: str, target: Path) -> None:
    """Copy an account's rows into an SQLite file, then delete them. Raises OSError."""
    _make_folder(target)
    connection.info[WRITING] = True
    try:
        with connection.begin():
            _copy(connection, account, target)
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table).where(table.c.account == account))
    finally:
        connection.info[WRITING] = False


def _make_folder(target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _copy(connection: Connection, account: str, target: Path) -> None:
    engine = create_engine(URL.create("sqlite", database=str(target)))
    try:
        with engine.begin() as copy:
            metadata.create_all(copy)
            for table in metadata.sorted_tables:
                rows = connection.execute(select(table).where(table.c.account == account)).mappings().all()
                if rows:
                    copy.execute(insert(table), [dict(row) for row in rows])
    finally:
        engine.dispose()
    target.chmod(0o600)
