"""Backtests and live trades written by hand, one day a candle from the epoch on, and what they are made of."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Fees, Market, Side, Timeframe
from nija.backtest.records import (
    BacktestAccount,
    BacktestFill,
    BacktestResult,
    BacktestTrade,
    EquityCurve,
    FillReason,
    MarketHistory,
)
from nija.explain.live_trades import LiveTrade
from nija.trader.plan import trading_plan
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.generated import candles_of, flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nija.backtest.records import NotOpened

DAY = 86_400
BTC = Market(
    "BTC/USD", "BTC", "USD", Decimal("0.00000001"), Decimal("0.1"), min_amount=Decimal("0.00001"), min_cost=Decimal(5)
)
ETH = replace(BTC, symbol="ETH/USD", base="ETH")
KRAKEN = Fees(Decimal("0.0025"), Decimal("0.004"))
CANDLES = 60


def replayed(
    opened: int,
    closed: int,
    *,
    bought_at: str = "100",
    sold_at: str = "110",
    ending: FillReason = FillReason.EXIT,
) -> BacktestTrade:
    """One unit, bought in the candle of day `opened` and sold in that of day `closed`, at Kraken's fee."""

    def fill(day: int, side: Side, price: str, reason: FillReason) -> BacktestFill:
        return BacktestFill(day * DAY, side, Decimal(1), Decimal(price), Decimal(price) * KRAKEN.taker, reason)

    fills = (fill(opened, Side.BUY, bought_at, FillReason.ENTRY), fill(closed, Side.SELL, sold_at, ending))
    return BacktestTrade("kraken:master", "BTC/USD", fills, ())


def live(
    opened: float,
    closed: float | None,
    *,
    bought_at: str = "100",
    sold_at: str = "110",
    signal: float | None = None,
    ending: str = "trend exit",
) -> LiveTrade:
    """One unit, bought and sold at these days, at Kraken's fee."""
    bought, sold = Decimal(bought_at), Decimal(sold_at)
    is_open = closed is None
    return LiveTrade(
        id="a",
        market="BTC/USD",
        signal=(opened // 1 if signal is None else signal) * DAY,
        opened=opened * DAY,
        closed=None if closed is None else closed * DAY,
        bought=Decimal(1),
        sold=Decimal(0) if is_open else Decimal(1),
        cost=bought,
        proceeds=Decimal(0) if is_open else sold,
        entry_fees=bought * KRAKEN.taker,
        exit_fees=Decimal(0) if is_open else sold * KRAKEN.taker,
        ending="" if is_open else ending,
    )


def result(*trades: BacktestTrade, not_opened: Sequence[NotOpened] = (), cash: str = "1000") -> BacktestResult:
    """Of 60 daily candles, with an equity that never changes."""
    history = MarketHistory(BTC, candles_of(flat(CANDLES)))
    time = np.arange(CANDLES, dtype=np.int64) * DAY
    return BacktestResult(
        account=BacktestAccount("kraken:master", trading_plan(settings_of()), KRAKEN, Decimal(cash)),
        timeframe=Timeframe.D1,
        start=0,
        end=(CANDLES - 1) * DAY,
        histories=(history,),
        slippage={"BTC/USD": Decimal("0.0005")},
        trades=trades,
        curve=EquityCurve(time, np.full(CANDLES, float(cash)), np.zeros(CANDLES)),
        not_opened=tuple(not_opened),
    )
