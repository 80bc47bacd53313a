"""Coinbase's past candles, from the first one of a market on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.coinbase.candles import SETTLED_AFTER, closed_candles, oldest_label, window_from
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.coinbase.public import CoinbasePublic
from brokers.model import CandlePage, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.description import AccessSettings
    from brokers.model import Market

_NOW = 0.0


class CoinbaseCandleHistory:
    """A `brokers.base.CandleHistory`. Raises ValueError for an unusable address."""

    def __init__(self, settings: AccessSettings) -> None:
        self._public = CoinbasePublic(base_url=settings.address, clock=settings.clock, timeout=settings.timeout)
        self._data = CoinbaseMarketData(
            base_url=settings.address, clock=settings.clock, timeout=settings.timeout, public=self._public
        )

    @property
    def is_complete(self) -> bool:
        return True

    def markets(self) -> Mapping[str, Market]:
        return self._public.markets(_NOW)

    def first(self, market: str, timeframe: Timeframe, since: int) -> int:  # noqa: ARG002 - Kraken needs it
        """Days are looked through first: a market's minutes before its listing would be thousands of empty pages."""
        day, now = since, int(self._data.now())
        while day <= now:
            window = window_from(day, Timeframe.D1, now)
            found = oldest_label(self._data.rows(market, Timeframe.D1, window))
            if found is not None:
                return max(since, found)
            day = window.end + Timeframe.D1.seconds
        return since

    def page(self, market: str, timeframe: Timeframe, since: int) -> CandlePage:
        now = self._data.now()
        window = window_from(since, timeframe, int(now))
        candles = closed_candles(market, timeframe, self._data.rows(market, timeframe, window), now=now, since=since)
        open_one = int(now - SETTLED_AFTER) // timeframe.seconds * timeframe.seconds
        reached = min(window.end + timeframe.seconds, open_one)
        return CandlePage(candles, reached, is_last=reached == open_one)

    def close(self) -> None:
        self._data.close()
        self._public.close()
