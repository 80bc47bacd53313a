"""What tests hand in where the daemon takes the world: a clock that moves only when it is told to."""

from __future__ import annotations


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

    def pause(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds
