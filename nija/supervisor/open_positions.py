"""Which accounts have open positions according to their journals, before any account connects."""

from __future__ import annotations

from contextlib import closing
from enum import Enum
from typing import TYPE_CHECKING

from nija.journal.errors import JournalError
from nija.strategy.base import StrategyError
from nija.trader.plan import SWITCHED_OFF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from nija.journal.opening import Journals
    from nija.supervisor.configuration import AccountSetup, Configuration


class OpenPositions(Enum):
    """`UNKNOWN`: there is a journal, but it cannot be read."""

    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


def open_positions(journals: Journals, account: AccountId) -> OpenPositions:
    """Reads a few rows only. An order that may still buy something counts as a position."""
    try:
        if not journals.exists(account):
            return OpenPositions.NONE
        with closing(journals.read(account)) as journal:
            is_open = journal.plans.open() or journal.intents.unsettled()
    except JournalError:
        return OpenPositions.UNKNOWN
    return OpenPositions.SOME if is_open else OpenPositions.NONE


def open_positions_first(setups: Iterable[AccountSetup], journals: Journals) -> list[AccountSetup]:
    """Accounts that may have something to protect come first; otherwise the order stays."""
    return sorted(setups, key=lambda setup: open_positions(journals, setup.account) is OpenPositions.NONE)


def switched_off_with_positions(
    configuration: Configuration, journals: Journals, log: FilteringBoundLogger
) -> Iterator[AccountSetup]:
    """The switched-off accounts that may still have open positions. Every switched-off account is logged."""
    for credentials in configuration.switched_off():
        account = credentials.account
        found = open_positions(journals, account)
        if found is OpenPositions.NONE:
            log.info(f"{account} is switched off in nija.toml (enabled = false)")
            continue
        try:
            setup = configuration.setup(credentials)
        except StrategyError as error:
            log.warning(f"❌ {account} is switched off, but has an open position that cannot be managed: {error}")
            continue
        doubt = " (its journal cannot be read, so it may have one)" if found is OpenPositions.UNKNOWN else ""
        log.warning(f"⚠️  {account} is {SWITCHED_OFF}{doubt}", account=str(account))
        yield setup
