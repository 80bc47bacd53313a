"""The strategy protocol: candles in, signals out. A strategy sees no account, broker or clock: it cannot look ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from brokers.model import Candles, Timeframe


class StrategyError(ValueError):
    """A strategy cannot be used. The text names the key in nija.toml, the value, and what was expected."""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """The signals at every candle's close, in read-only arrays aligned with the candles.

    `initial_stop` is the stop of a position entered on that candle; `trail` may raise a resting stop to
    max(stop, trail). Both are prices; nan means none.

    A strategy that resizes its positions also gives `weight`: the fraction of the market's share of equity that it
    wants held, from 0 to 1; nan while it is not known. A position is resized once it differs by at least `band`.
    """

    entry: NDArray[np.bool_]
    exit: NDArray[np.bool_]
    initial_stop: NDArray[np.float64]
    trail: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    band: float = 0.0

    def __post_init__(self) -> None:
        arrays = [self.entry, self.exit, self.initial_stop, self.trail]
        if self.weight is not None:
            arrays.append(self.weight)
        self._check_kinds(arrays)
        if len({len(array) for array in arrays}) != 1:
            raise ValueError("the arrays of a strategy's signals differ in length")
        for array in arrays:
            array.flags.writeable = False

    def _check_kinds(self, arrays: Sequence[NDArray[np.generic]]) -> None:
        """Of a user's own strategy. A number would do as an entry, too, but nan would then buy."""
        if not all(isinstance(array, np.ndarray) and array.ndim == 1 for array in arrays):
            raise ValueError("a strategy's signals must be numpy arrays of one dimension")
        if self.entry.dtype != np.bool_ or self.exit.dtype != np.bool_:
            raise ValueError("entry and exit of a strategy's signals must be arrays of bool")
        if not all(array.dtype.kind in "fiu" for array in arrays[2:]):
            raise ValueError("initial_stop, trail and weight of a strategy's signals must be arrays of numbers")
        if not isfinite(self.band):
            raise ValueError(f"the band of a strategy's signals is {self.band}, expected a finite number")

    def __len__(self) -> int:
        return len(self.entry)

    def last(self, candles: Candles) -> SignalAt:
        """The signals at the last candle. Raises IndexError if there is none."""
        return self.at(candles, -1)

    def at(self, candles: Candles, index: int) -> SignalAt:
        """The signals at one of the candles they were computed from."""
        if len(self) != len(candles):
            raise ValueError(f"{candles.market}: {len(self)} signals for {len(candles)} candles")
        return SignalAt(
            market=candles.market,
            timeframe=candles.timeframe,
            time=int(candles.time[index]),
            close=Decimal(repr(float(candles.close[index]))),
            entry=bool(self.entry[index]),
            exit=bool(self.exit[index]),
            initial_stop=_decimal(float(self.initial_stop[index])),
            trail=_decimal(float(self.trail[index])),
            weight=None if self.weight is None else _decimal(float(self.weight[index])),
            band=Decimal(repr(float(self.band))),
        )


@dataclass(frozen=True, slots=True)
class SignalAt:
    """The signals at ONE candle's close, with prices as Decimal.

    `time` is the candle's opening time in Unix seconds, as in Candles. `weight` and `band` are as in Signals; `weight`
    is None for a strategy that does not resize, and while the weight is not known.
    """

    market: str
    timeframe: Timeframe
    time: int
    close: Decimal
    entry: bool
    exit: bool
    initial_stop: Decimal | None
    trail: Decimal | None
    weight: Decimal | None = None
    band: Decimal = Decimal(0)

    @property
    def closed(self) -> datetime:
        """When the candle ended: from then on the signal may be acted on."""
        return datetime.fromtimestamp(self.time + self.timeframe.seconds, tz=UTC)


@runtime_checkable
class Strategy(Protocol):
    """Frozen, hashable and equal by parameters, so that a feed computes each signal once for all accounts."""

    @property
    def name(self) -> str: ...

    @property
    def warmup(self) -> int:
        """How many closed candles are needed for a valid signal at the last one."""
        ...

    @property
    def fee_gate(self) -> float:
        """The minimum stop distance, in round-trip costs; 0 for no gate."""
        ...

    def evaluate(self, candles: Candles) -> Signals:
        """Signals aligned with `candles`. Value i may depend on candles up to i only; short input is never an error."""
        ...


def _decimal(value: float) -> Decimal | None:
    return Decimal(repr(value)) if isfinite(value) else None
