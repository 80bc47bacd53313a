"""The journals as commands open them: a database that cannot be used is one line, never a traceback."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.log.event_log import get_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.environment import ProcessSettings
    from brokers.clock import Clock


@contextmanager
def opened_journals(process: ProcessSettings, clock: Clock) -> Iterator[Journals]:
    """Raises JournalError, also for what goes wrong inside the block with the database."""
    try:
        with closing(Journals(process.data_dir, clock, get_log("nija"), database_url=process.database_url)) as journals:
            yield journals
    except (SQLAlchemyError, ImportError) as error:
        # Not the error's own text: a driver may put the whole address into it, password and all.
        where = "NIJA_DATABASE_URL" if process.database_url else "NIJA_DATA_DIR"
        raise JournalError(
            f"the journal's database cannot be used ({type(error).__name__}): check {where}, that the database runs "
            "and takes this user, and that its driver is installed"
        ) from error
