"""Made-up backtests: trades and curves by hand, and real ones on random walks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Candles, Fees, Market, Side, Timeframe
from nija.analysis.analysis import Questions, analyse
from nija.analysis.lateness import one_candle_late
from nija.backtest.engine import backtest, evaluate
from nija.backtest.records import (
    BacktestAccount,
    BacktestFill,
    BacktestResult,
    BacktestTrade,
    EquityCurve,
    FillReason,
    MarketHistory,
    StopMove,
)
from nija.strategy.trend import Trend
from nija.trader.plan import TradingPlan
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.generated import random_walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nija.analysis.analysis import Analysis

DAY = 86_400
FEES = Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))
SLIPPAGE = Decimal("0.0005")
BTC = Market("BTC/USD", "BTC", "USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00005"), Decimal("0.5"))


def at(text: str) -> int:
    """Midnight of a date, in Unix seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def account(**settings: object) -> BacktestAccount:
    plan = TradingPlan(settings_of(markets=("BTC/USD",), **settings), Trend())
    return BacktestAccount("kraken:master", plan, FEES, Decimal(1000))


def trade(
    opened: int,
    net: str,
    *,
    days: int = 1,
    cost: str = "100",
    fee: str = "0",
    reason: FillReason = FillReason.EXIT,
) -> BacktestTrade:
    """One unit, bought for `cost` and sold so that `net` (quote money) is left after two fees of `fee`."""
    proceeds = Decimal(cost) + Decimal(net) + 2 * Decimal(fee)
    fills = (
        BacktestFill(opened, Side.BUY, Decimal(1), Decimal(cost), Decimal(fee), FillReason.ENTRY),
        BacktestFill(opened + days * DAY, Side.SELL, Decimal(1), proceeds, Decimal(fee), reason),
    )
    return BacktestTrade("kraken:master", "BTC/USD", fills, (StopMove(opened, Decimal(cost) * Decimal("0.9")),))


def result(
    trades: Sequence[BacktestTrade] = (),
    equity: Sequence[float] | None = None,
    *,
    start: str = "2024-01-01",
    invested: Sequence[float] | None = None,
    closes: Sequence[float] | None = None,
) -> BacktestResult:
    """Of daily candles, one for each value of `equity`; without them, the equity is 1000 for 40 days."""
    values = [1000.0] * 40 if equity is None else list(equity)
    time = at(start) + DAY * np.arange(len(values), dtype=np.int64)
    prices = np.array(closes if closes is not None else [100.0] * len(values), dtype=np.float64)
    candles = Candles("BTC/USD", Timeframe.D1, time, prices.copy(), prices + 1, prices - 1, prices, prices * 0 + 1)
    held = np.array(invested if invested is not None else [0.0] * len(values), dtype=np.float64)
    return BacktestResult(
        account=account(),
        timeframe=Timeframe.D1,
        start=int(time[0]),
        end=int(time[-1]),
        histories=(MarketHistory(BTC, candles),),
        slippage={"BTC/USD": SLIPPAGE},
        trades=tuple(trades),
        curve=EquityCurve(time, np.array(values), held),
        not_opened=(),
    )


def walk(seed: int = 1, count: int = 900, start: str = "2020-01-01") -> MarketHistory:
    """A random market of daily candles with gaps; its last candle opens about one and a half times `count` days in."""
    candles = random_walk(seed, count)
    return MarketHistory(BTC, replace(candles, time=candles.time + at(start)))


def walked(history: MarketHistory, questions: Questions | None = None) -> Analysis:
    """The default strategy on a market, with every control."""
    one = account()
    histories = {"BTC/USD": history}
    table = evaluate([one], histories)
    (found,) = backtest([one], histories, signals=table)
    (late,) = backtest([one], histories, signals=one_candle_late(table))
    return analyse(found, table, questions or Questions(runs=100), late)
