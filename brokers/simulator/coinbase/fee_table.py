"""Fee tiers by trailing 30-day volume in USD."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from brokers.model import Fees


@dataclass(frozen=True, slots=True)
class CoinbaseFeeTier:
    """`until` is the volume at which the next tier begins, None on the last."""

    name: str
    volume: int
    until: int | None
    fees: Fees


def _tier(number: int, volume: int, until: int | None, taker: str, maker: str) -> CoinbaseFeeTier:
    return CoinbaseFeeTier(f"Advanced {number}", volume, until, Fees(maker=Decimal(maker), taker=Decimal(taker)))


FEE_TIERS = (
    _tier(1, 0, 10_000, "0.006", "0.004"),
    _tier(2, 10_000, 50_000, "0.004", "0.0025"),
    _tier(3, 50_000, 100_000, "0.0025", "0.0015"),
    _tier(4, 100_000, 1_000_000, "0.002", "0.001"),
    _tier(5, 1_000_000, 15_000_000, "0.0018", "0.0008"),
    _tier(6, 15_000_000, None, "0.0016", "0.0006"),
)
