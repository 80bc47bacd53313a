"""Which market is left in peace for a while, because asking it keeps the others waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection

    from brokers.clock import Clock

K = TypeVar("K")

_LONGEST = 300.0


class PollBackoff(Generic[K]):
    """One that fails while others answer is asked ever less often, at last every five minutes."""

    def __init__(self, clock: Clock, first: float) -> None:
        """`first` is the wait in seconds after the first failure."""
        self._clock = clock
        self._first = first
        self._waits: dict[K, float] = {}
        self._until: dict[K, float] = {}

    def is_backing_off(self, key: K) -> bool:
        return self._clock.monotonic() < self._until.get(key, 0.0)

    def note(self, answered: Collection[K], failed: Collection[K]) -> None:
        """What one pass has shown. Where nothing answered, the exchange is at fault, and nobody rests."""
        if not answered:
            self._waits.clear()
            self._until.clear()
        for key in answered:
            self._waits.pop(key, None)
            self._until.pop(key, None)
        for key in failed if answered else ():
            wait = min(2 * self._waits[key], _LONGEST) if key in self._waits else self._first
            self._waits[key] = wait
            self._until[key] = self._clock.monotonic() + wait
