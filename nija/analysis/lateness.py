"""A control: the same signals, acted on one candle late."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from nija.strategy.base import Signals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from nija.market_data.snapshot import Subscription

_Kind = TypeVar("_Kind", np.bool_, np.float64)


def one_candle_late(table: Mapping[Subscription, Signals]) -> dict[Subscription, Signals]:
    """Each signal stands one candle later: what an account does that always misses a candle."""
    return {subscription: _late(signals) for subscription, signals in table.items()}


def _late(signals: Signals) -> Signals:
    return Signals(
        entry=_shifted(signals.entry, filler=False),
        exit=_shifted(signals.exit, filler=False),
        initial_stop=_shifted(signals.initial_stop, filler=np.nan),
        trail=_shifted(signals.trail, filler=np.nan),
        weight=None if signals.weight is None else _shifted(signals.weight, filler=0.0),
        band=signals.band,
    )


def _shifted(array: NDArray[_Kind], *, filler: float) -> NDArray[_Kind]:
    shifted = np.full_like(array, filler)
    shifted[1:] = array[:-1]
    return shifted
