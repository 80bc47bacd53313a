"""Kraken's past candles: its API offers the last 720 of an interval, and no older ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.kraken.market_data import KrakenMarketData
from brokers.kraken.public import KrakenPublic
from brokers.model import CandlePage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.description import AccessSettings
    from brokers.model import Market, Timeframe

_OFFERED = 719
_NOW = 0.0


class KrakenCandleHistory:
    """A `brokers.base.CandleHistory`."""

    def __init__(self, settings: AccessSettings) -> None:
        self._public = KrakenPublic(base_url=settings.address, clock=settings.clock, timeout=settings.timeout)
        self._data = KrakenMarketData(
            base_url=settings.address, clock=settings.clock, timeout=settings.timeout, public=self._public
        )

    @property
    def is_complete(self) -> bool:
        return False

    def markets(self) -> Mapping[str, Market]:
        return self._public.markets(_NOW)

    def first(self, market: str, timeframe: Timeframe, since: int) -> int:
        candles = self._data.candles(market, timeframe)
        # A market younger than that shows all of its candles.
        return int(candles.time[0]) if len(candles) >= _OFFERED and since < candles.time[0] else since

    def page(self, market: str, timeframe: Timeframe, since: int) -> CandlePage:
        candles = self._data.candles(market, timeframe, since)
        reached = int(candles.time[-1]) + timeframe.seconds if len(candles) else since
        return CandlePage(candles, reached, is_last=True)

    def close(self) -> None:
        self._data.close()
        self._public.close()
