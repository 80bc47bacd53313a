"""At which close of the next candle a strategy would buy or sell: it is asked, so this holds for any strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.strategy.base import SignalAt, Strategy

# Closes from half to twice the last one are tried, 4.4 % apart, and the bound between two of them is then narrowed.
_TRIED = tuple(float(factor) for factor in np.geomspace(0.5, 2.0, 33))
_HALVINGS = 22


@dataclass(frozen=True, slots=True)
class NextCandle:
    """What the next candle's close would make of the signal, if it moves straight there from the last close.

    `buys_above`: the strategy buys if the candle closes above this; `sells_below` likewise. None if no close between
    half and twice the last one makes it do so, or if every one does.
    """

    buys_above: float | None
    sells_below: float | None


class Outlooks:
    """What strategies say of candles now, and would say of the next one.

    Each question is asked once, however many accounts follow the same market: one object serves one answer. `candles`
    must not be empty. A strategy may be a user's own: whatever it raises is raised here.
    """

    def __init__(self) -> None:
        self._signals: dict[tuple[Strategy, Candles, float | None], SignalAt] = {}
        self._bounds: dict[tuple[Strategy, Candles], NextCandle] = {}

    def signal(self, strategy: Strategy, candles: Candles, close: float | None = None) -> SignalAt:
        """At the last candle or, with `close`, at the next one if it closes there."""
        key = (strategy, candles, close)
        if key not in self._signals:
            seen = candles if close is None else _with_next(candles, close)
            self._signals[key] = strategy.evaluate(seen).last(seen)
        return self._signals[key]

    def next_candle(self, strategy: Strategy, candles: Candles) -> NextCandle:
        if (strategy, candles) not in self._bounds:
            closes = [float(candles.close[-1]) * factor for factor in _TRIED]

            def buys(close: float) -> bool:
                return self.signal(strategy, candles, close).entry

            def sells(close: float) -> bool:
                return self.signal(strategy, candles, close).exit

            self._bounds[strategy, candles] = NextCandle(_bound(closes, buys), _bound(closes[::-1], sells))
        return self._bounds[strategy, candles]


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
