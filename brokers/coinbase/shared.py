"""One question for many who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from brokers.clock import Clock

T = TypeVar("T")


class SharedAnswer(Generic[T]):
    """Thread-safe. A question begun after someone came to ask is as good as his own: many at once cost one."""

    def __init__(self, ask: Callable[[], T], clock: Clock, asking: threading.Lock) -> None:
        """`asking` is held while a question is on its way; several answers of one client share it."""
        self._ask = ask
        self._clock = clock
        self._asking = asking
        self._last: tuple[float, T] | None = None

    def get(self, max_age: float) -> T:
        """An answer asked for within the last `max_age` seconds. Raises what the question raises."""
        oldest = self._clock.monotonic() - max_age
        with self._asking:
            if self._last is None or self._last[0] <= oldest:
                began = self._clock.monotonic()
                self._last = (began, self._ask())
            return self._last[1]
