"""Reads a long list a few pages at a time, so that an account with a long history can place exits in between."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import rfc3339
from brokers.errors import BudgetSpent, RateLimited, RequestRefused

if TYPE_CHECKING:
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.json_fields import JsonObject

_PAGE = 100
_PAGES_PER_CALL = 60
# How long a cursor stays valid is not documented: one that is older than this is not used any more.
_CURSOR_TTL = timedelta(minutes=10)
# Callers who read the last few days start a little later each time.
_SAME_START = timedelta(hours=1)
_NO_TIME = timedelta(0)
_PAUSE = 0.5


@dataclass(slots=True)
class HistoryRows:
    """The rows read from `start` on. Rows added after `began` may be missing; `used` is the time of the last request.

    All times are the exchange's.
    """

    start: datetime
    began: datetime
    used: datetime
    rows: list[JsonObject] = field(default_factory=list)
    cursor: str | None = None


class CoinbaseHistory:
    """One list of the exchange, read from a given time on."""

    def __init__(self, client: CoinbaseClient, clock: Clock, path: str, name: str, since: str) -> None:
        """`since` is the name of the parameter for the start; `name` is the field that holds the rows."""
        self._client = client
        self._clock = clock
        self._path = path
        self._name = name
        self._since = since
        self._unfinished: HistoryRows | None = None

    def read(self, start: datetime, now: datetime, **params: object) -> HistoryRows:
        """Everything from `start` on. `now` is the exchange's time.

        Raises BudgetSpent while there is more; the next call continues where this one ended.
        """
        history = self._resumed(start, now)
        try:
            done = self._read_pages(history, params)
        except RequestRefused:
            # The cursor may be the reason for the refusal.
            self._forget(history)
            raise
        if not done:
            self._unfinished = history
            raise BudgetSpent(f"Reading a long history of {self._name}: {len(history.rows)} rows so far", _PAUSE)
        self._forget(history)
        return history

    def _resumed(self, start: datetime, now: datetime) -> HistoryRows:
        """Continues an unfinished read from about the same start; anything else is a new read."""
        history = self._unfinished
        same = history is not None and _NO_TIME <= start - history.start <= _SAME_START
        if history is None or not same or not _NO_TIME <= now - history.used <= _CURSOR_TTL:
            return HistoryRows(start, now, now)
        history.used = now
        return history

    def _forget(self, history: HistoryRows) -> None:
        if history is self._unfinished:
            self._unfinished = None

    def _read_pages(self, history: HistoryRows, params: JsonObject) -> bool:
        """Return whether the last page was reached."""
        for page in range(_PAGES_PER_CALL):
            if page and self._clock.stopping:
                raise RateLimited(f"Stopping: the history of {self._name} is not read any further", _PAUSE)
            found, history.cursor = self._client.page(
                self._path, self._name, history.cursor, limit=_PAGE, **{self._since: rfc3339(history.start)}, **params
            )
            history.rows += found
            if history.cursor is None:
                return True
        return False
