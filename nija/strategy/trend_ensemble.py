"""Channels of closes vote on how much to hold, and the vote is scaled to a steady volatility.

The rules are E of the strategy evidence, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from math import isnan, nan, sqrt
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nija.strategy.base import Signals
from nija.strategy.indicators import atr, before, deviation, highest, lowest
from nija.strategy.parameters import ATR, ATR_PERIOD, check_parameters, fraction, multiple, periods

if TYPE_CHECKING:
    from brokers.model import Candles
    from nija.strategy.indicators import Values

# How many returns the volatility is measured on.
_VOLATILITY_PERIOD = 90
_YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True, slots=True)
class TrendEnsemble:
    """Hold members on ÷ members × min(1, `target` ÷ volatility) of the market's share of equity.

    Each lookback is a member: on after a close above the highest close of that many before it, off after a close below
    its line, which rises with the middle of its channel. The stop lies `stop_atr`·ATR under the lowest line of the
    members that are on; None means no stop and is for replays only: the daemon opens nothing without a stop.

    A stop that is hit switches all members off. As a strategy knows no account, this follows a position of its own,
    which an account that acts on every signal has too.
    """

    title: ClassVar = "the steadier vote of five channels, bought and sold in parts"

    lookbacks: tuple[int, ...] = periods((20, 30, 60, 90, 150), "lengths of the channels, each from 2 to 300")
    target: float = fraction(
        0.25, "a market that swings more than this in a year is held in part", unit="fraction of its price"
    )
    band: float = fraction(
        0.10, "buy or sell once the wanted and the held part differ by this much", unit="fraction of the market's share"
    )
    stop_atr: float | None = multiple(
        1.0, "distance of the stop under the lowest line of a channel", unit=ATR, least="above 0"
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def name(self) -> str:
        return "trend_ensemble"

    @property
    def warmup(self) -> int:
        """Twice the longest lookback: from then on the weights on real candles are those of the whole history.

        A market that is younger is traded by the members that have enough closes, as in the evidence.
        """
        return 1 + max(2 * max(self.lookbacks), _VOLATILITY_PERIOD)

    @property
    def fee_gate(self) -> float:
        """No gate: it weighs costs against the stop's distance, on which these sizes do not depend."""
        return 0.0

    def evaluate(self, candles: Candles) -> Signals:
        average = atr(candles.high, candles.low, candles.close, ATR_PERIOD)
        distance = np.full(len(candles), nan) if self.stop_atr is None else self.stop_atr * average
        weight, floor = self._follow(candles, self._scale(candles), distance)
        return Signals(
            entry=weight >= self.band,
            exit=weight == 0,
            initial_stop=floor,
            trail=floor,
            weight=weight,
            band=self.band,
        )

    def _scale(self, candles: Candles) -> Values:
        """min(1, target ÷ yearly volatility); nan until enough returns are known."""
        returns = candles.close[1:] / candles.close[:-1] - 1
        yearly = deviation(returns, _VOLATILITY_PERIOD) * sqrt(_YEAR_SECONDS / candles.timeframe.seconds)
        scale = np.full(len(candles), nan)
        with np.errstate(divide="ignore"):
            scale[1:] = np.minimum(1, self.target / yearly)
        return scale

    def _follow(self, candles: Candles, scale: Values, distance: Values) -> tuple[Values, Values]:
        """The weight at each close, and the floor for the stop (nan while no member is on)."""
        tops, middles = zip(*(_channel(candles.close, length) for length in self.lookbacks), strict=True)
        channels = zip(zip(*tops, strict=True), zip(*middles, strict=True), strict=True)
        columns = (candles.open, candles.low, candles.close, scale, distance)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        off = [nan] * len(self.lookbacks)
        lines, position = off, _Position(self.band)
        weights, floors = [], []
        for (opened, low, close, scaled, below), (top, middle) in zip(rows, channels, strict=True):
            if position.is_stopped(opened, low):
                lines = off
            lines = list(map(_line, lines, repeat(close), top, middle))
            on = [line for line in lines if not isnan(line)]
            weights.append(len(on) / len(lines) * scaled)
            floors.append(min(on) - below if on else nan)
            position.note(weights[-1], floors[-1])
        return np.array(weights), np.array(floors)


@dataclass(slots=True)
class _Position:
    """What an account that acts on every signal holds: whether anything, and its stop."""

    band: float
    weight: float = nan
    is_held: bool = False
    stop: float = nan

    def is_stopped(self, opened: float, low: float) -> bool:
        """Trade in the next candle as the last weight wants; returns whether the stop was hit in it."""
        if self.is_held:
            self.is_held = self.weight != 0
        else:
            self.is_held = self.weight >= self.band and not opened <= self.stop
        if self.is_held and low <= self.stop:
            self.is_held = False
            return True
        return False

    def note(self, weight: float, floor: float) -> None:
        """At the close of that candle; without a floor the stop stays."""
        self.weight = weight
        if not self.is_held or floor > self.stop:
            self.stop = floor


def _channel(close: Values, length: int) -> tuple[list[float], list[float]]:
    """The highest close of `length` before each candle, and the middle of the closes of its own last `length`."""
    top = highest(close, length)
    return before(top).tolist(), ((top + lowest(close, length)) / 2).tolist()


def _line(line: float, close: float, top: float, middle: float) -> float:
    """The member's line after this close; nan is off. One that goes off does not come on at the same close."""
    if isnan(line):
        return middle if close > top else nan
    return nan if close < line else max(line, middle)
