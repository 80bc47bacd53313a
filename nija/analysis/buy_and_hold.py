"""What the same coins made without trading: bought when the strategy could first buy, at the same costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.curve import Curve, max_drawdown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nija.backtest.records import BacktestResult, MarketHistory


@dataclass(frozen=True, slots=True, eq=False)
class HeldCoins:
    """All of the cash in equal parts in every market. `curve` has the points of the account's own curve."""

    curve: Curve

    @property
    def net_return(self) -> float:
        return self.curve.change

    @property
    def max_drawdown(self) -> float:
        return max_drawdown(self.curve.equity)


def held_coins(result: BacktestResult) -> HeldCoins | None:
    """Bought at the second open of each market, where the first order of a strategy could fill, and sold at the end.

    None if no market has two candles.
    """
    times = result.curve.time
    values = [value for history in result.histories if (value := _value(history, result, times)) is not None]
    if not values:
        return None
    cash = float(result.account.cash)
    equity = cash * np.mean(values, axis=0)
    time = np.concatenate(([result.start], times + result.timeframe.seconds))
    return HeldCoins(Curve(time, np.concatenate(([cash], equity))))


def _value(history: MarketHistory, result: BacktestResult, times: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Of 1 unit of money that buys this market, at each of `times`."""
    candles = history.candles
    inside = np.flatnonzero((candles.time >= result.start) & (candles.time <= result.end))
    if len(inside) < 2:  # noqa: PLR2004  there is no second open
        return None
    fee = float(result.account.fees.taker)
    slippage = float(result.slippage[history.market.symbol])
    first = inside[1]
    coins = 1 / (1 + fee) / (float(candles.open[first]) * (1 + slippage))
    # The last close known at each time; the open candle's own close is known at its end.
    last = np.searchsorted(candles.time, times, "right") - 1
    value = np.where(times >= candles.time[first], coins * candles.close[np.maximum(last, 0)], 1.0)
    value[-1] *= (1 - slippage) * (1 - fee)
    return np.asarray(value)
