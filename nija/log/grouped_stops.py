"""The log's lines about stops: where stops move all the time, the moves of a minute are one line."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.events import OrderFilled, PositionClosed, StopMoved, StopPlaced

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.events import Event
    from nija.log.event_lines import EventLines

_GROUP_SECONDS = 60.0


@dataclass(slots=True)
class _Moves:
    """The moves of one stop since its last line, which was written at `written` (steady clock)."""

    written: float
    amount: Decimal
    last: StopPlaced | StopMoved | None = None
    count: int = 0


class GroupedStops:
    """A listener in front of `lines`. Any thread may call it; `look` is called every few seconds, `flush` at the end.

    A stop's first line is written at once, and so is a stop for another amount. A fill ends the group.
    """

    def __init__(self, lines: EventLines, clock: Clock) -> None:
        self._lines = lines
        self._clock = clock
        self._lock = threading.Lock()
        self._stops: dict[tuple[AccountId, str], _Moves] = {}

    def on_event(self, event: Event) -> None:
        if isinstance(event, StopPlaced | StopMoved):
            self._on_stop(event)
            return
        if isinstance(event, OrderFilled | PositionClosed):
            with self._lock:
                ended = self._stops.pop((event.account, event.market), None)
            self._write(ended)
        self._lines.write(event)

    def look(self) -> None:
        """Write the groups whose minute is over."""
        begun = self._clock.monotonic() - _GROUP_SECONDS
        self._write_all(lambda moves: moves.written <= begun)

    def flush(self) -> None:
        """Write every group."""
        self._write_all(lambda _: True)

    def _on_stop(self, event: StopPlaced | StopMoved) -> None:
        now, stop = self._clock.monotonic(), (event.account, event.market)
        with self._lock:
            moves = self._stops.get(stop)
            is_move = moves is not None and moves.amount == event.amount
            if moves is not None and is_move and now - moves.written < _GROUP_SECONDS:
                moves.last, moves.count = event, moves.count + 1
                return
            self._stops[stop] = _Moves(now, event.amount)
        if not is_move:
            self._write(moves)
        self._lines.write(event, moves=1 + moves.count if moves is not None and is_move else 1)

    def _write_all(self, is_due: Callable[[_Moves], bool]) -> None:
        now = self._clock.monotonic()
        with self._lock:
            due = {stop: moves for stop, moves in self._stops.items() if is_due(moves)}
            for stop, moves in due.items():
                if moves.count:
                    self._stops[stop] = _Moves(now, moves.amount)
                else:
                    del self._stops[stop]
        for moves in due.values():
            self._write(moves)

    def _write(self, moves: _Moves | None) -> None:
        if moves is not None and moves.last is not None:
            self._lines.write(moves.last, moves=moves.count)
