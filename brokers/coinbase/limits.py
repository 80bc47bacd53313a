"""Coinbase's documented rate limits: 30 requests a second per user, 10 per IP address without a key."""

from __future__ import annotations

from brokers.throttle import TokenBucket

# Rate and burst together stay below the documented limit in any second.
_PRIVATE_RATE, _PRIVATE_BURST = 20.0, 10.0
_PUBLIC_RATE, _PUBLIC_BURST = 6.0, 3.0


def private_limit() -> TokenBucket:
    return TokenBucket(_PRIVATE_RATE, _PRIVATE_BURST)


def public_limit() -> TokenBucket:
    """Share one among all clients without a key: the limit counts per IP address."""
    return TokenBucket(_PUBLIC_RATE, _PUBLIC_BURST)
