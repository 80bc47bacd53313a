"""How generated prices move: trends, ranges and falls of a common factor, plus each market's own moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HOURS_PER_CHUNK = 240

# Separates this generator's numbers from others of the same seed. With this value, seed 1 starts as the demo needs:
# a breakout within days, a trend, a fall.
_STREAM = 90

# Drift of the common factor per day; minimum duration of a regime in days, and the average on top of it.
_DRIFTS = (0.014, 0.0, -0.013)
_CHANCES = (0.42, 0.22, 0.36)
_SHORTEST_REGIME = 6.0
_REGIME_BEYOND = 12.0

_HOURS_PER_DAY = 24
_FACTOR_VOLATILITY = 0.019 / np.sqrt(_HOURS_PER_DAY)
# Volatility clusters: its logarithm reverts with a half-life of about two days.
_CALM_DECAY = 0.985
_CALM_NOISE = 0.07
# How far a step goes beyond its ends, in units of its volatility.
_REACH = 0.45
_JUMP_CHANCE = 1 / (45 * _HOURS_PER_DAY)
_JUMP_SIZE = 0.035
# Prices revert over some months, so that they stay plausible for years of market time.
_HOMING = float(np.exp(-1 / (120 * _HOURS_PER_DAY)))


@dataclass(frozen=True, slots=True)
class Character:
    """How a market follows the common factor, and its own volatility (per day, as a fraction)."""

    beta: float
    own_volatility: float


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """Log prices of all markets (columns), step by step (rows).

    `logs` has one row more than there are steps: the first is the start of the path. `above` and `below` are how far
    the price went beyond the ends of each step; `volatility` is per step.
    """

    logs: Floats
    volatility: Floats
    above: Floats
    below: Floats


class RandomWalk:
    """Log prices in chunks; the values at full hours depend only on the seed."""

    def __init__(self, seed: int, characters: tuple[Character, ...]) -> None:
        self._random = np.random.default_rng([seed, _STREAM])
        self._fine_random = np.random.default_rng([seed, _STREAM, 1])
        self._betas = np.array([character.beta for character in characters])
        self._own = np.array([character.own_volatility for character in characters]) / np.sqrt(_HOURS_PER_DAY)
        self._logs = np.zeros(len(characters))
        self._calm = 0.0
        self._drift = 0.0
        self._regime_left = 0

    def next_chunk(self, steps: int = 1) -> Path:
        """The next hours, each in `steps` steps."""
        calm = autoregressive(self._random.normal(0, _CALM_NOISE, (HOURS_PER_CHUNK, 1)), _CALM_DECAY, self._calm)[:, 0]
        swing = np.exp(calm)
        factor = self._drifts() + _FACTOR_VOLATILITY * swing * self._fat_tails(1)[:, 0] + self._jumps()
        own = self._own * swing[:, None] * self._fat_tails(len(self._betas))
        hours = autoregressive(factor[:, None] * self._betas + own, _HOMING, self._logs)
        logs = np.vstack([self._logs, hours])
        self._logs, self._calm = hours[-1], float(calm[-1])
        volatility = swing[:, None] * np.hypot(self._betas * _FACTOR_VOLATILITY, self._own)
        return self._refined(logs, volatility, steps)

    def _refined(self, logs: Floats, volatility: Floats, steps: int) -> Path:
        """Fill in each hour as a bridge between its fixed ends."""
        hours, columns = volatility.shape
        fine = np.repeat(volatility, steps, axis=0) / np.sqrt(steps)
        noise = self._fine_random.normal(0, 1, (hours, steps, columns)) * fine.reshape(hours, steps, columns)
        walk = np.cumsum(noise, axis=1)
        part = np.arange(1, steps + 1)[:, None] / steps
        bridge = walk - part * walk[:, -1:, :] + logs[:-1, None, :] * (1 - part) + logs[1:, None, :] * part
        above, below = np.abs(self._fine_random.normal(0, _REACH, (2, hours * steps, columns))) * fine
        return Path(np.vstack([logs[:1], bridge.reshape(hours * steps, columns)]), fine, above, below)

    def _drifts(self) -> Floats:
        drifts = np.empty(HOURS_PER_CHUNK)
        hour = 0
        while hour < HOURS_PER_CHUNK:
            if self._regime_left == 0:
                self._drift = float(self._random.choice(_DRIFTS, p=_CHANCES))
                days = _SHORTEST_REGIME + self._random.exponential(_REGIME_BEYOND)
                self._regime_left = int(days * _HOURS_PER_DAY)
            hours = min(self._regime_left, HOURS_PER_CHUNK - hour)
            drifts[hour : hour + hours] = self._drift / _HOURS_PER_DAY
            hour += hours
            self._regime_left -= hours
        return drifts

    def _fat_tails(self, columns: int) -> Floats:
        degrees = 5
        unit = np.sqrt((degrees - 2) / degrees)
        return np.asarray(self._random.standard_t(degrees, (HOURS_PER_CHUNK, columns)) * unit, dtype=np.float64)

    def _jumps(self) -> Floats:
        happens = self._random.random(HOURS_PER_CHUNK) < _JUMP_CHANCE
        return np.asarray(happens * self._random.normal(0, _JUMP_SIZE, HOURS_PER_CHUNK), dtype=np.float64)


def autoregressive(noise: Floats, decay: float, before: Floats | float) -> Floats:
    """x[t] = decay * x[t-1] + noise[t] down each column, with x[-1] = `before`."""
    walked = np.empty_like(noise)
    for first in range(0, len(noise), HOURS_PER_CHUNK):  # powers over longer stretches would exceed a float's range
        block = noise[first : first + HOURS_PER_CHUNK]
        powers = decay ** np.arange(1, len(block) + 1)[:, None]
        walked[first : first + len(block)] = powers * (before + np.cumsum(block / powers, axis=0))
        before = walked[first + len(block) - 1]
    return walked
