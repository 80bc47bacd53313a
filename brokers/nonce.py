"""The strictly increasing nonce of one API key, in microseconds.

Kraken refuses a nonce that is not above the last one it saw for the key, for ever. A mark on disk therefore stands
above every nonce that may have been used: it is moved ahead in blocks, before any nonce of the block is handed out,
so that a kill at any moment, or a clock set back, repeats nothing and a request costs no fsync.
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
# While the mark runs ahead of the clock, nonces grow by one a request: a small block then keeps it from running away.
_SMALL_BLOCK = 10_000
_STRIDES = (10 * _MICROS, 600 * _MICROS, 86_400 * _MICROS)
_CEILING = 2**64 - 1

_UNREAD = -1
# So many requests of a key may be on their way, or answered out of turn, while one is looked at.
_REMEMBERED = 64


class NonceMarkError(BrokerError):
    """The mark cannot be read or written; no nonce was handed out, so nothing was sent."""


class Nonce:
    """One per key and process: it alone decides the order of a key's requests.

    `offset_max` (seconds) bounds the random start offset, which is added to the clock: a nonce is never below it.
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
        """A number above every earlier one of this key. Raises NonceMarkError."""
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
        """Leap ahead after a refusal: 10 s, 10 min, then a day; `attempt` counts from 0."""
        stride = _STRIDES[min(attempt, len(_STRIDES) - 1)]
        with self._lock:
            self._read_once()
            self._last = max(self._last, self._now()) + stride

    def is_foreign(self, stored: int) -> bool:
        """Whether a nonce that the exchange has accepted last can only be another program's.

        It is none of our last ones, and above the mark that we began with, which stood above all earlier ones of ours.
        A fresh folder has no mark: then only what is above our own first one tells.
        """
        with self._lock:
            return 0 < self._floor < stored and stored not in self._sent

    def close(self) -> None:
        """Write the exact last value, so that a calm restart leaves no gap."""
        with self._lock:
            if self._last != self._marked:
                self._mark(self._last)

    def _read_once(self) -> None:
        """At the first use: then the key is ours alone, and a damaged mark is one account's trouble only."""
        if self._marked == _UNREAD:
            self._last = self._marked = self._floor = _read_mark(self._path)

    def _now(self) -> int:
        return int(self._clock.time() * _MICROS) + self._offset

    def _mark(self, value: int) -> None:
        if value > _CEILING:
            raise NonceMarkError(f"The nonces of {self._path} have reached their end. Make a new API key.")
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
            "right (NTP), then delete the file; nonces then go on from the clock."
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
