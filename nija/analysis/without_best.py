"""How much of a result hangs on a few trades."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from brokers.model import ZERO

if TYPE_CHECKING:
    from decimal import Decimal

    from nija.backtest.records import BacktestResult

_LEFT_OUT = (1, 3, 5)


@dataclass(frozen=True, slots=True)
class WithoutBest:
    """The result without its `left_out` best trades: the mean net of the others, and what all the others earned."""

    left_out: int
    mean_net: float
    net: Decimal


def without_best(result: BacktestResult) -> tuple[WithoutBest, ...]:
    """Without the best 1, 3 and 5 by return, as long as any are left."""
    trades = sorted(result.trades, key=lambda trade: trade.net_return, reverse=True)
    return tuple(
        WithoutBest(
            count,
            fmean(float(trade.net_return) for trade in trades[count:]),
            sum((trade.net for trade in trades[count:]), ZERO),
        )
        for count in _LEFT_OUT
        if len(trades) > count
    )
