"""The errors of a journal."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Iterator


class JournalError(Exception):
    """The journal cannot be used. The text says how to fix it."""


class JournalDamaged(JournalError):
    """The file exists but is not an intact journal."""


@contextmanager
def database_faults(setting: str = "NIJA_DATA_DIR") -> Iterator[None]:
    """Turn any database or driver error within the block into a JournalError that names `setting`."""
    try:
        yield
    except IntegrityError:
        # Contradicting rows are a bug in NIJA, not a fault of the database.
        raise
    except (SQLAlchemyError, sqlite3.Error, ImportError) as error:
        raise JournalError(
            f"the journal's database cannot be used ({_safe_text(error)}): check {setting} and the free disk space, "
            "that the database is running and accepts this user, and that its driver is installed"
        ) from error


def _safe_text(error: Exception) -> str:
    """SQLite's own text; for other drivers only the type, as their texts may hold the URL with its password."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return str(cause)
    return type(error).__name__
