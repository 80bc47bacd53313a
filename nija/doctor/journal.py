"""What an account's journal says, read directly where no daemon runs."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.environment import RunMode
from nija.control.journals import opened_journals
from nija.doctor.finding import broken, fine
from nija.journal.errors import JournalError
from nija.journal.identity import another_account
from nija.journal.records import HaltName
from nija.trader.halts import paused_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import KeyInfo
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


@dataclass(frozen=True, slots=True)
class JournalFacts:
    """`paused` are the reasons of the halts that are set, `another_program` whether that is one of them.

    `refusal` says that the journal is another account's.
    """

    paused: str = ""
    another_program: bool = False
    refusal: str = ""


def read_journal(account: AccountId, info: KeyInfo, process: ProcessSettings, clock: Clock) -> JournalFacts:
    """What an account's journal says beside its key; nothing where there is none yet, or none that can be read."""
    try:
        with opened_journals(process, clock) as journals, closing(journals.read(account)) as journal:
            # A paper account has no key at the exchange that is asked here.
            refusal = "" if process.mode is RunMode.PAPER else another_account(journal.identity, account, info)
            halts = journal.halts.all()
            return JournalFacts(paused_by(halts), HaltName.ANOTHER_PROGRAM in halts, refusal)
    except JournalError:
        return JournalFacts()
