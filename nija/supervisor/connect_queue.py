"""Staggered connects: the accounts of one exchange connect one after another, never all at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brokers.clock import Clock

# A thread may wake late: without this, one late connect followed by one in time would come closer than promised.
_MARGIN = 0.25
# Who takes longer to connect hangs in a request, and must not keep the others from connecting.
_LONGEST_TURN = 10.0
_LOOK_AGAIN = 0.25


class ConnectQueue:
    """Hands out turns in the order in which they are asked for: `delay` seconds from the end of one to the next.

    From its end, because what a connect needs first of all, the exchange's time and markets, may itself have to wait:
    counted from their beginnings, the first requests of two keys could come closer than promised.
    """

    def __init__(self, clock: Clock, delay: float) -> None:
        self._clock = clock
        self._spacing = delay + _MARGIN if delay > 0 else 0.0
        self._lock = threading.Lock()
        self._numbers = count()
        self._waiting: list[int] = []
        self._holder: int | None = None
        self._free_from = clock.monotonic()

    def reserve(self) -> int:
        """A place in the queue, to be taken with `turn`."""
        with self._lock:
            number = next(self._numbers)
            self._waiting.append(number)
            return number

    @contextmanager
    def turn(self, place: int, pause: Callable[[float], None] | None = None) -> Iterator[Callable[[], None]]:
        """Connect within this block, and call what it is given once that is done; its end is soon enough, too.

        The block begins when the turn has come, or as soon as everything is to stop. `pause` waits so many seconds.
        """
        pause = pause or self._clock.sleep
        while (wait := self._take(place)) > 0 and not self._clock.stopping:
            pause(wait)
        try:
            yield lambda: self._give_back(place)
        finally:
            self._give_back(place)

    def _take(self, place: int) -> float:
        """Take the turn and return 0.0, or return how long to wait before asking again."""
        with self._lock:
            now = self._clock.monotonic()
            wait = self._wait(self._waiting.index(place), now) if self._spacing else 0.0
            if wait > 0:
                return wait
            self._waiting.remove(place)
            self._holder = place
            self._free_from = now + max(self._spacing, _LONGEST_TURN)
            return 0.0

    def _wait(self, ahead: int, now: float) -> float:
        """The least it can be: nobody knows how long the connects before will take."""
        free_in = self._free_from - now
        if ahead:
            return ahead * self._spacing + (max(0.0, free_in) if self._holder is None else 0.0)
        return free_in if self._holder is None else min(free_in, _LOOK_AGAIN)

    def _give_back(self, place: int) -> None:
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
            if self._holder == place:
                self._holder = None
                self._free_from = self._clock.monotonic() + self._spacing
