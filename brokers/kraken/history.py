"""Paging through Kraken's histories: 50 rows a page, newest first.

Pages are cut by `end`, not by `ofs`: rows that arrive meanwhile would shift every offset and hide rows behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import BrokerError, BudgetSpent
from brokers.kraken.wire import decimal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from brokers.clock import Clock

PAGE = 50
_KEPT = 600.0

Rows = dict[str, dict[str, Any]]


def start_param(since: datetime) -> str:
    """`start` is exclusive and in whole seconds: begin a second early, and let the caller drop what is too old."""
    return str(int(since.timestamp()) - 1)


class History:
    """Every row of one kind by id, once each, read in as many slices as the rate limit needs.

    A long history neither waits for its room nor begins anew: where there is none for the next page, `rows` raises
    BudgetSpent, and the next call goes on from there. What is complete is kept for some minutes, so that one that is
    asked for again, because another question found no room, costs a page.
    """

    def __init__(self, page: Callable[[dict[str, str]], Rows], time_field: str, clock: Clock) -> None:
        """`page` asks for one page with the given parameters."""
        self._page = page
        self._time_field = time_field
        self._clock = clock
        self._start = 0
        self._complete: Rows = {}
        self._completed = float("-inf")
        self._walk: _Walk | None = None

    def rows(self, since: datetime) -> Rows:
        """At least those from `since` on. Raises BrokerError."""
        start = int(start_param(since))
        if start < self._start or (self._walk is None and self._clock.monotonic() - self._completed > _KEPT):
            self._start, self._complete, self._walk = start, {}, None
        elif self._walk is None:
            self._forget_before(start)
        self._walk = self._walk or _Walk()
        while self._go(self._walk):
            # What arrived since its first page lies before all that an interrupted walk has read.
            self._walk = _Walk()
        self._walk, self._completed = None, self._clock.monotonic()
        return dict(self._complete)

    def _forget_before(self, start: int) -> None:
        self._start = start
        self._complete = {
            row_id: row
            for row_id, row in self._complete.items()
            if any(moment >= start for moment in _times([row], self._time_field))
        }

    def _go(self, walk: _Walk) -> bool:
        """Back to the start, or to what is complete; whether that was interrupted on the way."""
        asked = {"start": str(self._start)}
        try:
            while True:
                latest = self._page(asked | walk.cursor())
                walk.take(latest, self._time_field)
                if len(latest) < PAGE or latest.keys() & self._complete.keys():
                    break
        except BrokerError as error:
            walk.interrupted = bool(walk.rows)
            read = len(walk.rows) + len(self._complete)
            if isinstance(error, BudgetSpent) and read:
                raise BudgetSpent(
                    f"{error}: {read} rows of a long history are read so far", error.retry_after
                ) from error
            raise
        self._complete |= walk.rows
        return walk.interrupted


@dataclass(slots=True)
class _Walk:
    """From the newest row back."""

    rows: Rows = field(default_factory=dict)
    interrupted: bool = False
    end: str = ""
    offset: int = 0

    def cursor(self) -> dict[str, str]:
        return ({"end": self.end} if self.end else {}) | ({"ofs": str(self.offset)} if self.offset else {})

    def take(self, latest: Rows, time_field: str) -> None:
        fresh = latest.keys() - self.rows.keys()
        self.rows.update(latest)
        oldest = min(_times(latest.values(), time_field), default=None)
        if fresh and oldest is not None:
            self.end, self.offset = str(oldest.to_integral_value(rounding=ROUND_CEILING)), 0
        else:
            # More than a page of rows in one second: only an offset within it leads on.
            self.offset += PAGE


def _times(rows: Iterable[object], time_field: str) -> Iterable[Decimal]:
    """A row that does not say its time says nothing about where the next page begins."""
    for row in rows:
        try:
            yield decimal_of(row[time_field])  # type: ignore[index]  # what is no mapping is skipped as well
        except (LookupError, TypeError, ValueError, ArithmeticError):
            continue
