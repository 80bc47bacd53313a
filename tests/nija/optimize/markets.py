"""Made-up markets for searches: seeded prices on the market's own step, with gaps between the candles."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles, Fees, Market, Timeframe
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.optimize.folds import DAY, DayRange
from nija.optimize.trial import Conditions
from nija.strategy.registry import load_strategy
from nija.trader.plan import TradingPlan
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

START = 1_600_000_000 // DAY * DAY
FEES = Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))
STEPS = ("0.1", "0.01", "0.05", "0.0001")


def made_up_history(symbol: str, seed: int, count: int = 400, timeframe: Timeframe = Timeframe.D1) -> MarketHistory:
    """A few candles are missing, and the minimums are those of a small account's worries."""
    rng = np.random.default_rng(seed)
    step = Decimal(STEPS[seed % len(STEPS)])
    decimals = -int(step.as_tuple().exponent)
    path = 100 * np.exp(np.cumsum(rng.normal(0.001, 0.03, count)))
    opened = np.concatenate(([100.0], path[:-1])) * (1 + rng.normal(0, 0.004, count))
    high = np.maximum(opened, path) * (1 + np.abs(rng.normal(0, 0.01, count)))
    low = np.minimum(opened, path) * (1 - np.abs(rng.normal(0, 0.01, count)))
    kept = np.sort(rng.choice(count, count - count // 20, replace=False))
    exact = [
        np.round(np.round(column[kept] / float(step)) * float(step), decimals) for column in (opened, high, low, path)
    ]
    time = (START + kept * timeframe.seconds).astype(np.int64)
    candles = Candles(symbol, timeframe, time, exact[0], exact[1], exact[2], exact[3], np.ones(len(kept)))
    base, quote = symbol.split("/")
    market = Market(symbol, base, quote, Decimal("0.0001"), step, min_amount=Decimal("0.01"), min_cost=Decimal(5))
    return MarketHistory(market, candles)


def made_up_conditions(
    histories: Sequence[MarketHistory], strategy: str = "trend", cash: str = "1000", **overrides: object
) -> Conditions:
    """All candles but the first 60 are fitted."""
    timeframe = histories[0].candles.timeframe
    settings = settings_of(
        markets=tuple(one.market.symbol for one in histories), timeframe=timeframe, strategy=strategy, **overrides
    )
    plan = TradingPlan(settings, load_strategy(strategy, settings.parameters))
    account = BacktestAccount("kraken:master", plan, FEES, Decimal(cash))
    first, last = (int(histories[0].candles.time[index]) // DAY for index in (60, -1))
    return Conditions(account, tuple(histories), DayRange(first, last + 1))
