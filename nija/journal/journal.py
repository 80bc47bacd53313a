"""The journal of one account, for its trader and for readers."""

from __future__ import annotations

from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from brokers.clock import Clock, utc_now
from nija.journal.connection import CommitHook, CommitPoint, JournalConnection, no_hook
from nija.journal.equity import EquityStore, PortfolioStore
from nija.journal.errors import JournalError
from nija.journal.fills import FillStore
from nija.journal.halts import HaltStore
from nija.journal.history import HistoryStore
from nija.journal.identity import IdentityStore
from nija.journal.intents import IntentStore
from nija.journal.plans import PlanStore
from nija.journal.reconciled import HoldingStore, WatermarkStore
from nija.journal.retention import KEPT_FOR_LONG, JournalRetention

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from accounts.identity import AccountId

# A start has more urgent work.
_FIRST_PRUNE_SECONDS = 600.0
# Old rows are deleted in batches, so that no order waits for it.
_PRUNE_BATCH = 2_000


class Journal:
    """Used by one thread at a time; other threads and processes open a reader of their own."""

    def __init__(
        self,
        connection: Connection,
        account: AccountId,
        clock: Clock,
        *,
        retention: JournalRetention = KEPT_FOR_LONG,
        on_commit: CommitHook = no_hook,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self.account = account
        name = str(account)
        self._connection = JournalConnection(connection, on_commit)
        self._on_close = on_close
        self._clock = clock
        self._retention = retention
        self._prune_at = clock.monotonic() + _FIRST_PRUNE_SECONDS
        self.intents = IntentStore(self._connection, name)
        self.fills = FillStore(self._connection, name)
        self.plans = PlanStore(self._connection, name)
        self.equity = EquityStore(self._connection, name)
        self.portfolio = PortfolioStore(self._connection, name)
        self.history = HistoryStore(self._connection, name)
        self.halts = HaltStore(self._connection, name)
        self.identity = IdentityStore(self._connection, name)
        self.holdings = HoldingStore(self._connection, name)
        self.watermarks = WatermarkStore(self._connection, name)

    def transaction(self, step: CommitPoint) -> AbstractContextManager[None]:
        """Everything inside is committed to disk together, or not at all."""
        return self._connection.transaction(step)

    def tidy(self) -> None:
        """Delete old rows now and then, and checkpoint the WAL.

        Cheap; call it when nothing waits for the journal.
        """
        # If deleting fails now, it is done later: nothing depends on it.
        with suppress(JournalError):
            self._prune()
        self._connection.tidy()

    def _prune(self) -> None:
        """Orders and fills are kept for ever; their transitions and the history are not."""
        if self._clock.monotonic() < self._prune_at:
            return
        now, kept = utc_now(self._clock), self._retention
        deleted = (
            self.history.forget_before(now - kept.history, _PRUNE_BATCH),
            self.intents.forget_transitions_before(now - kept.transitions, _PRUNE_BATCH),
            self.equity.thin_points(now, _PRUNE_BATCH),
        )
        if max(deleted) < _PRUNE_BATCH:
            self._prune_at = self._clock.monotonic() + kept.interval.total_seconds()

    def close(self) -> None:
        self._connection.close()
        self._on_close()
