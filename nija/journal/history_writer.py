"""Writes the events of each account into its journal, as rows for people to read."""

from __future__ import annotations

import re
import threading
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING

from brokers.clock import Clock, utc_now
from nija import events
from nija.journal.connection import CommitPoint
from nija.journal.errors import JournalError
from nija.journal.records import HaltName

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.identity import AccountId
    from nija.journal.journal import Journal

# Per account whose journal cannot be written.
_KEPT_AT_MOST = 200
# They concern no account, or are a step towards an event that is kept.
_LEFT_OUT = (
    events.AccountConnecting,
    events.AccountRegistered,
    events.DaemonStarted,
    events.DaemonStopped,
    events.DailySummary,
    events.FeedBack,
    events.FeedSilent,
    events.MonthlyReport,
)
# A command's row is written together with the halts it sets, whether or not a daemon runs.
_COMMANDED = frozenset({HaltName.STOP_TRADING.value, HaltName.FLATTEN.value})
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
# They have columns of their own, or concern the log alone.
_NOT_DETAIL = frozenset({"account", "market", "is_logged"})


class HistoryWriter:
    """Listens to the process's events. `on_event` is called by any thread, `write` by the account's thread.

    Events are buffered until the account's cycle ends, so that no order waits for them.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[AccountId, list[tuple[datetime, events.Event]]] = {}
        self._refused: dict[AccountId, events.OrderRefused] = {}

    def on_event(self, event: events.Event) -> None:
        if isinstance(event, _LEFT_OUT) or self._is_repeated(event):
            return
        if isinstance(event, events.LimitReached) and event.limit in _COMMANDED:
            return
        with self._lock:
            waiting = self._waiting.setdefault(event.account, [])
            waiting.append((utc_now(self._clock), event))
            del waiting[:-_KEPT_AT_MOST]

    def is_waiting(self, account: AccountId) -> bool:
        return account in self._waiting

    def write(self, journal: Journal) -> None:
        """Write the buffered events of this journal's account; if that fails they stay buffered."""
        if not self.is_waiting(journal.account):
            return
        with self._lock:
            waiting = self._waiting.pop(journal.account)
        try:
            with journal.transaction(CommitPoint.NOTED):
                for time, event in waiting:
                    journal.history.add(
                        kind_of(event), time, market=getattr(event, "market", None), detail=_detail(event)
                    )
        except JournalError:
            with self._lock:
                self._waiting[journal.account] = (waiting + self._waiting.get(journal.account, []))[-_KEPT_AT_MOST:]

    def _is_repeated(self, event: events.Event) -> bool:
        """Whether this is the same refusal as the last one: repeated refusals make one row."""
        if not isinstance(event, events.OrderRefused):
            return False
        before = self._refused.get(event.account)
        self._refused[event.account] = event
        return event == before


def kind_of(event: events.Event) -> str:
    """`order_filled` for an OrderFilled."""
    return _WORD.sub("_", type(event).__name__).lower()


def _detail(event: events.Event) -> dict[str, object]:
    """The event's fields; the journal writes figures as text everywhere."""
    values = {field.name: getattr(event, field.name) for field in fields(event) if field.name not in _NOT_DETAIL}
    return {name: value.name.lower() if isinstance(value, Enum) else value for name, value in values.items()}
