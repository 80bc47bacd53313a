"""The journal in one SQLite file: how it is opened, checked, and set aside when it is damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import StaticPool, event
from sqlalchemy.engine import URL, Engine

from nija.journal.connection import WRITING
from nija.journal.errors import Damaged, JournalError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection
    from sqlalchemy.engine import Dialect
    from sqlalchemy.engine.interfaces import DBAPIConnection

_BUSY_SECONDS = 15.0
# A page cache and a statement cache of the default size would cost 2 MB per account.
_CACHE_KIB = 192
_STATEMENTS = 24
# Each step of an order touches a few rows on as many pages, and every page touched is written whole.
_PAGE_BYTES = 1_024
_LONGEST_LOG_PAGES = 32_000
_SIDE_FILES = ("-wal", "-shm")


def connect(path: Path, mode: Literal["ro", "rw", "rwc"]) -> sqlite3.Connection:
    """`mode` is SQLite's: to read, to write what is there, to make what is not. Raises sqlite3.Error."""
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
    # Heeded where the file is made; one that exists keeps its own.
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    # Only FULL makes a commit in WAL mode survive a power cut.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    # The log is folded into the file between orders (`Journal.tidy`), not while one of them waits.
    connection.execute(f"PRAGMA wal_autocheckpoint = {_LONGEST_LOG_PAGES}")


def check(connection: sqlite3.Connection) -> None:
    """Raises Damaged where the file is no sound database, JournalError where it cannot be read now."""
    try:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _meaning(error) from error
    if verdict != "ok":
        raise Damaged(str(verdict))


def open_checked(path: Path) -> sqlite3.Connection:
    """Raises Damaged, JournalError."""
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
    # The low byte is the primary result code, whatever detail stands above it.
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in damage:
        return Damaged(str(error))
    return JournalError(f"the journal cannot be opened ({error}): check that NIJA_DATA_DIR is writable and has space")


def set_aside(path: Path, now: datetime) -> Path:
    """Move a damaged file and what belongs to it out of the way; return where it is now."""
    aside = free_name(path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%S}"))
    move(path, aside)
    return aside


def free_name(wanted: Path) -> Path:
    """`wanted`, or the first name like it that is not taken."""
    numbered = (wanted.with_name(f"{wanted.name}-{number}") for number in count(1))
    return next(path for path in chain((wanted,), numbered) if not path.exists())


def move(path: Path, target: Path) -> None:
    """Move a file and what belongs to it; nobody may have it open. Raises OSError."""
    for suffix in ("", *_SIDE_FILES):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(target.with_name(target.name + suffix))


def back_up(path: Path, target: Path) -> None:
    """A whole copy of the journal, what still stands in its WAL included."""
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
    """Take the write lock at once where a transaction will write: a later upgrade could fail half-way."""
    writing: Any = connection.info.get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
