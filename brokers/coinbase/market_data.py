"""Coinbase's public market data: without a key, so that no account's budget or token is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.coinbase.candles import (
    GRANULARITY,
    Window,
    closed_candles,
    newest_label,
    window_from,
    window_to,
    windows_back,
)
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.products import markets_of
from brokers.coinbase.server_clock import measure_skew, server_time
from brokers.coinbase.wire import optional_number, product_id, rows
from brokers.errors import RequestRefused
from brokers.model import ZERO, Exchange, Ticker, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brokers.clock import Clock
    from brokers.coinbase.wire import JsonObject
    from brokers.model import Candles, Market

_DAY = Timeframe.D1.seconds
_WINDOWS = 2
_CLOCK_HOLDS = 300.0
# A market whose latest candles lie far back is asked this seldom whether it has come to life again.
_PROBE_EVERY = 60.0
# 20 windows of 350 days: further back than the exchange exists.
_LONGEST_WALK = 20


class CoinbaseMarketData:
    """A `brokers.base.MarketData`, for one feed thread.

    The market's clock may lie years behind the exchange's: a replay of old candles, or a market that stopped. So where
    the window that ends now is empty, the newest candle is looked for by walking back, and afterwards the candles
    are followed from the last one known.
    """

    def __init__(self, *, base_url: str | None, clock: Clock, timeout: float = 30.0) -> None:
        self._clock = clock
        self._client = CoinbaseClient(None, base_url=base_url, clock=clock, timeout=timeout)
        self._measured: tuple[float, float] | None = None
        self._probe_at: dict[tuple[str, Timeframe], float] = {}
        self._newest_day: int | None = None

    @property
    def exchange(self) -> Exchange:
        return Exchange.COINBASE

    def server_time(self) -> datetime:
        return server_time(self._client)

    def markets(self) -> Mapping[str, Market]:
        return markets_of(self._client.get("/market/products", product_type="SPOT"))

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        """At most 700. Empty buckets stay absent; a candle is closed when its end is not after the exchange's time."""
        now = self._now()
        found = self._latest(market, timeframe, since, int(now))
        return closed_candles(market, timeframe, found, now=now, since=since)

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        """Markets that the exchange does not know, or that have no bid or ask, are left out."""
        found = (self._ticker(market) for market in markets)
        return {ticker.market: ticker for ticker in found if ticker is not None}

    def close(self) -> None:
        self._client.close()

    def _latest(self, market: str, timeframe: Timeframe, since: int | None, now: int) -> list[JsonObject]:
        if self._may_end_now(market, timeframe):
            found = self._ending_now(market, timeframe, since, now)
            if found:
                self._probe_at.pop((market, timeframe), None)
                return found
            self._probe_at[market, timeframe] = self._clock.monotonic() + _PROBE_EVERY
        if since is not None:
            return self._following(market, timeframe, since, now)
        return self._newest_anywhere(market, timeframe, now)

    def _may_end_now(self, market: str, timeframe: Timeframe) -> bool:
        return self._clock.monotonic() >= self._probe_at.get((market, timeframe), 0.0)

    def _ending_now(self, market: str, timeframe: Timeframe, since: int | None, now: int) -> list[JsonObject]:
        """The candle of `since` is asked for too: without it, no new candle would look like no candles at all."""
        if since is not None and window_to(now, timeframe).start <= since:
            return self._rows(market, timeframe, window_from(since, timeframe, now))
        return self._collected(market, timeframe, now)

    def _collected(self, market: str, timeframe: Timeframe, end: int) -> list[JsonObject]:
        """The windows back from `end`, up to the first empty one."""
        collected: list[JsonObject] = []
        for window in windows_back(end, timeframe, _WINDOWS):
            found = self._rows(market, timeframe, window)
            if not found:
                break
            collected += found
        return collected

    def _following(self, market: str, timeframe: Timeframe, since: int, now: int) -> list[JsonObject]:
        """The windows on from `since`, up to the first that holds nothing newer."""
        collected: list[JsonObject] = []
        for _ in range(_WINDOWS):
            found = self._rows(market, timeframe, window_from(since, timeframe, now))
            collected += found
            newest = newest_label(found)
            if newest is None or newest <= since:
                break
            since = newest
        return collected

    def _newest_anywhere(self, market: str, timeframe: Timeframe, now: int) -> list[JsonObject]:
        """Markets of one exchange stand at about the same day: the walk begins where the last one ended."""
        start = now if self._newest_day is None else min(now, self._newest_day + _LONGEST_WALK * _DAY)
        for window in windows_back(start, Timeframe.D1, _LONGEST_WALK):
            day = newest_label(self._rows(market, Timeframe.D1, window))
            if day is not None:
                self._newest_day = day
                return self._collected(market, timeframe, min(day + _DAY - 1, now))
        return []

    def _rows(self, market: str, timeframe: Timeframe, window: Window) -> list[JsonObject]:
        answer = self._client.get(
            f"/market/products/{product_id(market)}/candles",
            start=str(window.start),
            end=str(window.end),
            granularity=GRANULARITY[timeframe],
        )
        return rows(answer, "candles")

    def _ticker(self, market: str) -> Ticker | None:
        try:
            answer = self._client.get(f"/market/products/{product_id(market)}/ticker", limit=1)
        except RequestRefused:
            return None
        bid, ask = optional_number(answer, "best_bid"), optional_number(answer, "best_ask")
        if bid <= ZERO or ask <= ZERO:
            return None
        trades = rows(answer, "trades")
        last = optional_number(trades[0], "price") if trades else (bid + ask) / 2
        return Ticker(market, bid, ask, last, utc_now(self._clock))

    def _now(self) -> float:
        """The exchange's time, carried on by the clock that is never set, and asked anew every few minutes."""
        monotonic = self._clock.monotonic()
        if self._measured is None or monotonic - self._measured[0] >= _CLOCK_HOLDS:
            exchange = self._clock.time() + measure_skew(self._client, self._clock).total_seconds()
            self._measured = (self._clock.monotonic(), exchange)
        return self._measured[1] + (self._clock.monotonic() - self._measured[0])
