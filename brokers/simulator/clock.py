"""The simulated exchange's own clock, which may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.clock import Clock

_MILLION = 1e6


class SimulatedClock:
    """A Clock on top of another one: `offset` seconds ahead of it and `drift_ppm` parts per million faster."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._offset = 0.0
        self._drift = 0.0
        self._since = base.time()

    @property
    def stopping(self) -> bool:
        return self._base.stopping

    def time(self) -> float:
        return self.at(self._base.time())

    def at(self, moment: float) -> float:
        """Its time at a moment of the underlying clock."""
        return moment + self._offset + (moment - self._since) * self._drift

    def monotonic(self) -> float:
        return self._base.monotonic()

    def sleep(self, seconds: float) -> None:
        self._base.sleep(seconds)

    def pause(self, seconds: float) -> None:
        self._base.pause(seconds)

    def set_wrong(self, offset: float | None = None, drift_ppm: float | None = None) -> None:
        """From now on; None keeps the current offset or drift."""
        now = self._base.time()
        self._offset = self.at(now) - now if offset is None else offset
        self._since = now
        self._drift = self._drift if drift_ppm is None else drift_ppm / _MILLION
