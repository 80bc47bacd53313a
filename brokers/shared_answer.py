"""One request for many callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from brokers.errors import BrokerError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from brokers.clock import Clock

T = TypeVar("T")

# Seconds for which an account that connects accepts the markets another one has read.
MARKETS_TTL = 3_600.0
# Hundreds of accounts may ask for a refresh one after another: one request in this many seconds serves them all.
MARKETS_MIN_REFRESH = 60.0
# Seconds for which an account that connects accepts a measurement of the exchange's clock.
CLOCK_TTL = 10.0
# Seconds after which a decision that depends on the exchange's time measures its clock again.
CLOCK_MAX_AGE = 300.0


class SharedAnswer(Generic[T]):
    """Single-flight, thread-safe: callers who arrive while a request is in flight share the result of the next one.

    They share its failure too, so that callers do not queue for one timeout each while the exchange is down.
    """

    def __init__(self, ask: Callable[[], T], clock: Clock, asking: threading.Lock) -> None:
        """`asking` is held while a request is in flight; answers that use the same client share one lock."""
        self._ask = ask
        self._clock = clock
        self._asking = asking
        self._began = float("-inf")
        self._answered = float("-inf")
        self._answer: T | BrokerError | None = None

    def get(self, max_age: float) -> T:
        """The result of a request made within the last `max_age` seconds. Raises BrokerError."""
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
        """Seconds since the request behind the last good answer was sent; infinite before the first."""
        return self._clock.monotonic() - self._answered

    def _asked(self) -> T | BrokerError:
        try:
            answer = self._ask()
        except BrokerError as error:
            return error
        self._answered = self._began
        return answer
