"""The journal of one account, as its trader and its readers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.journal.equity import EquityStore
from nija.journal.events import EventStore
from nija.journal.fills import FillStore
from nija.journal.holdings import HoldingStore
from nija.journal.identity import IdentityStore
from nija.journal.intents import IntentStore
from nija.journal.latches import LatchStore
from nija.journal.link import Link
from nija.journal.marks import MarkStore
from nija.journal.plans import PlanStore
from nija.journal.steps import no_hook

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from accounts.identity import AccountId
    from nija.journal.steps import Step, StepHook


class Journal:
    """Used by one thread at a time; other threads and processes open a reader of their own."""

    def __init__(
        self,
        connection: Connection,
        account: AccountId,
        *,
        on_step: StepHook = no_hook,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.account = account
        name = str(account)
        self._link = Link(connection, on_step)
        self._on_close = on_close
        self.intents = IntentStore(self._link, name)
        self.fills = FillStore(self._link, name)
        self.plans = PlanStore(self._link, name)
        self.equity = EquityStore(self._link, name)
        self.events = EventStore(self._link, name)
        self.latches = LatchStore(self._link, name)
        self.identity = IdentityStore(self._link, name)
        self.holdings = HoldingStore(self._link, name)
        self.marks = MarkStore(self._link, name)

    def transaction(self, step: Step) -> AbstractContextManager[None]:
        """Everything inside is on disk together once this ends, or not at all."""
        return self._link.transaction(step)

    def tidy(self) -> None:
        """Fold what was written lately into the file. Cheap, and meant for a moment in which nothing waits for it."""
        self._link.tidy()

    def close(self) -> None:
        self._link.close()
        self._on_close()
