"""The journal in one SQLite file: opening, checking, backing up, and setting aside a damaged file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import Connection, StaticPool, event
from sqlalchemy.engine import URL, Dialect, Engine

from nija.journal.connection import WRITING
from nija.journal.errors import JournalDamaged, JournalError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine.interfaces import DBAPIConnection

_BUSY_SECONDS = 15.0
# A page cache and a statement cache of the default size would cost 2 MB per account.
_CACHE_KIB = 192
_STATEMENTS = 24
# Each commit touches a few rows on as many pages, and every page touched is written whole.
_PAGE_BYTES = 1_024
_LONGEST_LOG_PAGES = 32_000
_SIDE_FILES = ("-wal", "-shm")


def connect(path: Path, mode: Literal["ro", "rw", "rwc"]) -> sqlite3.Connection:
    """`mode` is SQLite's: read only, read and write, create as needed. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_STATEMENTS,
    )
    try:
        configure(connection, read_only=mode == "ro")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def configure(connection: sqlite3.Connection, *, read_only: bool) -> None:
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
        return
    # Only effective when the file is created.
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    # In WAL mode only FULL makes a commit survive a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # The WAL is checkpointed between orders (`Journal.tidy`), not while one of them waits.
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG_PAGES}")


def check(connection: sqlite3.Connection) -> None:
    """Raises JournalDamaged if the file is not an intact database, JournalError if it cannot be read now."""
    try:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _meaning(error) from error
    if verdict != "ok":
        raise JournalDamaged(str(verdict))


def open_checked(path: Path) -> sqlite3.Connection:
    """Raises JournalDamaged, JournalError."""
    try:
        connection = connect(path, "rwc")
    except sqlite3.Error as error:
        raise _meaning(error) from error
    try:
        check(connection)
    except JournalError:
        connection.close()
        raise
    return connection


def _meaning(error: sqlite3.Error) -> JournalError:
    damage = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    # The low byte is the primary result code.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in damage:
        return JournalDamaged(str(error))
    return JournalError(f"the journal cannot be opened ({error}): check that NIJA_DATA_DIR is writable and has space")


def set_aside(path: Path, now: datetime) -> Path:
    """Move a damaged file and its side files out of the way; returns the new path."""
    aside = free_name(path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S}"))
    move(path, aside)
    return aside


def free_name(wanted: Path) -> Path:
    """`wanted`, or the first numbered name like it that is free."""
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in count(1))
    return next(path for path in chain((wanted,), numbered) if not path.exists())


def move(path: Path, target: Path) -> None:
    """Move a file and its side files; nobody may have it open. Raises OSError."""
    for suffix in ("", *_SIDE_FILES):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(target.with_name(target.name + suffix))


def back_up(path: Path, target: Path) -> None:
    """A full copy of the journal, including what is still in its WAL."""
    with closing(connect(path, "ro")) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)


def engine_for(connection: sqlite3.Connection, dialect: Dialect) -> Engine:
    """An engine over this one connection. Sharing the dialect shares the compiled statements."""
    engine = Engine(
        StaticPool(lambda: cast("DBAPIConnection", connection), reset_on_return=None),
        dialect,
        URL.create("sqlite"),
        query_cache_size=0,
    )
    event.listen(engine, "begin", begin)
    return engine


def begin(connection: Connection) -> None:
    """Take the write lock at once if the transaction will write: a later upgrade could fail half-way."""
    writing: Any = connection.info.get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
