"""The simulator's own prices of two markets, a moment at a time: most of a fast market's ticks nobody would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.prices import synthetic_prices
from brokers.simulator.world import Prices

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brokers.simulator.engine.market_data import CandleRow, PriceSource, Tick

MARKETS = ("BTC/USD", "ETH/USD")
# The strategies of chaos look back no further.
_CANDLES = 40


class _Thin:
    def __init__(self, source: PriceSource) -> None:
        self._source = source

    def symbols(self) -> tuple[str, ...]:
        return MARKETS

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:
        return list(self._source.advance(symbol, until))[-1:]

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:
        return self._source.candles(symbol, seconds, until)[-_CANDLES:]


def thin_prices(*, wall_start: float, seed: int, speed: float) -> Prices:
    """Arguments as those of `synthetic_prices`."""
    made = synthetic_prices(wall_start=wall_start, seed=seed, speed=speed)
    return Prices(made.clock, {exchange: _Thin(source) for exchange, source in made.sources.items()})
