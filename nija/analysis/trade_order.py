"""The drawdown that the same trades could have had in another order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.curve import max_drawdown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Shuffled at a time, so that thousands of trades need little memory.
_AT_ONCE = 50
_QUANTILES = (5, 50, 95)


@dataclass(frozen=True, slots=True, eq=False)
class TradeOrder:
    """Drawdowns of closed trades as fractions: in the `true` order, and over all `runs` of shuffled ones, sorted."""

    true: float
    shuffled: NDArray[np.float64]

    @property
    def runs(self) -> int:
        return len(self.shuffled)

    @property
    def quantiles(self) -> tuple[float, float, float]:
        """The drawdown that 5, 50 and 95 % of the orders stay within."""
        low, middle, high = np.percentile(self.shuffled, _QUANTILES)
        return float(low), float(middle), float(high)


def shuffled_drawdowns(changes: Sequence[float], runs: int, seed: int) -> TradeOrder | None:
    """`changes` are the trades' results as fractions of the equity at their opening; None for fewer than two."""
    if len(changes) < 2 or runs < 1:  # noqa: PLR2004  one trade has one order
        return None
    factors = 1 + np.array(changes)
    chance = np.random.default_rng(seed)
    found = [_drawdowns(factors, min(_AT_ONCE, runs - done), chance) for done in range(0, runs, _AT_ONCE)]
    return TradeOrder(max_drawdown(_curve(factors)), np.sort(np.concatenate(found)))


def _drawdowns(factors: NDArray[np.float64], runs: int, chance: np.random.Generator) -> NDArray[np.float64]:
    orders = chance.permuted(np.tile(factors, (runs, 1)), axis=1)
    curves = np.cumprod(np.hstack((np.ones((runs, 1)), orders)), axis=1)
    deepest: NDArray[np.float64] = (1 - curves / np.maximum.accumulate(curves, axis=1)).max(axis=1)
    return deepest


def _curve(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate(([1.0], np.cumprod(factors)))
