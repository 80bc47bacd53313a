"""The exchange's time as this process estimates it: measured now and then, extrapolated by the monotonic clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.errors import BrokerError
from brokers.shared_answer import SharedAnswer

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from datetime import datetime

    from brokers.clock import Clock

# Seconds by which wall clock and monotonic clock may drift apart: beyond this the machine slept or its time was set.
_MAX_DIVERGENCE = 1.0
# The worst drift assumed of a machine's clock: 86 s a day.
_DRIFT = 0.001
_EXACT = timedelta(0)
# Seconds before a failed measurement is repeated, because orders wait for it.
_FAILURE_TTL = 15.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The exchange's time at the moment `monotonic` (seconds), off by at most `error`."""

    time: datetime
    monotonic: float
    error: timedelta


def reading(answer: datetime, sent: float, received: float, precision: timedelta = _EXACT) -> Reading:
    """The reading behind an answer truncated to `precision`, requested and received at these monotonic moments."""
    half_trip = timedelta(seconds=(received - sent) / 2)
    return Reading(answer + precision / 2, (sent + received) / 2, half_trip + precision / 2)


@dataclass(frozen=True, slots=True)
class _Measurement:
    reading: Reading
    # Wall clock minus monotonic clock.
    divergence: float


class ExchangeClock:
    """Thread-safe: one clock serves all accounts of a process, and concurrent callers cost one request.

    A measurement is void once monotonic and wall clock have diverged since: the former ignores changes of the
    machine's time, the latter keeps running while the machine sleeps.
    """

    def __init__(self, ask: Callable[[], Reading], clock: Clock, asking: threading.Lock) -> None:
        """`asking` is held while a request is in flight; clocks and answers that use one client share one lock."""
        self._ask = ask
        self._clock = clock
        self._measured = SharedAnswer(self._measure, clock, asking)
        self._last: _Measurement | None = None
        self._doubted: _Measurement | None = None
        self._failed: tuple[float, BrokerError] | None = None

    def sync(self, max_age: float) -> None:
        """Measure again, unless the last measurement still holds and is younger than `max_age` seconds.

        Raises BrokerError if the exchange did not answer; the last measurement then stays in use.
        """
        if self._holds() and self._measured.age() <= max_age:
            return
        if self._failed is not None and self._clock.monotonic() - self._failed[0] < _FAILURE_TTL:
            raise self._failed[1]
        try:
            self._measured.get(max_age if self._last is None or self._holds() else 0.0)
        except BrokerError as error:
            self._failed = self._clock.monotonic(), error
            raise
        self._failed = None

    def doubt(self) -> None:
        """The exchange rejected a timestamp of ours: the next `sync` measures again, however recent the last one is."""
        self._doubted = self._last

    def now(self) -> datetime:
        """The exchange's time, or this machine's if it was never measured."""
        last = self._last
        if last is None:
            return utc_now(self._clock)
        return last.reading.time + timedelta(seconds=self._clock.monotonic() - last.reading.monotonic)

    def uncertainty(self) -> timedelta | None:
        """The largest possible error of `now` in either direction; None if unknown."""
        last = self._last
        if last is None or not self._holds():
            return None
        return last.reading.error + timedelta(seconds=_DRIFT * (self._clock.monotonic() - last.reading.monotonic))

    def skew(self) -> timedelta:
        """How far the exchange's clock is ahead of this machine's."""
        return self.now() - utc_now(self._clock)

    def _holds(self) -> bool:
        last = self._last
        return (
            last is not None
            and last is not self._doubted
            and abs(self._divergence() - last.divergence) <= _MAX_DIVERGENCE
        )

    def _measure(self) -> _Measurement:
        # Taken before the request, so that a sleep of the machine during it voids the answer.
        divergence = self._divergence()
        self._last = _Measurement(self._ask(), divergence)
        return self._last

    def _divergence(self) -> float:
        return self._clock.time() - self._clock.monotonic()
