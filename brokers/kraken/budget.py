"""The call budget of one key: Kraken's REST counter, and its lockouts.

Kraken keeps counting while NIJA restarts, so the counter is saved in a file beside the nonce mark. It is written at
every call without an fsync: a killed process loses nothing, and a power cut outlasts the decay of the counter.
"""

from __future__ import annotations

import math
import os
import threading
from typing import TYPE_CHECKING

from brokers.errors import BrokerError, LockedOut
from brokers.figures import duration
from brokers.throttle import DecayingCounter, wait_for_capacity

if TYPE_CHECKING:
    from pathlib import Path

    from brokers.clock import Clock
    from brokers.kraken.limits import KrakenTier

_WIDTH = 64


class KeyBudget:
    """Thread-safe. Times on disk are Unix seconds, in memory they are monotonic."""

    def __init__(self, path: Path, *, tier: KrakenTier, clock: Clock) -> None:
        self._path = path
        self._tier = tier
        self._clock = clock
        self._lock = threading.Lock()
        self._file = -1
        self._counter = DecayingCounter(tier.rest_maximum, tier.rest_decay)
        self._locked_until = 0.0

    def spend(self, cost: float, reserve: float, patience: float = math.inf) -> None:
        """Wait until there is capacity for a call, but no longer than `patience` seconds.

        Raises BudgetSpent if that is too short, LockedOut while the key is locked out, RateLimited when stopping.
        """
        if self._file < 0:
            self._restore()
        self._refuse_while_locked_out()
        if cost:
            wait_for_capacity(self._counter, self._clock, cost, reserve=reserve, patience=patience)
            self._save()

    def landed(self, cost: float) -> None:
        """A call passed by `spend` was answered or failed: its cost starts to decay."""
        if cost:
            self._counter.landed(cost, self._clock.monotonic())
            self._save()

    def left(self) -> float:
        """From 0 to 1; 0 while the key is locked out."""
        now = self._clock.monotonic()
        return 0.0 if now < self._locked_until else self._counter.left(now)

    def exhausted(self) -> None:
        """Kraken reports that the limit is exceeded."""
        self._counter.fill(self._clock.monotonic())
        self._save()

    def locked_out(self, seconds: float) -> None:
        """Kraken has locked the key out for `seconds`."""
        self._locked_until = self._clock.monotonic() + seconds
        self._save()

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
            self._file = -1

    def _refuse_while_locked_out(self) -> None:
        left = self._locked_until - self._clock.monotonic()
        if left > 0:
            raise LockedOut(f"Kraken has locked this key out; no requests for another {duration(left)}", left)

    def _save(self) -> None:
        now, wall = self._clock.monotonic(), self._clock.time()
        locked_until = wall + max(0.0, self._locked_until - now)
        level, in_flight = self._counter.level(now), self._counter.in_flight
        text = f"{level:.3f} {wall:.3f} {locked_until:.3f} {in_flight:.3f}".ljust(_WIDTH - 1) + "\n"
        with self._lock:
            if self._file < 0:
                return
            try:
                os.pwrite(self._file, text.encode(), 0)
            except OSError as error:
                raise BrokerError(
                    f"Cannot save the rate limit of this key ({error.strerror}): free some disk space"
                ) from error

    def _unusable(self, error: OSError) -> BrokerError:
        return BrokerError(
            f"Cannot save this key's rate limit in {self._path} ({error.strerror}). Make its folder writable by this "
            "user and free some disk space."
        )

    def _restore(self) -> None:
        """On the first call, when the key is certainly ours alone."""
        with self._lock:
            if self._file >= 0:
                return
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
                text = os.pread(self._file, _WIDTH, 0)
            except OSError as error:
                raise self._unusable(error) from error
            level, locked_for = self._read(text)
            now = self._clock.monotonic()
            self._counter.charge(level, now)
            self._locked_until = now + locked_for

    def _read(self, text: bytes) -> tuple[float, float]:
        """The counter now and the seconds the key stays locked out. An unreadable file counts as a full counter."""
        if not text:
            return 0.0, 0.0
        try:
            level, saved, locked_until, *in_flight_part = (float(part) for part in text.split())
        except ValueError:
            return self._tier.rest_maximum, 0.0
        # If the clock was set back, no time counts as passed.
        passed = max(0.0, self._clock.time() - saved)
        locked_for = max(0.0, locked_until - max(saved, self._clock.time()))
        # Calls in flight when the process ended may have arrived at any time since.
        in_flight = min(level, sum(in_flight_part))
        return max(0.0, level - in_flight - passed * self._tier.rest_decay) + in_flight, locked_for
