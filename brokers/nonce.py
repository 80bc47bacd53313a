"""The strictly increasing nonce of one API key, in microseconds.

Kraken rejects any nonce that is not above the highest one it has seen for the key. A mark on disk therefore stays
above every nonce that may have been used: it moves ahead in blocks, before any nonce of a block is handed out. A kill
at any moment or a clock set back then repeats no nonce, and a request costs no fsync.
"""

from __future__ import annotations

import os
import random
import threading
from collections import deque
from typing import TYPE_CHECKING

from brokers.errors import BrokerError

if TYPE_CHECKING:
    from pathlib import Path

    from brokers.clock import Clock

_MICROS = 1_000_000
_BLOCK = 10 * _MICROS
# While the mark is ahead of the clock, nonces grow by one per request; small blocks keep it from running away.
_SMALL_BLOCK = 10_000
_STRIDES = (10 * _MICROS, 600 * _MICROS, 86_400 * _MICROS)
_CEILING = 2**64 - 1

_UNREAD = -1
# How many requests of a key may be in flight or answered out of order while a stored nonce is checked.
_REMEMBERED = 64


class NonceMarkError(BrokerError):
    """The mark cannot be read or written. No nonce was handed out, so nothing was sent."""


class Nonce:
    """One per key and process.

    `offset_max` (seconds) bounds the random offset added to the clock; a nonce is never below the clock.
    """

    def __init__(self, path: Path, *, clock: Clock, offset_max: float = 5.0, rng: random.Random | None = None) -> None:
        self._path = path
        self._clock = clock
        chance = rng or random.SystemRandom()
        self._offset = int(chance.uniform(0.0, offset_max) * _MICROS)
        self._lock = threading.Lock()
        self._last = self._marked = _UNREAD
        self._floor = 0
        self._sent: deque[int] = deque(maxlen=_REMEMBERED)

    @property
    def path(self) -> Path:
        return self._path

    def next(self) -> int:
        """A number above every earlier nonce of this key. Raises NonceMarkError."""
        with self._lock:
            self._read_once()
            now = self._now()
            value = max(now, self._last + 1)
            if value > self._marked:
                self._mark(max(now + _BLOCK, value + _SMALL_BLOCK))
            self._last = value
            self._floor = self._floor or value
            self._sent.append(value)
            return value

    def jump(self, attempt: int) -> None:
        """Jump ahead after a rejected nonce: by 10 s, 10 min, then a day. `attempt` counts from 0."""
        stride = _STRIDES[min(attempt, len(_STRIDES) - 1)]
        with self._lock:
            self._read_once()
            self._last = max(self._last, self._now()) + stride

    def is_foreign(self, stored: int) -> bool:
        """Whether the nonce that the exchange accepted last must come from another program.

        It must: it is not one of our recent nonces, yet above the mark we started from, which was above all earlier
        ones of ours. Without a mark (a fresh folder), our first nonce takes its place.
        """
        with self._lock:
            return 0 < self._floor < stored and stored not in self._sent

    def close(self) -> None:
        """Write the exact last value, so that an orderly restart leaves no gap."""
        with self._lock:
            if self._last != self._marked:
                self._mark(self._last)

    def _read_once(self) -> None:
        """On first use, when the key is ours alone; a damaged mark then stops only this account."""
        if self._marked == _UNREAD:
            self._last = self._marked = self._floor = _read_mark(self._path)

    def _now(self) -> int:
        return int(self._clock.time() * _MICROS) + self._offset

    def _mark(self, value: int) -> None:
        if value > _CEILING:
            raise NonceMarkError(f"The nonces of {self._path} are exhausted. Make a new API key.")
        try:
            _write_mark(self._path, value)
        except OSError as error:
            raise NonceMarkError(
                f"Cannot write the nonce mark {self._path} ({error.strerror}). Make its folder writable by this user "
                "and free some disk space; no request is sent without it."
            ) from error
        self._marked = value


def _read_mark(path: Path) -> int:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise NonceMarkError(
            f"Cannot read the nonce mark {path} ({error.strerror}). Make it readable by the user NIJA runs as."
        ) from error
    digits = text.removesuffix(b"\n")
    if not digits.isdigit() or len(digits) > len(str(_CEILING)):
        raise NonceMarkError(
            f"The nonce mark {path} is damaged: it must hold one whole number. Check that this machine's clock is "
            "right (NTP), then delete the file; nonces then continue from the clock."
        )
    return int(digits)


def _write_mark(path: Path, value: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, b"%d\n" % value)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
