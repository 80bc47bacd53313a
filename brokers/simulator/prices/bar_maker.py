"""Makes one exchange's bars from a path of log prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.simulator.prices.bars import Bars, Scale
from brokers.simulator.prices.random_walk import autoregressive

if TYPE_CHECKING:
    from brokers.simulator.prices.bars import Column
    from brokers.simulator.prices.random_walk import Floats, Path

HOUR = 3_600

# How far the two exchanges' prices differ: a few hundredths of a percent, drifting.
_BASIS_DECAY = 0.9
_BASIS_NOISE = 0.00006
_VOLUME_DECIMALS = 8
_VOLUME_SPREAD = 0.5
_TRADES_PER_HOUR = 1_200


@dataclass(frozen=True, slots=True)
class SyntheticMarket:
    """`level` is its price at the start; `hourly_value` is the usual volume per hour in quote currency."""

    symbol: str
    level: float
    price_decimals: int
    hourly_value: float

    @property
    def scale(self) -> Scale:
        return Scale(self.price_decimals, _VOLUME_DECIMALS)


class BarMaker:
    """Makes the bars of one exchange; the same seed and calls give the same bars."""

    def __init__(self, seed: int, exchange_number: int, markets: tuple[SyntheticMarket, ...]) -> None:
        self._random = np.random.default_rng([seed, exchange_number])
        self._markets = markets
        self._basis = np.zeros(len(markets))

    def bars(self, path: Path, levels: Floats, start: int, span: int) -> list[Bars]:
        """Bars of `span` seconds for each market; `levels` are the log prices at which the path is zero."""
        basis = autoregressive(self._random.normal(0, _BASIS_NOISE, path.volatility.shape), _BASIS_DECAY, self._basis)
        logs = path.logs + levels + np.vstack([self._basis, basis])
        self._basis = basis[-1]
        opens, closes = logs[:-1], logs[1:]
        highs, lows = np.maximum(opens, closes) + path.above, np.minimum(opens, closes) - path.below
        time = start + span * np.arange(len(opens), dtype=np.int64)
        bars = []
        for column, market in enumerate(self._markets):
            open_, high, low, close = (_quantised(log[:, column], market) for log in (opens, highs, lows, closes))
            busy = np.clip(np.abs(closes - opens) / path.volatility, 0, 4)[:, column] / 2
            share = np.exp(self._random.normal(0, _VOLUME_SPREAD, len(time)) + busy - 0.5) * span / HOUR
            volume = share * market.hourly_value / np.exp(closes[:, column]) * 10**_VOLUME_DECIMALS
            trades = _at_least(4, share * _TRADES_PER_HOUR)
            bars.append(Bars(time, np.full_like(time, span), open_, high, low, close, _at_least(1, volume), trades))
        return bars


def _quantised(logs: Floats, market: SyntheticMarket) -> Column:
    return _at_least(1, np.rint(np.exp(logs) * 10**market.price_decimals))


def _at_least(least: int, values: Floats) -> Column:
    return np.maximum(values, least).astype(np.int64)
