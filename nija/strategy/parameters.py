"""What the strategies share of their parameters: one constant, and the checks each makes of its own."""

from __future__ import annotations

from math import isfinite

from brokers.figures import exact, number
from nija.strategy.base import StrategyError
from nija.strategy.indicators import SHORTEST_PERIOD

# Every stop distance is measured in average true ranges of so many candles.
ATR_PERIOD = 20


def check_period(key: str, value: int) -> None:
    """A number of candles."""
    if isinstance(value, bool) or not isinstance(value, int) or value < SHORTEST_PERIOD:
        raise StrategyError(f"{key} = {value!r}: expected a whole number of candles, at least {SHORTEST_PERIOD}")


def check_multiple(key: str, value: float, *, above: float | None = None) -> None:
    """A factor of something, such as of an average true range: at least 0, or above a bound."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise StrategyError(f"{key} = {value!r}: expected a number")
    shown = exact(value)
    if above is not None and value <= above:
        raise StrategyError(f"{key} = {shown}: expected a number above {number(above)}")
    if value < 0:
        raise StrategyError(f"{key} = {shown}: expected a number, at least 0")
