"""The default: a long-only breakout of the recent range, in by a new high and out by a new low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.strategy.base import Signals
from nija.strategy.indicators import atr, before, highest, lowest
from nija.strategy.parameters import ATR_PERIOD, check_multiple, check_period

if TYPE_CHECKING:
    from brokers.model import Candles


@dataclass(frozen=True, slots=True)
class Trend:
    """Enter on a close above the highest high of the `entry` candles before it, with a stop at close - `stop_atr`·ATR.

    The stop follows the lowest low of the last `exit` candles at a distance of `trail_atr`·ATR; leave on a close below
    the lowest low of the `exit` candles before it. None takes the stop, or its following, away: only for replays,
    the daemon opens nothing without a stop. The exchanges bound `entry` and `exit`: Kraken gives 720 candles of any
    length, the running one included; of Coinbase the feed reads 700.
    """

    entry: int = 20
    exit: int = 10
    stop_atr: float | None = 3.0
    trail_atr: float | None = 1.0
    fee_gate: float = 2.0

    def __post_init__(self) -> None:
        check_period("entry", self.entry)
        check_period("exit", self.exit)
        if self.stop_atr is not None:
            check_multiple("stop_atr", self.stop_atr, above=0)
        if self.trail_atr is not None:
            check_multiple("trail_atr", self.trail_atr)
        check_multiple("fee_gate", self.fee_gate)

    @property
    def name(self) -> str:
        return "trend"

    @property
    def warmup(self) -> int:
        needs_atr = self.stop_atr is not None or self.trail_atr is not None
        return 1 + max(self.entry, self.exit, ATR_PERIOD if needs_atr else 0)

    def evaluate(self, candles: Candles) -> Signals:
        close = candles.close
        ceiling = before(highest(candles.high, self.entry))
        low = lowest(candles.low, self.exit)
        average = atr(candles.high, candles.low, close, ATR_PERIOD)
        entry = close > ceiling
        initial_stop = trail = np.full(len(close), np.nan)
        if self.stop_atr is not None:
            initial_stop = close - self.stop_atr * average
            entry &= ~np.isnan(initial_stop)
        if self.trail_atr is not None:
            trail = low - self.trail_atr * average
        return Signals(entry=entry, exit=close < before(low), initial_stop=initial_stop, trail=trail)
