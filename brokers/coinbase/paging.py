"""A long list read some pages at a time, so that an account with a long history goes on with its exits meanwhile."""

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
_PAGES_AT_ONCE = 60
# Nobody knows how long a cursor holds: one that was used longer ago than this is used no more.
_CURSOR_HOLDS = timedelta(minutes=10)
# Whoever asks for the last so many days asks from a little later each time.
_SAME_START = timedelta(hours=1)
_NO_TIME = timedelta(0)
_PAUSE = 0.5


@dataclass(slots=True)
class Slices:
    """What was read of a list from `start` on. What came after `began` may be missing; `used` is the last reading.

    All times are the exchange's.
    """

    start: datetime
    began: datetime
    used: datetime
    rows: list[JsonObject] = field(default_factory=list)
    cursor: str | None = None


class SlicedList:
    """One list of the exchange, cut by a moment in time."""

    def __init__(self, client: CoinbaseClient, clock: Clock, path: str, name: str, since: str) -> None:
        """`since` is the parameter that takes the moment; `name` is what the answer calls its rows."""
        self._client = client
        self._clock = clock
        self._path = path
        self._name = name
        self._since = since
        self._unfinished: Slices | None = None

    def read(self, start: datetime, now: datetime, **params: object) -> Slices:
        """Everything from `start` on. `now` is the exchange's time.

        Raises BudgetSpent while there is more: the next call goes on where this one ended.
        """
        slices = self._begun(start, now)
        try:
            done = self._some(slices, params)
        except RequestRefused:
            # The cursor may be what is refused.
            self._forget(slices)
            raise
        if not done:
            self._unfinished = slices
            raise BudgetSpent(f"Reading a long history of {self._name}: {len(slices.rows)} so far", _PAUSE)
        self._forget(slices)
        return slices

    def _begun(self, start: datetime, now: datetime) -> Slices:
        """The same question asked a while later goes on; any other is a new one."""
        slices = self._unfinished
        same = slices is not None and _NO_TIME <= start - slices.start <= _SAME_START
        if slices is None or not same or not _NO_TIME <= now - slices.used <= _CURSOR_HOLDS:
            return Slices(start, now, now)
        slices.used = now
        return slices

    def _forget(self, slices: Slices) -> None:
        if slices is self._unfinished:
            self._unfinished = None

    def _some(self, slices: Slices, params: JsonObject) -> bool:
        """Whether the last page was among those read now."""
        for page in range(_PAGES_AT_ONCE):
            if page and self._clock.stopping:
                raise RateLimited(f"Stopping: the history of {self._name} is not read on", _PAUSE)
            found, slices.cursor = self._client.page(
                self._path, self._name, slices.cursor, limit=_PAGE, **{self._since: rfc3339(slices.start)}, **params
            )
            slices.rows += found
            if slices.cursor is None:
                return True
        return False
