"""What can be wrong with a journal."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Iterator


class JournalError(Exception):
    """The journal cannot be used. The text says what to do about it."""


class Damaged(JournalError):
    """The file is there but is no sound journal."""


@contextmanager
def database_faults(setting: str = "NIJA_DATA_DIR") -> Iterator[None]:
    """Raises JournalError, which names `setting`, for whatever the database or its driver refuses within the block."""
    try:
        yield
    except IntegrityError:
        # A row that contradicts another is a fault of NIJA's own, not of the database.
        raise
    except (SQLAlchemyError, sqlite3.Error, ImportError) as error:
        raise JournalError(
            f"the journal's database cannot be used ({_told(error)}): check {setting} and the free disk space, "
            "that the database runs and takes this user, and that its driver is installed"
        ) from error


def _told(error: Exception) -> str:
    """A driver may put the whole address into its text, password and all; SQLite's names no more than the fault."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return str(cause)
    return type(error).__name__
