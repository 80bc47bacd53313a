"""How often the password may be tried: by one address, and by all together."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.clock import Clock

_FREE_TRIES = 5
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 900.0
_FORGET_SECONDS = 3_600.0
# All addresses together, but for browsers that have logged in before.
_TOTAL_TRIES = 20.0
_TOTAL_PER_SECOND = 1 / 15
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class _Tries:
    """Wrong tries in a row, when the last one was, and until when the next must wait (steady clock)."""

    failures: int = 0
    last: float = 0.0
    until: float = 0.0


class LoginThrottle:
    """Used by the web server's event loop alone.

    A browser that has logged in before is known by a cookie of its own and counted by itself: whoever guesses from many
    addresses slows all strangers down, but never locks NIJA's owner out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._total = _TOTAL_TRIES
        self._total_at = clock.monotonic()

    def attempt(self, address: str, browser: str = "") -> float:
        """Seconds until the password may be tried; 0 if it may be now, which then counts until `succeeded`.

        `browser` is the name of a browser that has logged in before.
        """
        now = self._clock.monotonic()
        key = _key(address, browser)
        tries = self._tries.get(key, _Tries())
        if now < tries.until:
            return tries.until - now
        if not browser and (wait := self._wait_for_all(now)) > 0:
            return wait
        failures = 1 if now - tries.last >= _FORGET_SECONDS else tries.failures + 1
        self._tries[key] = _Tries(failures, now, now + _wait_after(failures))
        self._tries.move_to_end(key)
        while len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)
        return 0.0

    def succeeded(self, address: str, browser: str = "") -> None:
        self._tries.pop(_key(address, browser), None)
        if not browser:
            self._total = min(_TOTAL_TRIES, self._total + 1)

    def __len__(self) -> int:
        return len(self._tries)

    def _wait_for_all(self, now: float) -> float:
        self._total = min(_TOTAL_TRIES, self._total + (now - self._total_at) * _TOTAL_PER_SECOND)
        self._total_at = now
        if self._total < 1:
            return (1 - self._total) / _TOTAL_PER_SECOND
        self._total -= 1
        return 0.0


def _wait_after(failures: int) -> float:
    beyond = failures - _FREE_TRIES
    return 0.0 if beyond < 0 else min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(beyond, 10))


def _key(address: str, browser: str) -> str:
    """One subscriber has a whole /64 of IPv6 addresses."""
    if browser:
        return f"browser {browser}"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
