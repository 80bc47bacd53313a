"""The figures of a backtest, or of a part of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import ZERO, Side
from nija.analysis.bootstrap import mean_interval
from nija.analysis.curve import (
    DAY,
    YEAR,
    account_curve,
    daily_returns,
    longest_under_water,
    max_drawdown,
    monthly_returns,
    sharpe_ratio,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from nija.analysis.bootstrap import Interval
    from nija.analysis.curve import Curve, MonthReturn, UnderWater
    from nija.backtest.records import BacktestFill, BacktestResult, BacktestTrade

FEW = 30
"""Fewer trades than this are called few."""
_YEAR_DAYS = YEAR / DAY


@dataclass(frozen=True, slots=True)
class Figures:
    """What one stretch of a backtest shows. Rates are fractions, times Unix seconds, `fees` and `slippage` quote money.

    A trade belongs to the stretch in which it was opened. Its net is what it earned after fees, as a fraction of what
    was paid for it. `interval` is the 95 % bootstrap of the mean net. `fee_share` is fees and slippage over the gross
    profit of the winners. `exposed` is the share of the time with anything bought, `invested` the mean share of equity
    that was in positions. `sharpe` is annualised, and None for less than a year. None: there is nothing to compute.
    """

    since: int
    until: int
    trades: int
    won: int
    unfinished: int
    mean_net: float | None
    median_net: float | None
    interval: Interval | None
    net_return: float
    max_drawdown: float
    worst_month: MonthReturn | None
    under_water: UnderWater
    exposed: float
    invested: float
    fees: Decimal
    slippage: Decimal
    fee_share: float | None
    sharpe: float | None

    @property
    def is_few(self) -> bool:
        return self.trades < FEW

    @property
    def win_share(self) -> float | None:
        return self.won / self.trades if self.trades else None

    @property
    def days(self) -> float:
        return (self.until - self.since) / DAY


def figures(result: BacktestResult, seed: int, since: int | None = None, until: int | None = None) -> Figures:
    """Of the whole backtest, or of what happened from `since` to before `until`."""
    whole = account_curve(result)
    curve = whole.between(
        int(whole.time[0]) if since is None else since, int(whole.time[-1]) if until is None else until
    )
    trades = [
        trade
        for trade in result.trades
        if (since is None or trade.opened >= since) and (until is None or trade.opened < until)
    ]
    nets = [float(trade.net_return) for trade in trades]
    fees = sum((trade.fees for trade in trades), ZERO)
    slipped = sum((slippage_paid(trade, result.slippage[trade.market]) for trade in trades), ZERO)
    exposed, invested = _exposure(result, curve)
    return Figures(
        since=int(curve.time[0]),
        until=int(curve.time[-1]),
        trades=len(trades),
        won=sum(net > 0 for net in nets),
        unfinished=sum(trade.is_unfinished for trade in trades),
        mean_net=fmean(nets) if nets else None,
        median_net=median(nets) if nets else None,
        interval=mean_interval(trades, seed),
        net_return=curve.change,
        max_drawdown=max_drawdown(curve.equity),
        worst_month=min(monthly_returns(curve), key=lambda one: one.rate, default=None),
        under_water=longest_under_water(curve),
        exposed=exposed,
        invested=invested,
        fees=fees,
        slippage=slipped,
        fee_share=_fee_share(trades, result),
        sharpe=annual_sharpe(curve),
    )


def annual_sharpe(curve: Curve) -> float | None:
    """Of daily returns and without interest; None for less than a year: such a figure would be a guess."""
    ratio = sharpe_ratio(daily_returns(curve))
    return None if ratio is None or curve.seconds < YEAR else ratio * sqrt(_YEAR_DAYS)


def slippage_paid(trade: BacktestTrade, slippage: Decimal) -> Decimal:
    """What the fills of a trade lost to `slippage` (a fraction of the price), in quote."""
    return sum((_slipped(fill, slippage) for fill in trade.fills), ZERO)


def changes_of_equity(result: BacktestResult) -> tuple[float, ...]:
    """What each trade earned, as a fraction of the account's equity when it was opened; in order of their ends."""
    curve = account_curve(result)
    trades = sorted(result.trades, key=lambda trade: trade.closed)
    before = np.searchsorted(curve.time, [trade.opened for trade in trades], "right") - 1
    equity = curve.equity[np.maximum(before, 0)] if trades else curve.equity[:0]
    return tuple(float(trade.net) / float(value) for trade, value in zip(trades, equity, strict=True))


def _slipped(fill: BacktestFill, slippage: Decimal) -> Decimal:
    return fill.value * slippage / (1 + slippage if fill.side is Side.BUY else 1 - slippage)


def _fee_share(trades: Sequence[BacktestTrade], result: BacktestResult) -> float | None:
    costs = profit = ZERO
    for trade in trades:
        cost = trade.fees + slippage_paid(trade, result.slippage[trade.market])
        costs += cost
        profit += max(ZERO, trade.net + cost)
    return float(costs / profit) if profit > 0 else None


def _exposure(result: BacktestResult, curve: Curve) -> tuple[float, float]:
    closes = result.curve.time + result.timeframe.seconds
    inside = (closes > curve.time[0]) & (closes <= curve.time[-1])
    if not inside.any():
        return 0.0, 0.0
    invested, equity = result.curve.invested[inside], result.curve.equity[inside]
    held = np.divide(invested, equity, out=np.zeros_like(invested), where=equity > 0)
    return float((invested > 0).mean()), float(held.mean())
