"""One question for many who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from brokers.errors import BrokerError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from brokers.clock import Clock

T = TypeVar("T")

# Seconds that a list of markets holds for an account that connects.
MARKETS_LAST = 3_600.0
# Hundreds of accounts may ask for a refresh one after another; one in so many seconds serves them all.
MARKETS_AGAIN = 60.0
# A measured clock serves all accounts that connect within so many seconds.
CLOCK_SHARED = 10.0


class SharedAnswer(Generic[T]):
    """Thread-safe. A question begun after someone came to ask is as good as his own: many at once cost one.

    That holds for its failure too, so that while the exchange is silent nobody waits for each of the others in turn.
    """

    def __init__(self, ask: Callable[[], T], clock: Clock, asking: threading.Lock) -> None:
        """`asking` is held while a question is on its way; several answers of one client share it."""
        self._ask = ask
        self._clock = clock
        self._asking = asking
        self._began = float("-inf")
        self._answered = float("-inf")
        self._answer: T | BrokerError | None = None

    def get(self, max_age: float) -> T:
        """An answer asked for within the last `max_age` seconds. Raises BrokerError."""
        came = self._clock.monotonic()
        with self._asking:
            answer = self._answer
            if answer is None or self._began <= (came if isinstance(answer, BrokerError) else came - max_age):
                self._began = self._clock.monotonic()
                answer = self._answer = self._asked()
        if isinstance(answer, BrokerError):
            raise answer
        return answer

    def age(self) -> float:
        """Seconds since the question behind the last good answer was asked; infinite before it."""
        return self._clock.monotonic() - self._answered

    def _asked(self) -> T | BrokerError:
        try:
            answer = self._ask()
        except BrokerError as error:
            return error
        self._answered = self._began
        return answer
