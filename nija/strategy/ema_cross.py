"""A second strategy: long while a fast average is above a slow one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nija.strategy.base import Signals, StrategyError
from nija.strategy.indicators import SHORTEST_PERIOD, atr, ema
from nija.strategy.parameters import ATR, ATR_PERIOD, check_parameters, fee_gate_parameter, multiple, period

if TYPE_CHECKING:
    from brokers.model import Candles


@dataclass(frozen=True, slots=True)
class EmaCross:
    """Enter while EMA(`fast`) is above EMA(`slow`), exit when it is below, with a stop at close - `stop_atr`·ATR.

    Entries follow the state, not the crossing: after a stop-out it enters again at the next close if the fast average
    is still above. `stop_atr` = None means no stop and is for replays only: the daemon opens nothing without a stop.
    """

    title: ClassVar = "long while the fast average is above the slow one"

    fast: int = period(20, "length of the fast average")
    slow: int = period(50, "length of the slow average", least=SHORTEST_PERIOD + 1)
    stop_atr: float | None = multiple(3.0, "distance of the stop under the close", unit=ATR, least="above 0")
    fee_gate: float = fee_gate_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)
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
