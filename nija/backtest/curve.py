"""An account's equity at the close of every candle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nija.backtest.records import EquityCurve
from nija.backtest.traded_market import opening_times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from nija.backtest.account_run import Booking
    from nija.backtest.traded_market import TradedMarket


def equity_curve(
    markets: Sequence[TradedMarket], bookings: Sequence[Booking], cash: Decimal, start: int, end: int
) -> EquityCurve:
    """`cash` is the account's at the start, `bookings` are in the order of time."""
    times = opening_times(markets, start, end)
    equity = _steps(times, [(booking.time, booking.cash) for booking in bookings], cash)
    invested = np.zeros(len(times))
    for market in markets:
        amounts = [(booking.time, booking.amount) for booking in bookings if booking.market == market.symbol]
        if amounts:
            invested += _steps(times, amounts, cash * 0) * market.closes(times)
    equity += invested
    return EquityCurve(times, equity, invested)


def _steps(times: NDArray[np.int64], changes: Sequence[tuple[int, Decimal]], before: Decimal) -> NDArray[np.float64]:
    """The value at each time, which changes at the times of `changes`."""
    values = np.array([float(before), *(float(value) for _, value in changes)])
    starts = np.searchsorted(times, [time for time, _ in changes])
    return np.repeat(values, np.diff(starts, prepend=0, append=len(times)))
