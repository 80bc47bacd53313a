"""Time as something that is handed in, so that no test has to wait for it."""

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
        """Seconds that never step back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, or return early when everything is to stop."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait the whole time, also while everything stops: for what must still be finished."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether everything is to stop: no new wait or retry is begun."""
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
