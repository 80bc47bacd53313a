"""Strategies for daemons under test: they trade at once, so that no test waits for a market to move."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nija.strategy.base import Signals

if TYPE_CHECKING:
    from brokers.model import Candles

_DAY = 86_400


# While a file of this name lies in the daemon's folder, Eager holds what it has, moves no stop and buys nothing.
CALM = Path("calm")


@dataclass(frozen=True)
class Eager:
    """Buys at every candle but each `hold`th of the calendar, at which it sells."""

    hold: int = 3
    stop: float = 0.8
    name: str = "eager"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        calm = CALM.exists()
        leave = (candles.time // _DAY % self.hold == 0) & (not calm)
        return Signals(
            entry=~leave & (not calm),
            exit=leave,
            initial_stop=candles.close * self.stop,
            trail=np.full(len(candles), np.nan) if calm else candles.close * (self.stop - 0.1),
        )


@dataclass(frozen=True)
class BuyAndHold(Eager):
    """Buys at once and never sells."""

    name: str = "buy_and_hold"

    def evaluate(self, candles: Candles) -> Signals:
        never = np.zeros(len(candles), dtype=bool)
        return Signals(
            entry=~never, exit=never.copy(), initial_stop=candles.close * self.stop, trail=np.full(len(candles), np.nan)
        )


# While a file of this name lies in the daemon's folder, FailsOnDemand raises in the threads of its accounts.
FAIL = Path("fail")


class FailsOnDemand(Eager):
    """Raises where a user's strategy should never be able to hurt: in an account's own thread, at its own cycle."""

    def __hash__(self) -> int:
        if FAIL.exists() and ":" in threading.current_thread().name:
            raise RuntimeError("raised on demand")
        return hash(self.name)
