"""A clock that runs faster than the machine's, the same in every process that is told its epoch.

With it none of NIJA's own waits, margins and deadlines has to be shortened for a test: a minute just passes sooner.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """`wall` (Unix seconds) was the time at `steady` (the machine's steady clock); since then it runs `factor` fast."""

    wall: float
    steady: float
    factor: float

    @classmethod
    def begins_now(cls, factor: float) -> Epoch:
        return cls(time.time(), time.monotonic(), factor)

    @property
    def passed(self) -> float:
        return (time.monotonic() - self.steady) * self.factor


class QuickClock:
    """A brokers.clock.Clock. `skew` is how many seconds its wall clock is wrong."""

    def __init__(self, epoch: Epoch, stop: threading.Event | None = None, *, skew: float = 0.0) -> None:
        self._epoch = epoch
        self._stop = stop or threading.Event()
        self._skew = skew

    def time(self) -> float:
        return self._epoch.wall + self._epoch.passed + self._skew

    def monotonic(self) -> float:
        return self._epoch.passed

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds / self._epoch.factor)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds / self._epoch.factor)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()
