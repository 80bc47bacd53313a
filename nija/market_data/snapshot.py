"""What a feed knows, as its readers see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import Ticker, Timeframe
    from nija.market_data.series import Heard
    from nija.strategy.base import SignalAt, Strategy

# One missed poll is a hiccup; after three, or a minute where polls are fast, a price says nothing about now.
_PRICE_SECONDS = 60.0
_PRICE_POLLS = 3

Series = tuple[str, "Timeframe"]
"""The candles of one market in one timeframe."""


@dataclass(frozen=True, slots=True)
class Want:
    """What a trader follows: one strategy on the candles of one market."""

    strategy: Strategy
    market: str
    timeframe: Timeframe

    @property
    def series(self) -> Series:
        return self.market, self.timeframe


@dataclass(frozen=True, slots=True)
class FeedSnapshot:
    """What is known now; replaced whole, never changed. Moments and ages are seconds of the steady clock.

    `problems` says why a want has no newer signal, or none that can be trusted; `unpriced` why a market has no newer
    price. `read` is when each market's ticker was read. A price older than `price_max_age` is no price.
    """

    signals: Mapping[Want, SignalAt] = field(default_factory=lambda: MappingProxyType({}))
    tickers: Mapping[str, Ticker] = field(default_factory=lambda: MappingProxyType({}))
    problems: Mapping[Want, str] = field(default_factory=lambda: MappingProxyType({}))
    read: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    unpriced: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    heard: Mapping[Series, Heard] = field(default_factory=lambda: MappingProxyType({}))
    price_max_age: float = _PRICE_SECONDS

    def prices(self, now: float) -> Mapping[str, Ticker]:
        """The tickers that still are prices at `now`: everything that trades or sizes reads these."""
        return self.fresh(now, self.price_max_age)

    def fresh(self, now: float, max_age: float) -> Mapping[str, Ticker]:
        """The tickers read within `max_age` seconds before `now` (steady clock). An older price is no price."""
        return {market: ticker for market, ticker in self.tickers.items() if now - self.read[market] <= max_age}

    def price_age(self, series: Series, now: float) -> float | None:
        """Seconds since the market's last price; before the first, since it is followed; None where it is not yet."""
        since = self.read.get(series[0])
        if since is None and series in self.heard:
            since = self.heard[series].since
        return None if since is None else max(0.0, now - since)


def price_max_age(poll_seconds: float) -> float:
    """Seconds after which a price is no price, for a feed that asks every `poll_seconds`."""
    return max(_PRICE_SECONDS, _PRICE_POLLS * poll_seconds)
