"""Backtests of scripted signals and of a whole account's cash, without minimums and steps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Fees, Market
from nija.backtest.assumptions import Assumptions
from nija.backtest.engine import backtest
from nija.backtest.full_size import FullSize
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.strategy.base import Signals
from nija.trader.plan import TradingPlan
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import Candles
    from nija.backtest.records import BacktestResult
    from nija.strategy.base import Strategy

FINE = Decimal("1e-24")
NO_LIMITS: Mapping[str, Decimal] = MappingProxyType({"max_daily_loss": Decimal(2), "max_drawdown": Decimal(2)})
FULL_SIZE = Assumptions(sizing=FullSize())


@dataclass(frozen=True)
class Scripted:
    """Returns the given signals, by the index of the candle."""

    entries: frozenset[int]
    exits: frozenset[int] = frozenset()
    stop: float = np.nan
    trails: tuple[float, ...] = ()
    fee_gate: float = 0.0
    name: str = "scripted"
    warmup: int = 1

    def evaluate(self, candles: Candles) -> Signals:
        trail = np.full(len(candles), np.nan)
        trail[: len(self.trails)] = self.trails
        return Signals(
            entry=np.isin(np.arange(len(candles)), list(self.entries)),
            exit=np.isin(np.arange(len(candles)), list(self.exits)),
            initial_stop=np.full(len(candles), self.stop),
            trail=trail,
        )


def fine_market(symbol: str) -> Market:
    base, quote = symbol.split("/")
    return Market(symbol, base, quote, FINE, FINE, min_amount=FINE, min_cost=FINE)


def whole_account(strategy: Strategy, candles: Candles, fees: Fees, limits: Mapping[str, Decimal]) -> BacktestAccount:
    """One market, 1 in cash, and no limit that could forbid a position, but these."""
    settings = settings_of(
        markets=(candles.market,),
        timeframe=candles.timeframe,
        max_candle_age=0.0,
        min_balance=Decimal(0),
        **{**NO_LIMITS, **limits},
    )
    return BacktestAccount("kraken:master", TradingPlan(settings, strategy), fees, cash=Decimal(1))


def run_alone(
    strategy: Strategy,
    candles: Candles,
    fees: Fees,
    assumptions: Assumptions = FULL_SIZE,
    span: tuple[int | None, int | None] = (None, None),
    limits: Mapping[str, Decimal] = NO_LIMITS,
) -> BacktestResult:
    account = whole_account(strategy, candles, fees, limits)
    histories = {candles.market: MarketHistory(fine_market(candles.market), candles)}
    (result,) = backtest([account], histories, start=span[0], end=span[1], assumptions=assumptions)
    return result
