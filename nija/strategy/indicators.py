"""The only module that uses TA-Lib. Outputs are aligned with the input; undefined values are nan.

TA-Lib releases the GIL at every call, and many threads calling it at once contend for it, so signals are computed in
the feeds' threads (one per exchange) and never in the traders'. Definitions: ATR(n) starts at index n with the mean
of the true ranges 1…n and continues as (ATR·(n-1)+TR)/n; EMA(n) starts at index n-1 with the mean of the first n
values and continues with factor 2/(n+1). Every period here is at least 2, TA-Lib's own minimum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

SHORTEST_PERIOD = 2
# Bounds the memory of a long series: rows × period floats at a time.
_ROWS = 4_096


def atr(high: Values, low: Values, close: Values, period: int) -> Values:
    """Wilder's average true range."""
    known: Values = _talib().ATR(high, low, close, timeperiod=period)
    return known


def ema(values: Values, period: int) -> Values:
    known: Values = _talib().EMA(values, timeperiod=period)
    return known


def highest(values: Values, period: int) -> Values:
    """The highest of the last `period` values, the current one included."""
    known: Values = _talib().MAX(values, timeperiod=period)
    return known


def lowest(values: Values, period: int) -> Values:
    """The lowest of the last `period` values, the current one included."""
    known: Values = _talib().MIN(values, timeperiod=period)
    return known


def deviation(values: Values, period: int) -> Values:
    """The sample standard deviation (n - 1) of the last `period` values, the current one included.

    Each is computed from its own values alone, so it does not depend on where the series begins.
    """
    known = np.full(len(values), np.nan)
    if len(values) < period:
        return known
    windows = sliding_window_view(values, period)
    for row in range(0, len(windows), _ROWS):
        some = np.ascontiguousarray(windows[row : row + _ROWS])
        known[period - 1 + row : period - 1 + row + len(some)] = some.std(axis=1, ddof=1)
    return known


def before(values: Values) -> Values:
    """`values` shifted by one candle: turns "the last N" into "the N before the current candle"."""
    earlier = np.empty_like(values)
    earlier[:1] = np.nan
    earlier[1:] = values[:-1]
    return earlier


def _talib() -> ModuleType:
    """Imported at the first signal: it imports pandas, 50 MB that a command without signals does not need."""
    import talib  # noqa: PLC0415 - see above

    return talib
