"""A control: as many entries at random moments, with the strategy's own stops and exits.

What such entries earn is the work of the exits and of the market; only what is above it is the work of the entries
(strategy evidence, section 1, control A).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.outcomes import outcomes
from nija.backtest.traded_market import traded_market
from nija.risk.costs import round_trip_cost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from numpy.typing import NDArray

    from nija.backtest.records import BacktestResult
    from nija.backtest.traded_market import TradedMarket
    from nija.market_data.snapshot import Subscription
    from nija.strategy.base import Signals

# So many times the wanted runs are tried, and those kept that made as many trades as the strategy.
_TRIED = 16
# Of years of minutes, this many moments are drawn first, and computed in seconds.
_MOST_MOMENTS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class RandomEntries:
    """`means` are the mean net trades (fractions) of the runs, sorted; `mean_net` is the strategy's own.

    `trades` is how many a run made on average: a strategy that is nearly always in the market leaves no room for more.
    """

    mean_net: float
    trades: float
    means: NDArray[np.float64]

    @property
    def runs(self) -> int:
        return len(self.means)

    @property
    def random_mean(self) -> float:
        return float(self.means.mean())

    @property
    def beaten(self) -> float:
        """The share of the runs whose mean trade the strategy's own beat."""
        return float(np.searchsorted(self.means, self.mean_net) / len(self.means))


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """Where one market can be entered, by index of the signal's candle: what each such trade nets, and when it ends."""

    nets: NDArray[np.float64]
    # The position in these arrays of the first moment after the trade's end.
    following: NDArray[np.int64]


def random_entries(
    result: BacktestResult, table: Mapping[Subscription, Signals], runs: int, seed: int
) -> RandomEntries | None:
    """None if the strategy made no trade, or resizes its positions, which have no single entry."""
    if not result.trades or runs < 1:
        return None
    chance = np.random.default_rng(seed)
    drawn: list[NDArray[np.float64]] = []
    for history in result.histories:
        wanted = sum(trade.market == history.market.symbol for trade in result.trades)
        signals = table[result.account.plan.subscription(history.market.symbol)]
        if signals.weight is not None:
            return None
        slippage = result.slippage[history.market.symbol]
        market = traded_market(history.market, history.candles, signals, slippage, result.start, result.end)
        moments = _moments(result, market, slippage, chance)
        if wanted and len(moments.nets):
            drawn.append(_nets(moments, wanted, runs, chance))
    if not drawn:
        return None
    nets = np.hstack(drawn)
    means = np.nanmean(nets, axis=1)
    own = fmean(float(trade.net_return) for trade in result.trades)
    return RandomEntries(own, float((~np.isnan(nets)).sum(axis=1).mean()), np.sort(means))


def _moments(result: BacktestResult, market: TradedMarket, slippage: Decimal, chance: np.random.Generator) -> _Moments:
    """Of the moments at which the strategy could have bought, had it given a signal: its stop and its gate allow it."""
    fee, gate = result.account.fees.taker, result.account.plan.strategy.fee_gate
    at = np.arange(market.first, market.last)
    if len(at) > _MOST_MOMENTS:
        at = np.sort(chance.choice(at, _MOST_MOMENTS, replace=False))
    stop, close = market.signals.initial_stop[at], market.candles.close[at]
    paid = market.candles.open[at + 1] * float(market.ask)
    least = gate * float(round_trip_cost(fee, fee, slippage))
    # A strategy whose stops are all missing gives none; else one without a stop is still warming up.
    allowed = (
        (paid > stop) & ((close - stop) / close >= least) & (close > stop) if np.isfinite(stop).any() else close > 0
    )
    at = at[allowed]
    found = outcomes(market, at + 1, stop[allowed], float(fee))
    return _Moments(found.net, np.searchsorted(at, found.end))


def _nets(moments: _Moments, wanted: int, runs: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """The nets of `wanted` trades of each run that do not overlap; nan where a run made fewer."""
    nets = _walks(moments, wanted, _TRIED * runs, chance)
    # Of all that were tried, those with the right number of trades.
    off = np.abs((~np.isnan(nets)).sum(axis=1) - wanted)
    nets = nets[np.argsort(off, kind="stable")[:runs]]
    # Any surplus is left out by chance: sorted by it, with the trades that were not made last.
    order = np.argsort(np.where(np.isnan(nets), 2.0, chance.random(nets.shape)), axis=1)
    return np.take_along_axis(nets, order, axis=1)[:, :wanted]


def _walks(moments: _Moments, trades: int, runs: int, chance: np.random.Generator) -> NDArray[np.float64]:
    """Runs of about so many trades: at every moment without a position an entry is equally likely."""
    count = len(moments.nets)
    length = float((moments.following - np.arange(count)).mean())
    waiting = max(1.0, count / trades - length + 1)
    columns = []
    at = chance.geometric(1 / waiting, runs) - 1
    while (at < count).any():
        inside = np.minimum(at, count - 1)
        columns.append(np.where(at < count, moments.nets[inside], np.nan))
        at = np.where(at < count, moments.following[inside], count) + chance.geometric(1 / waiting, runs) - 1
    return np.column_stack(columns) if columns else np.full((runs, 1), np.nan)
