"""Coinbase's candles and prices for the feed, requested without a key so that no account's budget is used."""

from __future__ import annotations

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
from brokers.coinbase.json_fields import optional_number, rows
from brokers.coinbase.public import CoinbasePublic
from brokers.coinbase.symbols import product_id
from brokers.errors import BrokerError, RequestRefused
from brokers.model import ZERO, Exchange, Ticker, Timeframe
from brokers.shared_answer import CLOCK_MAX_AGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brokers.clock import Clock
    from brokers.coinbase.json_fields import JsonObject
    from brokers.model import Candles

_DAY = Timeframe.D1.seconds
_WINDOWS = 2
# Seconds between checks whether a market whose latest candles are old trades again.
_PROBE_EVERY = 60.0
# Each has been retried for a while: this many failures are not the fault of single markets.
_MAX_FAILURES = 2
# 20 windows of 350 days: more than the age of the exchange.
_LONGEST_SEARCH = 20


class CoinbaseMarketData:
    """A `brokers.base.MarketData`, for one feed thread.

    A market's latest candles may be years old: in a replay of old candles, or if it stopped trading. If the window
    that ends now is empty, the newest candle is therefore searched backwards, and later ones are read from there.

    `public` is shared with the brokers; without it, it makes its own.
    """

    def __init__(
        self, *, base_url: str, clock: Clock, timeout: float = 30.0, public: CoinbasePublic | None = None
    ) -> None:
        self._clock = clock
        self._owns_public = public is None
        self._public = public or CoinbasePublic(base_url=base_url, clock=clock, timeout=timeout)
        self._exchange_clock = self._public.exchange_clock
        # Its own client, as one serves one thread at a time.
        self._client = CoinbaseClient(None, base_url=base_url, clock=clock, timeout=timeout, limit=self._public.limit)
        self._probe_at: dict[tuple[str, Timeframe], float] = {}
        self._newest_day: int | None = None
        self._failed_last: frozenset[str] = frozenset()

    @property
    def exchange(self) -> Exchange:
        return Exchange.COINBASE

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        """At most 700. Empty buckets are left out; a candle is included a few seconds after its end."""
        now = self.now()
        found = self._latest(market, timeframe, since, int(now))
        return closed_candles(market, timeframe, found, now=now, since=since)

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        """Leaves out markets that are refused, fail, or have no bid or ask.

        Raises BrokerError if all of them fail. After a few failures the rest are not requested; markets that failed
        come last the next time, so that they do not block the others.
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
                if len(failed) == _MAX_FAILURES:
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
        if self._owns_public:
            self._public.close()

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
        """Includes the candle of `since`: without it, "no new candle" would look like "no candles at all"."""
        if since is not None and window_to(now, timeframe).start <= since:
            return self.rows(market, timeframe, window_from(since, timeframe, now))
        return self._back_from(now, market, timeframe)

    def _back_from(self, end: int, market: str, timeframe: Timeframe, *, leading: int = 0) -> list[JsonObject]:
        """Two windows backwards from `end`, after up to `leading` empty ones."""
        collected: list[JsonObject] = []
        filled = 0
        for window in windows_back(end, timeframe, leading + _WINDOWS):
            found = self.rows(market, timeframe, window)
            collected += found
            filled += bool(collected)
            if filled == _WINDOWS:
                break
        return collected

    def _following(self, market: str, timeframe: Timeframe, since: int, now: int) -> list[JsonObject]:
        """Up to two windows from `since` on, until one holds nothing newer."""
        collected: list[JsonObject] = []
        for _ in range(_WINDOWS):
            found = self.rows(market, timeframe, window_from(since, timeframe, now))
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
        """Markets of one exchange end at about the same day, so the last day found is tried before searching."""
        windows = list(windows_back(now, Timeframe.D1, _LONGEST_SEARCH))
        if self._newest_day is not None:
            windows.insert(0, window_from(self._newest_day, Timeframe.D1, now))
        for window in windows:
            day = newest_label(self.rows(market, Timeframe.D1, window))
            if day is not None:
                self._newest_day = day
                return day
        return None

    def rows(self, market: str, timeframe: Timeframe, window: Window) -> list[JsonObject]:
        """One request: newest first, the open one included."""
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

    def now(self) -> float:
        """The exchange's time in Unix seconds. Raises BrokerError if it is not known and cannot be read."""
        try:
            self._exchange_clock.sync(CLOCK_MAX_AGE)
        except BrokerError:
            if self._exchange_clock.uncertainty() is None:
                raise
        return self._exchange_clock.now().timestamp()
