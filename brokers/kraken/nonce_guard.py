"""Detects by its nonces whether another program uses a key, and limits how often NIJA outbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.errors import NonceRejected
from brokers.figures import duration
from brokers.model import Evidence

if TYPE_CHECKING:
    from brokers.clock import Clock
    from brokers.nonce import Nonce

# Rejected nonces count as failed calls, and Kraken locks out a key with too many of them, stops and sales included.
_SECONDS_APART = 60.0


class NonceGuard:
    """Two programs on one key outbid each other's nonces forever, so NIJA jumps ahead at most once a minute."""

    def __init__(self, nonce: Nonce, clock: Clock) -> None:
        self._nonce = nonce
        self._clock = clock
        self._refusals = 0
        self._jumped = float("-inf")
        self._paused = False
        self.another_program: Evidence | None = None

    def check(self) -> None:
        """Raise NonceRejected, with nothing sent, while the last jump is too recent for another one."""
        left = self._jumped + _SECONDS_APART - self._clock.monotonic()
        if self._paused and left > 0:
            raise NonceRejected(
                "Not sent, because rejected nonces lock a key out: another program uses this API key; give NIJA a key "
                f"of its own. Next try in {duration(left)}"
            )
        self._paused = False

    def refused(self) -> bool:
        """Jump ahead unless the last jump is too recent; return whether the call may be tried again."""
        text = "Kraken rejected a nonce, because another program has used this API key with a higher one"
        self._suspect(text, certain=False)
        now = self._clock.monotonic()
        if now - self._jumped < _SECONDS_APART:
            self._paused = True
            return False
        self._nonce.jump(self._refusals)
        self._refusals += 1
        self._jumped = now
        return True

    def accepted(self) -> None:
        self._refusals = 0

    def stored(self, nonce: int | None) -> None:
        """Kraken reported the highest nonce of this key it has accepted."""
        if nonce is not None and self._nonce.is_foreign(nonce):
            self._suspect("Kraken has accepted a nonce of this API key that NIJA did not send", certain=True)

    def _suspect(self, text: str, *, certain: bool) -> None:
        # The time distinguishes new evidence from evidence already dealt with.
        self.another_program = Evidence(f"{text} ({utc_now(self._clock):%Y-%m-%d %H:%M:%S} UTC)", certain)
