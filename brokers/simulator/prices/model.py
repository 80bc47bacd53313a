"""What both kinds of prices provide to the simulator: one clock and, per exchange, one source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.prices.clock import AcceleratedMarketClock
    from brokers.simulator.prices.source import SeriesSource


@dataclass(frozen=True, slots=True)
class MarketPrices:
    """`sources` is keyed by exchange name; an exchange without any data is absent."""

    clock: AcceleratedMarketClock
    sources: Mapping[str, SeriesSource]
