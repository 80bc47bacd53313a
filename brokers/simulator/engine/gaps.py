"""Permanent jumps of a market's price: later prices of the source are multiplied by a factor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brokers.simulator.engine.market_data import CandleRow


@dataclass(frozen=True, slots=True)
class Gap:
    """`time` is market time in Unix seconds."""

    time: float
    factor: Decimal


def shifted(price: Decimal, factor: Decimal) -> Decimal:
    """With as many decimals as before, and never zero."""
    least = Decimal(1).scaleb(int(price.as_tuple().exponent))
    return max(least, (price * factor).quantize(least))


def shifted_row(row: CandleRow, seconds: int, gaps: Sequence[Gap]) -> CandleRow:
    """A candle with the gaps before and inside it applied."""
    for gap in gaps:
        if row.time >= gap.time:
            low, high, close = (shifted(price, gap.factor) for price in (row.low, row.high, row.close))
            first, mean = shifted(row.open, gap.factor), shifted(row.vwap, gap.factor)
            row = replace(row, open=first, low=low, high=high, close=close, vwap=mean)
        elif row.time + seconds > gap.time:
            close = shifted(row.close, gap.factor)
            row = replace(row, close=close, high=max(row.high, close), low=min(row.low, close))
    return row
