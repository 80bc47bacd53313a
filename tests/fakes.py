"""What tests hand in where the daemon takes the world: a clock that moves only when it is told to."""

from __future__ import annotations

import threading
import time


class ManualClock:
    """A Clock whose sleeps pass at once and are remembered; the wall clock can be set apart from the steady one."""

    def __init__(self, wall: float = 1_700_000_000.0) -> None:
        self.wall = wall
        self.steady = 0.0
        self.sleeps: list[float] = []
        self.stopping = False

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds


class FlowingClock:
    """The machine's clock, but a sleep is over at once and the time has passed: for two sides that share it."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._lock = threading.Lock()
        self.sleeps: list[float] = []
        self.stopping = False

    def time(self) -> float:
        return time.time() + self._ahead

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self._ahead += seconds
