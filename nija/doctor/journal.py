"""Checks of the journals, read directly when no daemon runs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.environment import RunMode
from nija.control.journals import opened_journals
from nija.doctor.finding import broken, fine
from nija.journal.errors import JournalError
from nija.journal.identity import another_account
from nija.status.report import HaltStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import KeyInfo
    from nija.doctor.finding import Finding


def check_database(process: ProcessSettings, clock: Clock) -> Iterator[Finding]:
    """The database of NIJA_DATABASE_URL, if it is set; journal files are covered by the check of the data folder."""
    if process.database_url is None:
        return
    try:
        with opened_journals(process, clock):
            yield fine("The database of NIJA_DATABASE_URL answers")
    except JournalError as error:
        yield broken("The database of NIJA_DATABASE_URL cannot be used", str(error))


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """`refusal` is set if the journal belongs to another exchange account."""

    halts: tuple[HaltStatus, ...] = ()
    refusal: str = ""


def read_journal(account: AccountId, info: KeyInfo, process: ProcessSettings, clock: Clock) -> JournalFacts:
    """What an account's journal says; nothing if there is none yet, or it cannot be read."""
    try:
        with opened_journals(process, clock) as journals, closing(journals.read(account)) as journal:
            # A paper account's journal does not belong to the exchange account that was queried.
            refusal = "" if process.mode is RunMode.PAPER else another_account(journal.identity, account, info)
            halts = sorted(journal.halts.all().values(), key=lambda halt: halt.name)
            return JournalFacts(tuple(HaltStatus(one.name.value, one.reason, one.since) for one in halts), refusal)
    except JournalError:
        return JournalFacts()
