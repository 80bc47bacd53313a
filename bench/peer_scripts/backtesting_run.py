"""backtesting.py: one market after another."""

from __future__ import annotations

import json
import sys
from time import process_time

import pandas as pd
import talib
from backtesting import Backtest, Strategy


class Breakout(Strategy):  # type: ignore[misc]  # not in our environment
    def init(self) -> None:
        data = self.data
        self.stop = self.I(lambda: data.Close - 3 * talib.ATR(data.High, data.Low, data.Close, 20))
        self.ceiling = self.I(lambda: pd.Series(talib.MAX(data.High, 20)).shift(1).to_numpy())
        self.floor = self.I(lambda: pd.Series(talib.MIN(data.Low, 10)).shift(1).to_numpy())

    def next(self) -> None:
        close = self.data.Close[-1]
        if self.position:
            if close < self.floor[-1]:
                self.position.close()
        elif close > self.ceiling[-1] and self.stop[-1] > 0:
            self.buy(size=0.15, sl=self.stop[-1])


def main() -> None:
    seconds, trades, count = 0.0, 0, 0
    for path in sys.argv[1:]:
        table = pd.read_csv(path)
        table.index = pd.to_datetime(table.pop("time"), unit="s")
        table.columns = [name.capitalize() for name in table.columns]
        began = process_time()
        stats = Backtest(table, Breakout, cash=10_000_000, commission=0.0045, finalize_trades=True).run()
        seconds += process_time() - began
        print(stats)
        trades += int(stats["# Trades"])
        count += len(table)
    print(json.dumps({"seconds": seconds, "trades": trades, "candles": count}))


if __name__ == "__main__":
    main()
