"""Paging through Kraken's histories: 50 rows a page, newest first.

Pages are cut by `end`, not by `ofs`: rows that arrive while paging would shift every offset and hide other rows.
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
# Seconds for which a history that was read is kept.
_SPAN_TTL = 600.0
# Seconds by which a later request may start after a kept history and still reuse it.
_SAME_START = 3_600

Rows = dict[str, dict[str, Any]]


def start_param(since: datetime) -> str:
    """`start` is exclusive and in whole seconds: start a second early; the caller drops rows that are too old."""
    return str(int(since.timestamp()) - 1)


class KrakenHistory:
    """Every row of one kind, once each, by id, read in as many calls as the rate limit requires.

    A long history neither blocks nor starts over: if there is no capacity for the next page, `rows` raises
    BudgetSpent, and the next call from about the same start continues there. A shorter history can be read in
    between. A complete one is kept for some minutes, so that reading it again costs one page.
    """

    def __init__(self, page: Callable[[dict[str, str], bool], Rows], time_field: str, clock: Clock) -> None:
        """`page` requests one page with the given parameters, urgently or not."""
        self._page = page
        self._time_field = time_field
        self._clock = clock
        self._spans: list[_Span] = []

    def rows(self, since: datetime, *, urgent: bool = False) -> Rows:
        """At least the rows from `since` on. `urgent` applies to the first page. Raises BrokerError."""
        span = self._span(int(start_param(since)))
        while self._continue(span, urgent=urgent):
            # Rows that arrived since the first page of an interrupted walk come before all that it has read.
            span.walk = _Walk()
        span.walk = _Walk()
        span.touched = self._clock.monotonic()
        return dict(span.complete)

    def _span(self, start: int) -> _Span:
        now = self._clock.monotonic()
        self._spans = [span for span in self._spans if now - span.touched <= _SPAN_TTL]
        span = next((span for span in self._spans if 0 <= start - span.start <= _SAME_START), None)
        if span is None:
            span = _Span(start)
            self._spans.append(span)
        span.touched = now
        return span

    def _continue(self, span: _Span, *, urgent: bool) -> bool:
        """Read back to the start or to complete rows; return whether the walk was interrupted before."""
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
                raise BudgetSpent(f"{error}: {read} rows of a long history read so far", error.retry_after) from error
            raise
        span.complete |= walk.rows
        return walk.interrupted


@dataclass(slots=True)
class _Walk:
    """One pass from the newest row backwards."""

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
            # More than a page of rows in one second: only an offset within it makes progress.
            self.offset += PAGE


@dataclass(slots=True)
class _Span:
    """The rows read from `start` (Unix seconds) on: `complete` without gaps, plus the walk in progress."""

    start: int
    complete: Rows = field(default_factory=dict)
    walk: _Walk = field(default_factory=_Walk)
    touched: float = 0.0


def _times(rows: Iterable[object], time_field: str) -> Iterable[Decimal]:
    """A row without a readable time cannot tell where the next page begins."""
    for row in rows:
        try:
            yield decimal_of(row[time_field])  # type: ignore[index]  # anything but a mapping is skipped too
        except (LookupError, TypeError, ValueError, ArithmeticError):
            continue
