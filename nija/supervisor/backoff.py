"""Exponential backoff with jitter."""

from __future__ import annotations

import random


class Backoff:
    """Doubles from `first` to `longest` seconds; each wait is random between half and all of that."""

    def __init__(self, first: float, longest: float, rng: random.Random | None = None) -> None:
        self._first = first
        self._longest = longest
        self._rng = rng or random.SystemRandom()
        self._next = first

    def wait(self) -> float:
        """The next wait in seconds; the one after it is longer."""
        top = self._next
        self._next = min(self._next * 2, self._longest)
        return self._rng.uniform(top / 2, top)

    def reset(self) -> None:
        self._next = self._first
