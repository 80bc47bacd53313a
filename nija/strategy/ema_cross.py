"""A second strategy: in the market while a fast average runs above a slow one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.strategy.base import Signals, StrategyError
from nija.strategy.indicators import atr, ema
from nija.strategy.parameters import ATR_PERIOD, check_multiple, check_period

if TYPE_CHECKING:
    from brokers.model import Candles


@dataclass(frozen=True, slots=True)
class EmaCross:
    """Enter while EMA(`fast`) is above EMA(`slow`), leave when it is below, with a stop at close - `stop_atr`·ATR.

    It is a state and not a crossing: after a stop-out it enters again at the next close if the fast average is still
    above. `stop_atr` = None takes the stop away: only for replays, the daemon opens nothing without a stop.
    """

    fast: int = 20
    slow: int = 50
    stop_atr: float | None = 3.0
    fee_gate: float = 2.0

    def __post_init__(self) -> None:
        check_period("fast", self.fast)
        check_period("slow", self.slow)
        if self.stop_atr is not None:
            check_multiple("stop_atr", self.stop_atr, above=0)
        check_multiple("fee_gate", self.fee_gate)
        if self.fast >= self.slow:
            raise StrategyError(f"fast = {self.fast}: expected fewer candles than slow = {self.slow}")

    @property
    def name(self) -> str:
        return "ema_cross"

    @property
    def warmup(self) -> int:
        return max(self.slow, 0 if self.stop_atr is None else ATR_PERIOD + 1)

    def evaluate(self, candles: Candles) -> Signals:
        fast, slow = ema(candles.close, self.fast), ema(candles.close, self.slow)
        entry = fast > slow
        none = np.full(len(candles), np.nan)
        initial_stop = none
        if self.stop_atr is not None:
            average = atr(candles.high, candles.low, candles.close, ATR_PERIOD)
            initial_stop = candles.close - self.stop_atr * average
            entry &= ~np.isnan(initial_stop)
        return Signals(entry=entry, exit=fast < slow, initial_stop=initial_stop, trail=none)
