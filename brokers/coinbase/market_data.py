"""Coinbase's public market data: without a key, so that no account's budget or token is touched."""

from __future__ import annotations

import threading
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
    windows_in_a_day,
)
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.json_fields import optional_number, product_id, rows
from brokers.coinbase.public import ask_time, read_products, server_time
from brokers.errors import BrokerError, RequestRefused
from brokers.exchange_clock import ExchangeClock
from brokers.model import ZERO, Exchange, Ticker, Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from brokers.clock import Clock
    from brokers.coinbase.json_fields import JsonObject
    from brokers.model import Candles, Market
    from brokers.throttle import TokenBucket

_DAY = Timeframe.D1.seconds
_WINDOWS = 2
_CLOCK_HOLDS = 300.0
# A market whose latest candles lie far back is asked this seldom whether it has come to life again.
_PROBE_EVERY = 60.0
# Each has been tried for a while: that many say that it is not the market.
_FAILURES_ENOUGH = 2
# 20 windows of 350 days: further back than the exchange exists.
_LONGEST_WALK = 20


class CoinbaseMarketData:
    """A `brokers.base.MarketData`, for one feed thread.

    The market's clock may lie years behind the exchange's: a replay of old candles, or a market that stopped. So where
    the window that ends now is empty, the newest candle is looked for by walking back, and afterwards the candles
    are followed from the last one known.
    """

    def __init__(
        self, *, base_url: str | None, clock: Clock, timeout: float = 30.0, room: TokenBucket | None = None
    ) -> None:
        """`room` is the rate limit shared with the other keyless clients of the process."""
        self._clock = clock
        self._client = CoinbaseClient(None, base_url=base_url, clock=clock, timeout=timeout, room=room)
        self._exchange_clock = ExchangeClock(lambda: ask_time(self._client, clock), clock, threading.Lock())
        self._probe_at: dict[tuple[str, Timeframe], float] = {}
        self._newest_day: int | None = None
        self._failed_last: frozenset[str] = frozenset()

    @property
    def exchange(self) -> Exchange:
        return Exchange.COINBASE

    def server_time(self) -> datetime:
        return server_time(self._client)

    def markets(self) -> Mapping[str, Market]:
        return read_products(self._client).markets

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        """At most 700. Empty buckets stay absent; a candle is told some seconds after its end at the exchange."""
        now = self._now()
        found = self._latest(market, timeframe, since, int(now))
        return closed_candles(market, timeframe, found, now=now, since=since)

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        """Markets that the exchange refuses or fails to answer for, or that have no bid or ask, are left out.

        Raises BrokerError where it answers for none of them. After a few failures the rest are not asked for either;
        the markets that failed come last the next time, so that they keep no other from its price.
        """
        found: dict[str, Ticker] = {}
        failed: dict[str, BrokerError] = {}
        for market in sorted(markets, key=self._failed_last.__contains__):
            try:
                ticker = self._ticker(market)
            except RequestRefused:
                continue
            except BrokerError as error:
                failed[market] = error
                if len(failed) == _FAILURES_ENOUGH:
                    break
            else:
                if ticker is not None:
                    found[market] = ticker
        self._failed_last = frozenset(failed)
        if failed and not found:
            raise next(iter(failed.values()))
        return found

    def close(self) -> None:
        self._client.close()

    def _latest(self, market: str, timeframe: Timeframe, since: int | None, now: int) -> list[JsonObject]:
        probe = (market, timeframe)
        if self._clock.monotonic() >= self._probe_at.get(probe, 0.0):
            found = self._ending_now(market, timeframe, since, now)
            if found:
                self._probe_at.pop(probe, None)
                return found
            self._probe_at[probe] = self._clock.monotonic() + _PROBE_EVERY
        elif since is not None:
            return self._following(market, timeframe, since, now)
        return self._newest_anywhere(market, timeframe, now)

    def _ending_now(self, market: str, timeframe: Timeframe, since: int | None, now: int) -> list[JsonObject]:
        """The candle of `since` is asked for too: without it, no new candle would look like no candles at all."""
        if since is not None and window_to(now, timeframe).start <= since:
            return self._rows(market, timeframe, window_from(since, timeframe, now))
        return self._back_from(now, market, timeframe)

    def _back_from(self, end: int, market: str, timeframe: Timeframe, *, leading: int = 0) -> list[JsonObject]:
        """Two windows back from `end`, after up to `leading` empty ones."""
        collected: list[JsonObject] = []
        filled = 0
        for window in windows_back(end, timeframe, leading + _WINDOWS):
            found = self._rows(market, timeframe, window)
            collected += found
            filled += bool(collected)
            if filled == _WINDOWS:
                break
        return collected

    def _following(self, market: str, timeframe: Timeframe, since: int, now: int) -> list[JsonObject]:
        """Up to two windows on from `since`, until one holds nothing newer."""
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
        day = self._newest_day_of(market, now)
        if day is None:
            return []
        end = min(day + _DAY - 1, now)
        return self._back_from(end, market, timeframe, leading=windows_in_a_day(timeframe))

    def _newest_day_of(self, market: str, now: int) -> int | None:
        """Markets of one exchange stand at about the same day, so the last one found is tried before the walk."""
        windows = list(windows_back(now, Timeframe.D1, _LONGEST_WALK))
        if self._newest_day is not None:
            windows.insert(0, window_from(self._newest_day, Timeframe.D1, now))
        for window in windows:
            day = newest_label(self._rows(market, Timeframe.D1, window))
            if day is not None:
                self._newest_day = day
                return day
        return None

    def _rows(self, market: str, timeframe: Timeframe, window: Window) -> list[JsonObject]:
        answer = self._client.get(
            f"/market/products/{product_id(market)}/candles",
            start=str(window.start),
            end=str(window.end),
            granularity=GRANULARITY[timeframe],
        )
        return rows(answer, "candles")

    def _ticker(self, market: str) -> Ticker | None:
        answer = self._client.get(f"/market/products/{product_id(market)}/ticker", limit=1)
        bid, ask = optional_number(answer, "best_bid"), optional_number(answer, "best_ask")
        if bid <= ZERO or ask <= ZERO:
            return None
        trades = rows(answer, "trades")
        last = optional_number(trades[0], "price") if trades else ZERO
        return Ticker(market, bid, ask, last or (bid + ask) / 2, utc_now(self._clock))

    def _now(self) -> float:
        """The exchange's time in Unix seconds. Raises BrokerError where it is not known and cannot be asked."""
        try:
            self._exchange_clock.sync(_CLOCK_HOLDS)
        except BrokerError:
            if self._exchange_clock.uncertainty() is None:
                raise
        return self._exchange_clock.now().timestamp()
