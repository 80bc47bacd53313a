"""How likely the best variant is the best by chance: the probability of backtest overfitting.

Bailey, Borwein, López de Prado and Zhu, "The probability of backtest overfitting" (2015): combinatorially symmetric
cross-validation.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCKS = 16
# Fewer days in a block say nothing about a rule that holds for weeks.
_SHORTEST_BLOCK = 10
_FEWEST_BLOCKS = 4
_FEWEST_VARIANTS = 2
# Splits, to keep a large search within little memory.
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Overfitting:
    """`probability`: in which share of the splits the best of one half was below the median in the other half.

    `loss`: in which share of them it lost money there.
    """

    probability: float
    loss: float
    splits: int
    blocks: int


def overfitting(returns: NDArray[np.float64]) -> Overfitting | None:
    """Of daily `returns` (variants × days); None for a single variant, and for too few days.

    The days are cut into equal blocks, at most 16; every half of them chooses the variant with the highest Sharpe
    ratio, and the other half judges it. A variant that never traded has a ratio of 0. The first days that fill no whole
    block are left out.
    """
    variants, days = returns.shape
    blocks = min(BLOCKS, days // _SHORTEST_BLOCK // 2 * 2)
    if variants < _FEWEST_VARIANTS or blocks < _FEWEST_BLOCKS:
        return None
    length = days // blocks
    cut = returns[:, days - blocks * length :].reshape(variants, blocks, length)
    sums, squares = cut.sum(axis=2), (cut**2).sum(axis=2)
    halves = _halves(blocks)
    below = lost = 0
    for start in range(0, len(halves), _AT_ONCE):
        chosen = halves[start : start + _AT_ONCE]
        best = np.argmax(_ratios(sums, squares, chosen, length), axis=0)
        judged = _ratios(sums, squares, 1 - chosen, length)
        of_best = judged[best, np.arange(len(chosen))]
        # From 0 to 1, as in the paper; equal variants share their ranks.
        ranks = ((judged < of_best).sum(axis=0) + (judged == of_best).sum(axis=0) / 2 + 0.5) / (variants + 1)
        below += int((ranks <= 0.5).sum())  # noqa: PLR2004  the median
        lost += int((of_best < 0).sum())
    return Overfitting(below / len(halves), lost / len(halves), len(halves), blocks)


def _halves(blocks: int) -> NDArray[np.float64]:
    """Every half of the blocks (splits × blocks): 1 for a block that is in it."""
    halves = [list(half) for half in combinations(range(blocks), blocks // 2)]
    found = np.zeros((len(halves), blocks))
    np.put_along_axis(found, np.array(halves), 1.0, axis=1)
    return found


def _ratios(
    sums: NDArray[np.float64], squares: NDArray[np.float64], taken: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """Sharpe ratios over the blocks that are taken (variants × splits)."""
    count = taken.shape[1] // 2 * length
    mean: NDArray[np.float64] = sums @ taken.T / count
    variance = np.maximum(squares @ taken.T / count - mean**2, 0)
    ratios = np.zeros_like(mean)
    np.divide(mean, np.sqrt(variance), out=ratios, where=variance > 0)
    return ratios
