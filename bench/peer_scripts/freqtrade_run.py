"""freqtrade: its own Backtesting with its own report. Only what asks the exchange over the network is replaced."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any
from unittest.mock import PropertyMock, patch

import pandas as pd
from freqtrade.configuration import Configuration
from freqtrade.enums import RunMode
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.optimize.optimize_reports import generate_backtest_stats, show_backtest_results

# NIJA's fee and slippage of a side.
FEE = 0.0045
STRATEGY = """
import talib
from freqtrade.strategy import IStrategy, stoploss_from_absolute


class Breakout(IStrategy):
    INTERFACE_VERSION = 3
    timeframe = "15m"
    stoploss = -0.99
    minimal_roi = {}
    use_custom_stoploss = True
    startup_candle_count = 0
    stops = {}

    def populate_indicators(self, dataframe, metadata):
        high, low, close = dataframe["high"], dataframe["low"], dataframe["close"]
        dataframe["stop"] = close - 3 * talib.ATR(high, low, close, 20)
        dataframe["ceiling"] = talib.MAX(high, 20).shift(1)
        dataframe["floor"] = talib.MIN(low, 10).shift(1)
        self.stops[metadata["pair"]] = dict(zip(dataframe["date"].shift(-1), dataframe["stop"]))
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        breaks_out = (dataframe["close"] > dataframe["ceiling"]) & dataframe["stop"].notna()
        dataframe.loc[breaks_out, "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] < dataframe["floor"], "exit_long"] = 1
        return dataframe

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, after_fill, **kwargs):
        if not after_fill:
            return None
        stop = self.stops[pair][trade.open_date_utc]
        return stoploss_from_absolute(stop, current_rate, is_short=False, leverage=1.0)
"""


def market_of(pair: str) -> dict[str, Any]:
    base, quote = pair.split("/")
    none = {"min": None, "max": None}
    limits = {"amount": {"min": 0.0001, "max": None}, "cost": {"min": 0.5, "max": None}}
    return {
        "id": base + quote,
        "symbol": pair,
        "base": base,
        "quote": quote,
        "active": True,
        "type": "spot",
        "spot": True,
        "swap": False,
        "future": False,
        "linear": None,
        "taker": FEE,
        "maker": FEE,
        "info": {},
        "precision": {"amount": 1e-8, "price": 1e-4},
        "limits": limits | {"price": none, "leverage": none},
    }


def prepare(folder: Path, paths: list[Path]) -> list[str]:
    """The candles as freqtrade keeps them; returns the pairs."""
    pairs, data = [], folder / "data" / "kraken"
    data.mkdir(parents=True)
    for path in paths:
        _, base, quote, interval = path.name.split(".")[0].split("-")
        table = pd.read_csv(path)
        table.insert(0, "date", pd.to_datetime(table.pop("time"), unit="s", utc=True))
        table.to_feather(data / f"{base}_{quote}-{interval}.feather")
        pairs.append(f"{base}/{quote}")
    (folder / "breakout.py").write_text(STRATEGY)
    return pairs


def offline(pairs: list[str]) -> None:
    markets = {pair: market_of(pair) for pair in pairs}

    def load(exchange: Any, *_: object, **__: object) -> None:  # noqa: ANN401 - of a library that is not ours
        exchange._markets = markets  # noqa: SLF001 - what a download would fill

    patch.object(Exchange, "reload_markets", load).start()
    patch.object(Exchange, "validate_timeframes", lambda *_, **__: None).start()
    patch.object(Exchange, "markets", PropertyMock(return_value=markets)).start()


def configuration(folder: Path, pairs: list[str]) -> dict[str, Any]:
    prices = {"price_side": "other", "use_order_book": False}
    written = {
        "trading_mode": "spot",
        "stake_currency": "USD",
        "stake_amount": 1000,
        "max_open_trades": 5,
        "dry_run": True,
        "dry_run_wallet": 10_000_000,
        "timeframe": "15m",
        "fee": FEE,
        "export": "none",
        "strategy": "Breakout",
        "strategy_path": str(folder),
        "user_data_dir": str(folder),
        "dataformat_ohlcv": "feather",
        "pairlists": [{"method": "StaticPairList"}],
        "exchange": {"name": "kraken", "pair_whitelist": pairs},
        "entry_pricing": prices,
        "exit_pricing": prices,
    }
    path = folder / "config.json"
    path.write_text(json.dumps(written))
    loaded = Configuration({"config": [str(path)], "user_data_dir": str(folder)}, RunMode.BACKTEST)
    return dict(loaded.get_config())


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = prepare(folder, [Path(path) for path in sys.argv[1:]])
        offline(pairs)
        config = configuration(folder, pairs)
        testing = Backtesting(config)
        data, span = testing.load_bt_data()
        began = process_time()
        first, last = testing.backtest_one_strategy(testing.strategylist[0], data, span)
        seconds = process_time() - began
        show_backtest_results(config, generate_backtest_stats(data, testing.all_bt_content, first, last))
        (content,) = testing.all_bt_content.values()
        count = sum(map(len, data.values()))
        print(json.dumps({"seconds": seconds, "trades": len(content["results"]), "candles": count}))


if __name__ == "__main__":
    main()
