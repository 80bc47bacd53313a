"""Staggered connects: the accounts of one exchange connect one after another, never all at once."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brokers.clock import Clock

# A thread may wake late. Without this margin, a late connect and a punctual one could be closer than `delay`.
_MARGIN = 0.25
# A connect that takes longer is assumed to hang, and must not hold up the others.
_LONGEST_TURN = 10.0
_POLL_SECONDS = 0.25


class ConnectQueue:
    """Grants turns in order of reservation, with `delay` seconds from the end of one turn to the start of the next.

    The delay counts from the end because a connect may first have to wait for the exchange's time and markets: counted
    from the start, the first requests of two keys could be closer than `delay`.
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
        """Reserve a place in the queue, for `turn`."""
        with self._lock:
            number = next(self._numbers)
            self._waiting.append(number)
            return number

    def cancel(self, place: int) -> None:
        """Give up a reserved place that `turn` will not be called for."""
        self._give_back(place)

    @contextmanager
    def turn(
        self, place: int, pause: Callable[[float], None] | None = None, clock: Clock | None = None
    ) -> Iterator[Callable[[], None]]:
        """Connect within this block. Call the yielded function to end the turn before the block ends.

        The block begins when it is this place's turn, or when `clock`, the account's own, is stopping. `pause` waits
        for a number of seconds.
        """
        clock = clock or self._clock
        pause = pause or clock.sleep
        while (wait := self._take(place)) > 0 and not clock.stopping:
            pause(wait)
        try:
            yield lambda: self._give_back(place)
        finally:
            self._give_back(place)

    def _take(self, place: int) -> float:
        """Take the turn and return 0.0, or return how many seconds to wait before trying again."""
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
        """The minimum: how long the connects before this one take is unknown."""
        free_in = self._free_from - now
        if ahead:
            return ahead * self._spacing + (max(0.0, free_in) if self._holder is None else 0.0)
        return free_in if self._holder is None else min(free_in, _POLL_SECONDS)

    def _give_back(self, place: int) -> None:
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
            if self._holder == place:
                self._holder = None
                self._free_from = self._clock.monotonic() + self._spacing
