"""One variant on the days that are fitted, by the plain engine or by the compiled pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from nija.analysis.curve import account_curve
from nija.backtest.engine import backtest
from nija.optimize.folds import DAY
from nija.optimize.outcome import VariantOutcome
from nija.optimize.scores import returns_of_days

if TYPE_CHECKING:
    from nija.backtest.records import BacktestAccount, BacktestResult, MarketHistory
    from nija.optimize.folds import DayRange
    from nija.strategy.base import Strategy


class Pass(StrEnum):
    """What computes an outcome."""

    PLAIN = "plain"
    COMPILED = "compiled"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all variants of a search share: the account but for its strategy, its candles, and the days."""

    account: BacktestAccount
    histories: tuple[MarketHistory, ...]
    days: DayRange


def trial(conditions: Conditions, strategy: Strategy) -> VariantOutcome:
    """By the plain engine."""
    return outcome_of(run(conditions, strategy, conditions.days), conditions.days)


def run(conditions: Conditions, strategy: Strategy, days: DayRange) -> BacktestResult:
    """A whole backtest of a variant that starts flat on the first of these days."""
    account = replace(conditions.account, plan=replace(conditions.account.plan, strategy=strategy))
    histories = {one.market.symbol: one for one in conditions.histories}
    step = account.plan.timeframe.seconds
    (result,) = backtest([account], histories, start=days.start * DAY, end=days.end * DAY - step)
    return result


def outcome_of(result: BacktestResult, days: DayRange) -> VariantOutcome:
    opened = np.array([trade.opened // DAY for trade in result.trades], dtype=np.int64)
    return VariantOutcome(returns_of_days(account_curve(result), days), opened)
