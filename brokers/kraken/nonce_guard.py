"""Who else uses a key, as far as its nonces tell, and how seldom a refused one is risked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.errors import NonceRejected
from brokers.model import Evidence

if TYPE_CHECKING:
    from brokers.clock import Clock
    from brokers.nonce import Nonce

# Refused nonces count as failed calls, and a key with too many of those is locked out, stops and sales included.
_SECONDS_APART = 60.0


class NonceGuard:
    """Two programs on one key outbid each other's nonces for ever: NIJA leaps once a minute, and waits otherwise."""

    def __init__(self, nonce: Nonce, clock: Clock) -> None:
        self._nonce = nonce
        self._clock = clock
        self._refusals = 0
        self._leaped = float("-inf")
        self._barred = False
        self.another_program: Evidence | None = None

    def check(self) -> None:
        """Raises NonceRejected, with nothing sent, while the last leap is too young for another."""
        left = self._leaped + _SECONDS_APART - self._clock.monotonic()
        if self._barred and left > 0:
            raise NonceRejected(
                "Not sent, as refused nonces lock a key out: another program uses this API key; give NIJA a key of its "
                f"own. Tried again in {left:.0f} s"
            )
        self._barred = False

    def refused(self) -> bool:
        """Leap ahead, where the last leap is long enough ago; whether it was, so that the call may be tried again."""
        told = "Kraken refused a nonce, as another program has used this API key with a higher one"
        self._suspect(told, certain=False)
        now = self._clock.monotonic()
        if now - self._leaped < _SECONDS_APART:
            self._barred = True
            return False
        self._nonce.jump(self._refusals)
        self._refusals += 1
        self._leaped = now
        return True

    def accepted(self) -> None:
        self._refusals = 0

    def stored(self, nonce: int | None) -> None:
        """Kraken said which nonce of this key is the highest it has accepted."""
        if nonce is not None and self._nonce.is_foreign(nonce):
            self._suspect("Kraken has accepted a nonce of this API key that NIJA did not send", certain=True)

    def _suspect(self, told: str, *, certain: bool) -> None:
        # The moment tells evidence that was dealt with from new evidence of the same kind.
        self.another_program = Evidence(f"{told} ({utc_now(self._clock):%Y-%m-%d %H:%M:%S} UTC)", certain)
