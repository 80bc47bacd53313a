"""trend_ensemble in one account with several markets: the shipped settings against a plain second program."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from brokers.model import Candles, Fees, Market, Timeframe
from nija.backtest.engine import backtest
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.strategy.trend_ensemble import TrendEnsemble
from nija.trader.plan import trading_plan
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.ensemble_evaluation import EnsembleCosts, PlainMembers, Slot, trade
from tests.nija.strategy.generated import cut
from tests.nija.strategy.real_candles import real_candles

STEP = Decimal("1e-12")
KRAKEN = Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))


def day(date: str) -> int:
    return int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())


def history(base: str, until: int) -> MarketHistory:
    candles = real_candles(f"binance-{base}-USDT-1d", Timeframe.D1)
    until_then = cut(replace(candles, market=f"{base}/USD"), int(np.searchsorted(candles.time, until)))
    return MarketHistory(Market(f"{base}/USD", base, "USD", STEP, STEP, STEP, STEP), until_then)


def plain(candles: Candles, strategy: TrendEnsemble) -> Slot:
    return Slot(candles, PlainMembers(candles, strategy.lookbacks, strategy.target, strategy.stop_atr))


def test_the_shipped_settings_make_what_the_rule_makes_of_two_markets() -> None:
    """The mean of both markets alone, as in section 8 of the evidence, is 0.39."""
    start, end = "2023-10-01", "2026-03-04"
    histories = {f"{base}/USD": history(base, day(end)) for base in ("BTC", "ETH")}
    strategy, candles = TrendEnsemble(), [one.candles for one in histories.values()]
    plan = trading_plan(settings_of(strategy="trend_ensemble"))
    account = BacktestAccount("kraken:master", plan, KRAKEN, Decimal(1_000_000))
    (result,) = backtest([account], histories, start=day(start))
    first = int(np.searchsorted(candles[0].time, day(start)))
    second = trade([plain(one, strategy) for one in candles], EnsembleCosts(0.004, 0.0005), strategy.band, first=first)
    fills = sum(len(one.fills) for one in result.trades)
    # The account values what it holds at the bid, the text at the price itself.
    assert float(result.total_return) == pytest.approx(second.total, abs=0.001)
    assert (fills, f"{second.total:.4f}") == (second.changes, "0.4015")
