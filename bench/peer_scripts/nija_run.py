"""NIJA: the engine alone. The whole process is measured with the command."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from time import process_time

import talib  # noqa: F401 - NIJA imports it at the first signal, the others as they start

from accounts.identity import AccountId
from accounts.settings import load_settings
from brokers.model import Fees, Market, Timeframe
from nija.backtest.engine import backtest, evaluate
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.candles.files import read_candles
from nija.strategy.registry import STRATEGY_TABLES
from nija.strategy.trend import Trend
from nija.trader.plan import TradingPlan


def account_of(markets: tuple[str, ...]) -> BacktestAccount:
    """So large that no minimum matters, and without limits that would end the trading."""
    account = AccountId.parse("kraken:master")
    common = load_settings(None, STRATEGY_TABLES).for_account(account)
    one = Decimal(1)
    limits = {"max_positions": 5, "max_exposure": one, "max_daily_loss": one, "max_drawdown": one}
    settings = replace(
        common,
        trading=common.trading.model_copy(
            update={"markets": markets, "timeframe": Timeframe.M15, "max_candle_age": 0.0}
        ),
        risk=common.risk.model_copy(update=limits),
    )
    fees = Fees(maker=Decimal("0.0025"), taker=Decimal("0.004"))
    plan = TradingPlan(settings, Trend(trail_atr=None, fee_gate=0.0))
    return BacktestAccount(str(account), plan, fees, cash=Decimal(10_000_000))


def main() -> None:
    histories = {}
    for path in sys.argv[1:]:
        candles = read_candles(Path(path))
        base, quote = candles.market.split("/")
        steps = (Decimal("0.00000001"), Decimal("0.0001"), Decimal("0.0001"), Decimal("0.5"))
        histories[candles.market] = MarketHistory(Market(candles.market, base, quote, *steps), candles)
    account = account_of(tuple(histories))
    began = process_time()
    (result,) = backtest([account], histories, signals=evaluate([account], histories))
    seconds = process_time() - began
    count = sum(len(one.candles) for one in histories.values())
    print(json.dumps({"seconds": seconds, "trades": len(result.trades), "candles": count}))


if __name__ == "__main__":
    main()
