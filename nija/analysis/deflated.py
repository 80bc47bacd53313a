"""The deflated Sharpe ratio: whether a result is more than the luck of the best of many tries.

D. H. Bailey and M. López de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40 (5), 2014.
"""

from __future__ import annotations

from math import e, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from nija.analysis.curve import sharpe_ratio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EULER = 0.5772156649015329
_FEWEST = 3


def deflated_sharpe(returns: NDArray[np.float64], variants: int, deviation: float | None = None) -> float | None:
    """The probability that the true Sharpe ratio is above what the best of `variants` worthless tries would show.

    `returns` are of equal periods, such as days. `deviation` is the standard deviation of the variants' Sharpe ratios
    (of such a period); without it they count as independent tries of the same length. None if nothing varies.
    """
    ratio = sharpe_ratio(returns)
    if ratio is None or len(returns) < _FEWEST:
        return None
    expected = best_of(variants) * (1 / sqrt(len(returns) - 1) if deviation is None else deviation)
    spread = 1 - skewness(returns) * ratio + (kurtosis(returns) - 1) / 4 * ratio**2
    if spread <= 0:
        return None
    return NormalDist().cdf((ratio - expected) * sqrt(len(returns) - 1) / sqrt(spread))


def best_of(variants: int) -> float:
    """The expected maximum of `variants` independent draws from a standard normal distribution."""
    if variants <= 1:
        return 0.0
    normal = NormalDist()
    return (1 - _EULER) * normal.inv_cdf(1 - 1 / variants) + _EULER * normal.inv_cdf(1 - 1 / (variants * e))


def skewness(values: NDArray[np.float64]) -> float:
    deviations = values - values.mean()
    return float((deviations**3).mean() / (deviations**2).mean() ** 1.5)


def kurtosis(values: NDArray[np.float64]) -> float:
    """3 for a normal distribution."""
    deviations = values - values.mean()
    return float((deviations**4).mean() / (deviations**2).mean() ** 2)
