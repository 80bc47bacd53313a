"""How every possible trade of a market would have ended, all at once and in floats: for statistics alone.

The fill rules are those of nija/backtest/endings.py, which decides for a single trade and to the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nija.backtest.traded_market import TradedMarket

# A stop that is a multiple of the step stays one, whatever its last bits are.
_HAIR = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """By trade: the index of the candle in which it ends, and its net as a fraction of what was paid."""

    end: NDArray[np.int64]
    net: NDArray[np.float64]


def outcomes(market: TradedMarket, bought: NDArray[np.int64], stop: NDArray[np.float64], fee: float) -> Outcomes:
    """Of trades bought at the opens of the candles `bought`, each with its first `stop` (nan: none)."""
    candles = market.candles
    bid, paid = float(market.bid), candles.open[bought] * float(market.ask)
    level = np.where(np.isnan(stop), -np.inf, _placed(market, stop))
    trail = _placed(market, market.signals.trail)
    leaves = np.append(market.exits, market.last)[np.searchsorted(market.exits, bought)] + 1
    price = candles.close[np.full(len(bought), market.last)]
    end = np.full(len(bought), market.last)
    alive, at = np.arange(len(bought)), bought.copy()
    while len(alive):
        opened, low, stops = candles.open[at], candles.low[at], level[alive]
        first = at == bought[alive]
        sold_at_open = (at == leaves[alive]) | (~first & (opened <= stops))
        is_over = sold_at_open | (low <= stops)
        over = alive[is_over]
        price[over] = np.where(sold_at_open, opened, stops)[is_over]
        end[over] = at[is_over]
        goes_on = ~is_over & (at < market.last)
        alive, at = alive[goes_on], at[goes_on]
        level[alive] = np.fmax(level[alive], trail[at])
        at = at + 1
    return Outcomes(end, price * bid * (1 - fee) / paid - (1 + fee))


def _placed(market: TradedMarket, price: NDArray[np.float64]) -> NDArray[np.float64]:
    """On the market's price step, as a stop is placed."""
    step = float(market.market.price_step)
    placed: NDArray[np.float64] = np.floor(price / step + _HAIR) * step
    return placed
