"""Kraken's fee tiers as captured in November 2025: 30-day volume in USD, taker and maker in percent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from brokers.model import Fees


@dataclass(frozen=True, slots=True)
class KrakenFeeTier:
    volume: int
    taker: Decimal
    maker: Decimal

    def as_fees(self) -> Fees:
        return Fees(maker=self.maker / 100, taker=self.taker / 100)


FEE_TIERS = tuple(
    KrakenFeeTier(volume, Decimal(taker), Decimal(maker))
    for volume, taker, maker in (
        (0, "0.4", "0.25"),
        (10_000, "0.35", "0.2"),
        (50_000, "0.24", "0.14"),
        (100_000, "0.22", "0.12"),
        (250_000, "0.2", "0.1"),
        (500_000, "0.18", "0.08"),
        (1_000_000, "0.16", "0.06"),
        (2_500_000, "0.14", "0.04"),
        (5_000_000, "0.12", "0.02"),
        (10_000_000, "0.1", "0"),
    )
)
