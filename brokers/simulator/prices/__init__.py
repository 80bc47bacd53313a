"""Where the simulator's prices come from: a seeded generator, or real candles replayed."""

from __future__ import annotations

from brokers.candle_files import CandleError
from brokers.simulator.prices.replay import replay_prices
from brokers.simulator.prices.source import AcceleratedMarketClock, MarketPrices
from brokers.simulator.prices.synthetic import DEMO_SEED, running_time, synthetic_prices

__all__ = [
    "DEMO_SEED",
    "AcceleratedMarketClock",
    "CandleError",
    "MarketPrices",
    "replay_prices",
    "running_time",
    "synthetic_prices",
]
