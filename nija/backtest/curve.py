"""An account's equity at the close of every candle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brokers.model import ZERO
from nija.backtest.records import EquityCurve
from nija.backtest.traded_market import opening_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

    from nija.backtest.ledger import Booking
    from nija.backtest.traded_market import TradedMarket


def equity_curve(
    markets: Sequence[TradedMarket], bookings: Sequence[Booking], cash: Decimal, start: int, end: int
) -> EquityCurve:
    """From flat, with `cash`, at the start. Positions count at the price itself, without slippage."""
    times = opening_times(markets, start, end)
    equity = cash_at(times, bookings, cash)
    invested = np.zeros(len(times))
    for market in markets:
        add_value(invested, times, market, bookings, {}, 1.0)
    equity += invested
    return EquityCurve(times, equity, invested)


def cash_at(times: NDArray[np.int64], bookings: Sequence[Booking], before: Decimal) -> NDArray[np.float64]:
    return _steps(times, [(booking.time, booking.cash) for booking in bookings], before)


def add_value(
    invested: NDArray[np.float64],
    times: NDArray[np.int64],
    market: TradedMarket,
    bookings: Sequence[Booking],
    before: Mapping[str, Decimal],
    part: float,
) -> None:
    """Add the value of what is held of a market at the closes of these candles, as this part of the price.

    `before` is what was held before the first booking, by market.
    """
    changes = [(booking.time, booking.amount) for booking in bookings if booking.market == market.symbol]
    held = before.get(market.symbol, ZERO)
    if changes or held:
        invested += _steps(times, changes, held) * market.closes(times) * part


def _steps(times: NDArray[np.int64], changes: Sequence[tuple[int, Decimal]], before: Decimal) -> NDArray[np.float64]:
    """The value at each time, which changes at the times of `changes`."""
    values = np.array([float(before), *(float(value) for _, value in changes)])
    starts = np.searchsorted(times, [time for time, _ in changes])
    bounds = np.concatenate([[0], starts, [len(times)]])
    return np.repeat(values, bounds[1:] - bounds[:-1])
