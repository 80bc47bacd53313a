"""The journal of one account, as its trader and its readers see it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from nija.journal.commit_points import no_hook
from nija.journal.connection import JournalConnection
from nija.journal.equity import EquityStore
from nija.journal.errors import JournalError
from nija.journal.fills import FillStore
from nija.journal.halts import HaltStore
from nija.journal.history import HistoryStore
from nija.journal.holdings import HoldingStore
from nija.journal.identity import IdentityStore
from nija.journal.intents import IntentStore
from nija.journal.plans import PlanStore
from nija.journal.portfolio import PortfolioStore
from nija.journal.watermarks import WatermarkStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.journal.commit_points import CommitPoint, StepHook

_HISTORY_KEPT = timedelta(days=400)
_TRANSITIONS_KEPT = timedelta(days=90)
_PRUNE_SECONDS = 86_400.0
# At a start there is other work.
_BEFORE_FIRST_PRUNE_SECONDS = 600.0
# What has gathered for long goes in parts, so that no order waits for it.
_PRUNED_AT_ONCE = 2_000


class Journal:
    """Used by one thread at a time; other threads and processes open a reader of their own."""

    def __init__(
        self,
        connection: Connection,
        account: AccountId,
        clock: Clock,
        *,
        on_step: StepHook = no_hook,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.account = account
        name = str(account)
        self._link = JournalConnection(connection, on_step)
        self._on_close = on_close
        self._clock = clock
        self._prune_at = clock.monotonic() + _BEFORE_FIRST_PRUNE_SECONDS
        self.intents = IntentStore(self._link, name)
        self.fills = FillStore(self._link, name)
        self.plans = PlanStore(self._link, name)
        self.equity = EquityStore(self._link, name)
        self.portfolio = PortfolioStore(self._link, name)
        self.history = HistoryStore(self._link, name)
        self.halts = HaltStore(self._link, name)
        self.identity = IdentityStore(self._link, name)
        self.holdings = HoldingStore(self._link, name)
        self.marks = WatermarkStore(self._link, name)

    def transaction(self, step: CommitPoint) -> AbstractContextManager[None]:
        """Everything inside is on disk together once this ends, or not at all."""
        return self._link.transaction(step)

    def tidy(self) -> None:
        """Forget what is old, once a day, and fold what was written lately into the file.

        Cheap, and meant for a moment in which nothing waits for it.
        """
        # What cannot be forgotten now is forgotten later: nothing depends on it.
        with suppress(JournalError):
            self._prune()
        self._link.tidy()

    def _prune(self) -> None:
        """Orders and fills are kept for ever; how an order came to its end, and what happened beside, is not."""
        if self._clock.monotonic() < self._prune_at:
            return
        now = utc_now(self._clock)
        forgotten = (
            self.history.forget_before(now - _HISTORY_KEPT, _PRUNED_AT_ONCE),
            self.intents.forget_transitions_before(now - _TRANSITIONS_KEPT, _PRUNED_AT_ONCE),
        )
        if max(forgotten) < _PRUNED_AT_ONCE:
            self._prune_at = self._clock.monotonic() + _PRUNE_SECONDS

    def close(self) -> None:
        self._link.close()
        self._on_close()
