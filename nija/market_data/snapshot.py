"""The state of a feed, as its readers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import Ticker, Timeframe
    from nija.market_data.series import Freshness
    from nija.strategy.base import SignalAt, Strategy

# One missed poll is a hiccup; after three, or after a minute if polls are fast, a price is out of date.
_PRICE_SECONDS = 60.0
_PRICE_POLLS = 3

Series = tuple[str, "Timeframe"]
"""The candles of one market in one timeframe."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a trader follows: one strategy on the candles of one market."""

    strategy: Strategy
    market: str
    timeframe: Timeframe

    @property
    def series(self) -> Series:
        return self.market, self.timeframe


@dataclass(frozen=True, slots=True)
class FeedSnapshot:
    """What is known now; replaced whole, never changed. Times and ages are seconds of the steady clock.

    `problems` says why a subscription has no newer or no reliable signal; `unpriced` why a market has no newer price.
    `read` is when each market's ticker was read. A price older than `price_max_age` is not used.
    """

    signals: Mapping[Subscription, SignalAt] = field(default_factory=lambda: MappingProxyType({}))
    tickers: Mapping[str, Ticker] = field(default_factory=lambda: MappingProxyType({}))
    problems: Mapping[Subscription, str] = field(default_factory=lambda: MappingProxyType({}))
    read: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    unpriced: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    freshness: Mapping[Series, Freshness] = field(default_factory=lambda: MappingProxyType({}))
    price_max_age: float = _PRICE_SECONDS

    def prices(self, now: float) -> Mapping[str, Ticker]:
        """The tickers that are fresh enough at `now` to trade and size with."""
        return self.fresh(now, self.price_max_age)

    def fresh(self, now: float, max_age: float) -> Mapping[str, Ticker]:
        """The tickers read within `max_age` seconds before `now` (steady clock)."""
        return {market: ticker for market, ticker in self.tickers.items() if now - self.read[market] <= max_age}

    def price_age(self, series: Series, now: float) -> float | None:
        """Seconds since the market's last price, or without one since it is followed; None if it is not followed."""
        since = self.read.get(series[0])
        if since is None and series in self.freshness:
            since = self.freshness[series].since
        return None if since is None else max(0.0, now - since)


def price_max_age(poll_seconds: float) -> float:
    """Seconds after which a price is too old, for a feed that polls every `poll_seconds`."""
    return max(_PRICE_SECONDS, _PRICE_POLLS * poll_seconds)
