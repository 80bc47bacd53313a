"""Requests per second: 30 per user, 10 per IP address on the public paths."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.clock import Clock

PRIVATE_PER_SECOND = 30
PUBLIC_PER_SECOND = 10
_WINDOW = 1.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """The values of the answer's headers. `reset` is in seconds."""

    allowed: bool
    limit: int
    remaining: int
    reset: float

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(math.ceil(self.reset)),
        }


@dataclass(slots=True, eq=False)
class RequestLimits:
    """Counts the requests of the last second per user and address. A disabled limit passes everything."""

    clock: Clock
    private: bool = True
    public: bool = True
    _seen: dict[str, deque[float]] = field(default_factory=dict)

    def of_user(self, portfolio: str) -> Allowance:
        return self._count(f"user {portfolio}", PRIVATE_PER_SECOND, enforced=self.private)

    def of_address(self, peer: str) -> Allowance:
        return self._count(f"address {peer}", PUBLIC_PER_SECOND, enforced=self.public)

    def _count(self, who: str, limit: int, *, enforced: bool) -> Allowance:
        now = self.clock.time()
        seen = self._seen.setdefault(who, deque())
        while seen and not now - _WINDOW < seen[0] <= now:
            seen.popleft()
        if len(seen) >= limit and enforced:
            return Allowance(allowed=False, limit=limit, remaining=0, reset=seen[0] + _WINDOW - now)
        seen.append(now)
        return Allowance(allowed=True, limit=limit, remaining=max(0, limit - len(seen)), reset=seen[0] + _WINDOW - now)
