"""At which close of the next candle a strategy would buy or sell: it is asked, so this holds for any strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.strategy.base import SignalAt, Strategy

# Closes from half to twice the last one are tried, 1.1 % apart, and the bound between two of them is then narrowed.
_TRIED = tuple(float(factor) for factor in np.geomspace(0.5, 2.0, 129))
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class NextCandle:
    """What the next candle's close would make of the signal, if it moves straight there from the last close.

    `buys_above`: the strategy buys if the candle closes above this; `sells_below` likewise. None if no close between
    half and twice the last one makes it do so, or if every one does.
    """

    buys_above: float | None
    sells_below: float | None


def next_candle(strategy: Strategy, candles: Candles) -> NextCandle:
    """`candles` must not be empty. The strategy may be a user's own: whatever it raises is raised here."""
    last = float(candles.close[-1])

    def buys(close: float) -> bool:
        return signal_if(strategy, candles, close).entry

    def sells(close: float) -> bool:
        return signal_if(strategy, candles, close).exit

    closes = [last * factor for factor in _TRIED]
    return NextCandle(_bound(closes, buys), _bound(closes[::-1], sells))


def signal_if(strategy: Strategy, candles: Candles, close: float) -> SignalAt:
    """The signal at the next candle, if it closes at `close`."""
    longer = _with_next(candles, close)
    return strategy.evaluate(longer).last(longer)


def _with_next(candles: Candles, close: float) -> Candles:
    before = float(candles.close[-1])
    row = (before, max(before, close), min(before, close), close, float(candles.volume[-1]))
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return Candles(
        candles.market,
        candles.timeframe,
        np.append(candles.time, candles.time[-1] + candles.timeframe.seconds),
        *(np.append(column, value) for column, value in zip(columns, row, strict=True)),
    )


def _bound(closes: list[float], happens: Callable[[float], bool]) -> float | None:
    """The last of the `closes`, to many digits, at which it does not happen yet; None if there is no such bound."""
    outside: float | None = None
    for close in closes:
        if happens(close):
            return None if outside is None else _narrowed(outside, close, happens)
        outside = close
    return None


def _narrowed(outside: float, inside: float, happens: Callable[[float], bool]) -> float:
    for _ in range(_HALVINGS):
        middle = (outside + inside) / 2
        if happens(middle):
            inside = middle
        else:
            outside = middle
    return outside
