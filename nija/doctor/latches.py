"""What stopped an account's trading, read from its journal where no daemon tells."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from nija.control.journals import opened_journals
from nija.doctor.finding import broken, fine
from nija.journal.errors import JournalError
from nija.trader.brakes import paused_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.doctor.finding import Finding


def check_database(process: ProcessSettings, clock: Clock) -> Iterator[Finding]:
    """The database of NIJA_DATABASE_URL, where one is set; files are the data folder's matter."""
    if process.database_url is None:
        return
    try:
        with opened_journals(process, clock):
            yield fine("The database of NIJA_DATABASE_URL answers")
    except JournalError as error:
        yield broken("The database of NIJA_DATABASE_URL cannot be used", str(error))


def paused_in_journal(account: AccountId, process: ProcessSettings, clock: Clock) -> str:
    """The reasons of the latches that are set; empty where there are none, or no journal yet."""
    try:
        with opened_journals(process, clock) as journals, closing(journals.read(account)) as journal:
            return paused_by(journal.latches.all())
    except JournalError:
        return ""
