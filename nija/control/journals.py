"""How commands open the journals."""

from __future__ import annotations

from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from accounts.environment import RunMode
from accounts.identity import AccountId
from nija.journal.opening import Journals
from nija.log.event_log import get_log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from accounts.environment import ProcessSettings
    from brokers.clock import Clock


@contextmanager
def opened_journals(process: ProcessSettings, clock: Clock) -> Iterator[Journals]:
    """The journals that a daemon in the same mode uses, open within the block. Raises JournalError."""
    if process.mode is RunMode.PAPER:
        process = process.on_paper()
    with closing(Journals(process.data_dir, clock, get_log("nija"), database_url=process.database_url)) as journals:
        yield journals


def journaled_accounts(folder: Path) -> list[AccountId]:
    """The accounts with a journal in `folder`. Files with other names are not NIJA's."""
    accounts = []
    for file in sorted(folder.glob("*-*.sqlite3")):
        with suppress(ValueError):
            accounts.append(AccountId.parse(file.stem.replace("-", ":", 1)))
    return accounts
