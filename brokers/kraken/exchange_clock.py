"""Kraken's clock as this process knows it: measured once, carried on by the steady clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.shared import CLOCK_SHARED

if TYPE_CHECKING:
    from brokers.clock import Clock
    from brokers.kraken.public import KrakenPublic

_DRIFT = 1.0


class ExchangeClock:
    """A measurement, void once the steady and the wall clock drift apart.

    One does not follow when the machine's time is set, the other goes on while the machine sleeps.
    """

    def __init__(self, public: KrakenPublic, clock: Clock) -> None:
        self._public = public
        self._clock = clock
        # Unmeasured, the machine's own clock is the best guess.
        self._told = utc_now(clock)
        self._measured = False
        self._remember()

    def measure(self) -> timedelta:
        """Ask Kraken; return how far its clock is ahead of this machine's.

        For the first time the answer that another account has just had will do.
        """
        self._told = self._public.recent_server_time(0.0 if self._measured else CLOCK_SHARED)
        self._measured = True
        self._remember()
        return self._told - datetime.fromtimestamp(self._wall, UTC)

    def now(self) -> datetime:
        return self._told + timedelta(seconds=self._clock.monotonic() - self._steady)

    def measure_if_void(self) -> None:
        passed_wall = self._clock.time() - self._wall
        passed_steady = self._clock.monotonic() - self._steady
        if abs(passed_wall - passed_steady) > _DRIFT:
            self.measure()

    def _remember(self) -> None:
        self._steady = self._clock.monotonic()
        self._wall = self._clock.time()
