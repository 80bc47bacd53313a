"""An exchange's clock as this process knows it: measured now and then, carried on by the steady clock."""

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

# Seconds by which the wall and the steady clock may part: more, and the machine slept or its time was set.
_PARTED = 1.0
# The worst that a machine's clock is taken to run wrong: 86 s a day.
_DRIFT = 0.001
_EXACT = timedelta(0)
# Seconds for which a question that failed is not asked again: orders wait for it.
_GIVEN_UP = 15.0


@dataclass(frozen=True, slots=True)
class Reading:
    """The exchange's time at the moment `steady` (monotonic seconds), off by at most `error`."""

    time: datetime
    steady: float
    error: timedelta


def reading(told: datetime, sent: float, received: float, precision: timedelta = _EXACT) -> Reading:
    """What `told` says when it was asked for and answered at these moments (monotonic), cut down to `precision`."""
    way = timedelta(seconds=(received - sent) / 2)
    return Reading(told + precision / 2, (sent + received) / 2, way + precision / 2)


@dataclass(frozen=True, slots=True)
class _Measurement:
    reading: Reading
    # The wall clock minus the steady one.
    parting: float


class ExchangeClock:
    """Thread-safe: one serves all accounts of a process, and many who need it at once cost one question.

    A measurement is void once the steady and the wall clock have parted since: one does not follow when the machine's
    time is set, the other goes on while the machine sleeps.
    """

    def __init__(self, ask: Callable[[], Reading], clock: Clock, asking: threading.Lock) -> None:
        """`asking` is held while a question is on its way; several answers of one client share it."""
        self._ask = ask
        self._clock = clock
        self._measured = SharedAnswer(self._measure, clock, asking)
        self._last: _Measurement | None = None
        self._doubted: _Measurement | None = None
        self._failed: tuple[float, BrokerError] | None = None

    def sync(self, max_age: float) -> None:
        """Measure anew, unless that was done within `max_age` seconds and still holds.

        Raises BrokerError where the exchange did not say; what was measured last is then carried on.
        """
        if self._holds() and self._measured.age() <= max_age:
            return
        if self._failed is not None and self._clock.monotonic() - self._failed[0] < _GIVEN_UP:
            raise self._failed[1]
        try:
            self._measured.get(max_age if self._last is None or self._holds() else 0.0)
        except BrokerError as error:
            self._failed = self._clock.monotonic(), error
            raise
        self._failed = None

    def doubt(self) -> None:
        """The exchange refused something for its time: the next `sync` measures anew, however young the last one is."""
        self._doubted = self._last

    def now(self) -> datetime:
        """The exchange's time; this machine's where it was never measured."""
        last = self._last
        if last is None:
            return utc_now(self._clock)
        return last.reading.time + timedelta(seconds=self._clock.monotonic() - last.reading.steady)

    def uncertainty(self) -> timedelta | None:
        """By how much `now` may be wrong at most, either way; None where nobody knows."""
        last = self._last
        if last is None or not self._holds():
            return None
        return last.reading.error + timedelta(seconds=_DRIFT * (self._clock.monotonic() - last.reading.steady))

    def skew(self) -> timedelta:
        """How far the exchange's clock is ahead of this machine's."""
        return self.now() - utc_now(self._clock)

    def _holds(self) -> bool:
        last = self._last
        return last is not None and last is not self._doubted and abs(self._parting() - last.parting) <= _PARTED

    def _measure(self) -> _Measurement:
        # Taken before the question: were the machine to sleep during it, the answer would be void at once.
        parting = self._parting()
        self._last = _Measurement(self._ask(), parting)
        return self._last

    def _parting(self) -> float:
        return self._clock.time() - self._clock.monotonic()
