"""One market as an account trades it: its candles, signals and slippage, by index of the candle."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from brokers.model import Candles, Market
    from nija.strategy.base import Signals


@dataclass(frozen=True, slots=True, eq=False)
class TradedMarket:
    """`first` and `last` are the indices of the first and last candle of the backtest; none if last < first.

    `entries` and `exits` are the indices of the candles with such a signal, those before `first` included. `bid` and
    `ask` are what is received and paid for a price: that price and the slippage.
    """

    market: Market
    candles: Candles
    signals: Signals
    bid: Decimal
    ask: Decimal
    first: int
    last: int
    entries: NDArray[np.int64]
    exits: NDArray[np.int64]

    @property
    def weight(self) -> NDArray[np.float64]:
        """Of a strategy that resizes its positions."""
        if self.signals.weight is None:
            raise ValueError(f"{self.symbol}: the strategy gives no weight")
        return self.signals.weight

    @property
    def symbol(self) -> str:
        return self.market.symbol

    def time(self, index: int) -> int:
        return int(self.candles.time.item(index))

    def closes(self, times: NDArray[np.int64]) -> NDArray[np.float64]:
        """The last close at the end of the candles that open at these times; the first one before there is any."""
        if len(times) == len(self.candles) and np.array_equal(times, self.candles.time):
            return self.candles.close
        index = np.searchsorted(self.candles.time, times, side="right") - 1
        return self.candles.close[np.maximum(index, 0)]

    def extremes(self, first: int, last: int) -> tuple[float, float]:
        """The lowest low and the highest high of these candles."""
        part = slice(first, last + 1)
        return float(self.candles.low[part].min()), float(self.candles.high[part].max())

    def close_at(self, time: int) -> Decimal:
        """The last close at the end of a candle that opens at `time`."""
        return price_of(self.candles.close, int(self.candles.time.searchsorted(time, side="right")) - 1)

    def last_price(self, time: int) -> Decimal:
        """The price known when a candle opens at `time`: the open of this market's candle, else its last close."""
        index = int(self.candles.time.searchsorted(time, side="right")) - 1
        column = self.candles.open if self.time(index) == time else self.candles.close
        return price_of(column, index)


def traded_market(
    market: Market, candles: Candles, signals: Signals, slippage: Decimal, start: int, end: int
) -> TradedMarket:
    first = int(np.searchsorted(candles.time, start, side="left"))
    last = int(np.searchsorted(candles.time, end, side="right")) - 1
    return TradedMarket(
        market=market,
        candles=candles,
        signals=signals,
        bid=1 - slippage,
        ask=1 + slippage,
        first=first,
        last=last,
        entries=np.flatnonzero(signals.entry[: max(last, 0)]),
        exits=np.flatnonzero(signals.exit[: max(last, 0)]),
    )


def opening_times(markets: Sequence[TradedMarket], start: int, end: int) -> NDArray[np.int64]:
    """When the candles of any of these markets open, from `start` to `end`; each time once, rising."""
    parts = []
    for market in markets:
        time = market.candles.time[market.first : market.last + 1]
        first, after = np.searchsorted(time, (start, end + 1))
        parts.append(time[first:after])
    if not parts:
        return np.empty(0, dtype=np.int64)
    if all(np.array_equal(part, parts[0]) for part in parts):
        return parts[0]
    return np.unique(np.concatenate(parts))


def price_of(column: NDArray[np.float64], index: int) -> Decimal:
    """The shortest decimal that is this float: what the exchange wrote."""
    return Decimal(repr(column.item(index)))
