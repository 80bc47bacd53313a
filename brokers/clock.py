"""Time is injected, so that no test waits for the real clock."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def time(self) -> float:
        """Wall clock, Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, or return early when the process is stopping."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait the whole time even while stopping, for work that must still be finished."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether the process is stopping: start no new wait or retry."""
        ...


class SystemClock:
    """The machine's clock; `stop` ends every sleep at once."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()


def utc_now(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.time(), UTC)
