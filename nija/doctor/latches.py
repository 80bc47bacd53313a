"""What stopped an account's trading, read from its journal where no daemon tells."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.log.event_log import get_log
from nija.trader.brakes import paused_by

if TYPE_CHECKING:
    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock


def paused_in_journal(account: AccountId, process: ProcessSettings, clock: Clock) -> str:
    """The reasons of the latches that are set; empty where there are none, or no journal yet."""
    with closing(Journals(process.data_dir, clock, get_log("nija"), database_url=process.database_url)) as journals:
        try:
            with closing(journals.read(account)) as journal:
                return paused_by(journal.latches.all())
        except JournalError:
            return ""
