"""What a strategy is: candles in, signals out. It sees no account, no broker and no clock, so it cannot look ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from brokers.model import Candles, Timeframe


class StrategyError(ValueError):
    """A strategy that cannot be used. Its text names the key of nija.toml, the value, and what was expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """What a strategy says at every candle's close, in arrays aligned with the candles and made read-only.

    `initial_stop` is where a position entered on that candle is protected, `trail` a candidate for a stop already
    resting: it becomes max(stop, trail). Both are prices; nan says "none".
    """

    entry: NDArray[np.bool_]
    exit: NDArray[np.bool_]
    initial_stop: NDArray[np.float64]
    trail: NDArray[np.float64]

    def __post_init__(self) -> None:
        arrays = (self.entry, self.exit, self.initial_stop, self.trail)
        if len({len(array) for array in arrays}) != 1:
            raise ValueError("the arrays of a strategy's signals differ in length")
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.entry)

    def last(self, candles: Candles) -> SignalAt:
        """The signals at the last candle. Raises IndexError where there is none."""
        return self.at(candles, -1)

    def at(self, candles: Candles, index: int) -> SignalAt:
        """The signals at one candle of those they were made from."""
        if len(self) != len(candles):
            raise ValueError(f"{candles.market}: {len(self)} signals for {len(candles)} candles")
        return SignalAt(
            market=candles.market,
            timeframe=candles.timeframe,
            time=int(candles.time[index]),
            close=Decimal(repr(float(candles.close[index]))),
            entry=bool(self.entry[index]),
            exit=bool(self.exit[index]),
            initial_stop=_price(float(self.initial_stop[index])),
            trail=_price(float(self.trail[index])),
        )


@dataclass(frozen=True, slots=True)
class SignalAt:
    """The signals at ONE candle's close, with prices as Decimal.

    `time` is the candle's opening moment in Unix seconds, as in Candles.
    """

    market: str
    timeframe: Timeframe
    time: int
    close: Decimal
    entry: bool
    exit: bool
    initial_stop: Decimal | None
    trail: Decimal | None

    @property
    def closed(self) -> datetime:
        """The moment in which the candle ended: from here on the signal may be acted upon."""
        return datetime.fromtimestamp(self.time + self.timeframe.seconds, tz=UTC)


@runtime_checkable
class Strategy(Protocol):
    """Frozen and hashable, equal by parameters: so a feed computes each signal once for all accounts that share it."""

    @property
    def name(self) -> str: ...

    @property
    def warmup(self) -> int:
        """How many closed candles there must be before the last of them can carry a valid signal."""
        ...

    @property
    def fee_gate(self) -> float:
        """How many round trips the stop distance must be worth; 0 for no such gate."""
        ...

    def evaluate(self, candles: Candles) -> Signals:
        """Signals aligned with `candles`. Value i may depend on candles up to i only; short input is never an error."""
        ...


def _price(value: float) -> Decimal | None:
    return Decimal(repr(value)) if isfinite(value) else None
