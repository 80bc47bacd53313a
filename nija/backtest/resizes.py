"""When a strategy with weights may resize a position. Nearly all candles change nothing: floats find those that may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from nija.backtest.traded_market import TradedMarket

_WINDOW = 64
# Far more than floats can be wrong by.
_MARGIN = 1e-9


def next_due(
    market: TradedMarket,
    held: Sequence[tuple[TradedMarket, Decimal]],
    cash: Decimal,
    fraction: Decimal,
    span: tuple[int, int],
) -> int | None:
    """The index of the first candle of `span` (first, last) at whose close a resize may be due, or None.

    `held` is all that the account holds, by market, and `fraction` the market's share of equity.
    """
    start, last = span
    mine = float(next(amount for one, amount in held if one is market))
    width = _WINDOW
    while start <= last:
        after = min(start + width, last + 1)
        times = market.candles.time[start:after]
        equity = np.full(len(times), float(cash))
        for one, amount in held:
            equity += float(amount) * one.closes(times)
        part = mine * market.candles.close[start:after] / (equity * float(fraction))
        weight = market.weight[start:after]
        due = np.flatnonzero(np.abs(weight - part) >= market.signals.band - _MARGIN)
        if len(due):
            return start + int(due[0])
        start, width = after, 4 * width
    return None
