"""The default: a long-only breakout of the recent range; enters on a new high, exits on a new low."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nija.strategy.base import Signals
from nija.strategy.indicators import atr, before, highest, lowest
from nija.strategy.parameters import ATR, ATR_PERIOD, check_parameters, fee_gate_parameter, multiple, period

if TYPE_CHECKING:
    from brokers.model import Candles


@dataclass(frozen=True, slots=True)
class Trend:
    """Enter on a close above the highest high of the `entry` candles before it, with a stop at close - `stop_atr`·ATR.

    The stop trails the lowest low of the last `exit` candles at a distance of `trail_atr`·ATR; exit on a close below
    the lowest low of the `exit` candles before it. None means no stop, or no trailing, and is for replays only: the
    daemon opens nothing without a stop. The exchanges bound `entry` and `exit`: Kraken provides 720 candles of any
    length, the running one included; the feed reads 700 from Coinbase.
    """

    title: ClassVar = "the slow breakout"

    entry: int = period(20, "buy above the highest high of this many; Kraken provides 720, Coinbase 700")
    exit: int = period(10, "sell below the lowest low of this many; Kraken provides 720, Coinbase 700")
    stop_atr: float | None = multiple(3.0, "distance of the first stop under the close", unit=ATR, least="above 0")
    trail_atr: float | None = multiple(1.0, "distance of the moving stop under the exit's low", unit=ATR)
    fee_gate: float = fee_gate_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)

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
