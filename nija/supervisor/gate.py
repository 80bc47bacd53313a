"""Staggered connects: the accounts of one exchange connect one after another, never all at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.clock import Clock

# A thread may wake late: without this, one late connect followed by one in time would come closer than promised.
_MARGIN = 0.25


class ConnectGate:
    """Hands out turns at least `delay` seconds apart, in the order in which they are asked for."""

    def __init__(self, clock: Clock, delay: float) -> None:
        self._clock = clock
        self._spacing = delay + _MARGIN if delay > 0 else 0.0
        self._lock = threading.Lock()
        self._next_turn = clock.monotonic()

    def reserve(self) -> float:
        """Take the next free turn: the monotonic moment at which its holder may connect."""
        with self._lock:
            turn = max(self._clock.monotonic(), self._next_turn)
            self._next_turn = turn + self._spacing
            return turn

    def wait_for(self, turn: float) -> None:
        """Sleep until `turn`, or until everything is to stop."""
        while (remaining := turn - self._clock.monotonic()) > 0 and not self._clock.stopping:
            self._clock.sleep(remaining)
