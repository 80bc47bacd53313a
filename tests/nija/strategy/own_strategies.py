"""Strategies as a user may write them, good and bad, for the registry's tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nija.strategy.base import Signals

if TYPE_CHECKING:
    from brokers.model import Candles

NOT_A_CLASS = 5


@dataclass(frozen=True)
class NewHigh:
    """Enters on a close above the last one, exits on one below, with a stop at a fixed fraction."""

    stop: float
    fee_gate: float = 0.0
    name: str = "new_high"
    warmup: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.stop < 1:
            raise ValueError(f"stop = {self.stop}: expected a fraction")

    def evaluate(self, candles: Candles) -> Signals:
        change = np.diff(candles.close, prepend=candles.close[:1])
        none = np.full(len(candles), np.nan)
        return Signals(change > 0, change < 0, candles.close * (1 - self.stop), none)


class WithoutValueEquality:
    name = "restless"
    warmup = 1
    fee_gate = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        raise NotImplementedError


class WithoutEvaluate:
    name = "mute"
    warmup = 1
    fee_gate = 0.0


@dataclass(frozen=True)
class WithoutWarmup:
    name: str = "hasty"
    warmup: int = 0
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        raise NotImplementedError


@dataclass(frozen=True)
class WithAnOddFeeGate:
    name: str = "odd"
    warmup: int = 1
    fee_gate: str = "two"

    def evaluate(self, candles: Candles) -> Signals:
        raise NotImplementedError
