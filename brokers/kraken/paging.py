"""Paging through Kraken's histories: 50 rows a page, newest first.

Pages are cut by `end`, not by `ofs`: rows that arrive meanwhile would shift every offset and hide rows behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import BrokerError, BudgetSpent
from brokers.kraken.json_fields import decimal_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from brokers.clock import Clock

PAGE = 50
_KEPT = 600.0
_ABOUT_THE_SAME = 3_600

Rows = dict[str, dict[str, Any]]


def start_param(since: datetime) -> str:
    """`start` is exclusive and in whole seconds: begin a second early, and let the caller drop what is too old."""
    return str(int(since.timestamp()) - 1)


class History:
    """Every row of one kind by id, once each, read in as many slices as the rate limit needs.

    A long history neither waits for its room nor begins anew: where there is none for the next page, `rows` raises
    BudgetSpent, and the next call from about the same moment goes on from there. Meanwhile a shorter one is read by
    itself. What is complete is kept for some minutes: asked for again, it costs a page.
    """

    def __init__(self, page: Callable[[dict[str, str], bool], Rows], time_field: str, clock: Clock) -> None:
        """`page` asks for one page with the given parameters, urgently or not."""
        self._page = page
        self._time_field = time_field
        self._clock = clock
        self._spans: list[_Span] = []

    def rows(self, since: datetime, *, urgent: bool = False) -> Rows:
        """At least those from `since` on; `urgent` is what waits for the first page. Raises BrokerError."""
        span = self._span(int(start_param(since)))
        while self._go(span, urgent=urgent):
            # What arrived since its first page lies before all that an interrupted walk has read.
            span.walk = _Walk()
        span.walk = _Walk()
        span.touched = self._clock.monotonic()
        return dict(span.complete)

    def _span(self, start: int) -> _Span:
        now = self._clock.monotonic()
        self._spans = [span for span in self._spans if now - span.touched <= _KEPT]
        span = next((span for span in self._spans if 0 <= start - span.start <= _ABOUT_THE_SAME), None)
        if span is None:
            span = _Span(start)
            self._spans.append(span)
        span.touched = now
        return span

    def _go(self, span: _Span, *, urgent: bool) -> bool:
        """Back to the start, or to what is complete; whether that was interrupted on the way."""
        walk, asked = span.walk, {"start": str(span.start)}
        try:
            while True:
                cursor = walk.cursor()
                latest = self._page(asked | cursor, urgent and not cursor)
                walk.take(latest, self._time_field)
                if len(latest) < PAGE or latest.keys() & span.complete.keys():
                    break
        except BrokerError as error:
            walk.interrupted = bool(walk.rows)
            read = len(walk.rows) + len(span.complete)
            if isinstance(error, BudgetSpent) and read:
                raise BudgetSpent(
                    f"{error}: {read} rows of a long history are read so far", error.retry_after
                ) from error
            raise
        span.complete |= walk.rows
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


@dataclass(slots=True)
class _Span:
    """What is read from `start` (Unix seconds) on: `complete` without a gap, and the walk that is under way."""

    start: int
    complete: Rows = field(default_factory=dict)
    walk: _Walk = field(default_factory=_Walk)
    touched: float = 0.0


def _times(rows: Iterable[object], time_field: str) -> Iterable[Decimal]:
    """A row that does not say its time says nothing about where the next page begins."""
    for row in rows:
        try:
            yield decimal_of(row[time_field])  # type: ignore[index]  # what is no mapping is skipped as well
        except (LookupError, TypeError, ValueError, ArithmeticError):
            continue
