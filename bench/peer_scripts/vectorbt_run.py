"""vectorbt: one market after another. Its compiled functions are warm when it is measured."""

from __future__ import annotations

import json
import sys
from time import process_time
from typing import Any

import pandas as pd
import talib
import vectorbt


def traded(table: pd.DataFrame) -> Any:  # noqa: ANN401 - the library is not in our environment
    high, low, close = table["high"], table["low"], table["close"]
    stop = close - 3 * talib.ATR(high, low, close, 20)
    ceiling, floor = pd.Series(talib.MAX(high, 20), table.index), pd.Series(talib.MIN(low, 10), table.index)
    entries = (close > ceiling.shift(1)) & stop.notna()
    exits = close < floor.shift(1)
    distance = ((close - stop) / close).shift(1)
    return vectorbt.Portfolio.from_signals(
        close,
        entries.shift(1, fill_value=False),
        exits.shift(1, fill_value=False),
        price=table["open"],
        sl_stop=distance,
        open=table["open"],
        high=high,
        low=low,
        size=0.15,
        size_type="percent",
        init_cash=10_000_000,
        fees=0.004,
        slippage=0.0005,
        freq="15min",
    )


def main() -> None:
    tables = [pd.read_csv(path).set_index("time") for path in sys.argv[1:]]
    for table in tables:
        table.index = pd.to_datetime(table.index, unit="s")
    traded(tables[0]).trades.count()
    seconds, trades = 0.0, 0
    for table in tables:
        began = process_time()
        portfolio = traded(table)
        count = int(portfolio.trades.count())
        seconds += process_time() - began
        print(portfolio.stats())
        trades += count
    print(json.dumps({"seconds": seconds, "trades": trades, "candles": sum(map(len, tables))}))


if __name__ == "__main__":
    main()
