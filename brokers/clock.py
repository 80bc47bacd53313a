"""Time is injected, so that no test waits for the real clock."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

# A part that is stopped alone wakes within this time.
_SLICE_SECONDS = 1.0


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


class PartClock:
    """The clock of one part of the process, which may be stopped alone: `stop` ends its sleeps within a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def time(self) -> float:
        return self._clock.time()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        end = self.monotonic() + seconds
        while (left := end - self.monotonic()) > 0 and not self.stopping:
            self._clock.sleep(min(left, _SLICE_SECONDS))

    def pause(self, seconds: float) -> None:
        self._clock.pause(seconds)

    @property
    def stopping(self) -> bool:
        return self._stop.is_set() or self._clock.stopping


def utc_now(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.time(), UTC)
