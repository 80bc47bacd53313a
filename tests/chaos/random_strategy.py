"""Strategies that keep the order desk busy: they enter, resize, trail and leave by a hash of the candle's time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nija.strategy.base import Signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from brokers.model import Candles

# While a file of this name lies in the daemon's folder, what is held is kept and nothing is bought.
CALM = Path("calm")


@dataclass(frozen=True)
class RandomStrategy:
    """Enters on two candles of three, leaves on one of four; stops so near that some are reached, and soon raised."""

    stop: float = 0.97
    trail: float = 0.985
    name: str = "random"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        chance, calm = _chance(candles), CALM.exists()
        leave = (chance % 4 == 0) & (not calm)
        return Signals(
            entry=~leave & (chance % 3 != 0) & (not calm),
            exit=leave,
            initial_stop=candles.close * self.stop,
            # Also in calm a position that was found again without its stop must come to one.
            trail=candles.close * (self.trail / 2 if calm else self.trail),
        )


@dataclass(frozen=True)
class RandomWeights:
    """As RandomStrategy, with another weight on every candle: positions are bought more of and sold in part."""

    stop: float = 0.97
    trail: float = 0.985
    name: str = "weights"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        chance, calm = _chance(candles), CALM.exists()
        leave = (chance % 5 == 0) & (not calm)
        return Signals(
            entry=~leave & (not calm),
            exit=leave,
            initial_stop=candles.close * self.stop,
            trail=candles.close * (self.trail / 2 if calm else self.trail),
            weight=np.where(leave, 0.0, (1 + chance % 7) / 7),
            # In calm nothing differs by as much.
            band=100.0 if calm else 0.05,
        )


def _chance(candles: Candles) -> NDArray[np.int64]:
    return np.array([zlib.crc32(f"{candles.market} {time}".encode()) for time in candles.time], dtype=np.int64)
