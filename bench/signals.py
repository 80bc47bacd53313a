"""The signals of 500 markets at one candle close, against the bare TA-Lib calls that any way of making them needs.

Run: python -m bench.signals
"""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import talib

from brokers.model import Candles, Timeframe
from nija.strategy.ema_cross import EmaCross
from nija.strategy.trend import Trend

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.strategy.base import Strategy

MARKETS = 500
CANDLES = 300
ROUNDS = 15
TARGET_MS = 100.0


def market(number: int) -> Candles:
    rng = np.random.default_rng(number)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.03, CANDLES)))
    return Candles(
        market=f"C{number}/USD",
        timeframe=Timeframe.D1,
        time=np.arange(CANDLES, dtype=np.int64) * Timeframe.D1.seconds,
        open=close * 0.999,
        high=close * 1.02,
        low=close * 0.98,
        close=close,
        volume=np.ones(CANDLES),
    )


def bare_trend(candles: Candles) -> None:
    talib.MAX(candles.high, timeperiod=20)
    talib.MIN(candles.low, timeperiod=10)
    talib.ATR(candles.high, candles.low, candles.close, timeperiod=20)


def bare_ema_cross(candles: Candles) -> None:
    talib.EMA(candles.close, timeperiod=20)
    talib.EMA(candles.close, timeperiod=50)
    talib.ATR(candles.high, candles.low, candles.close, timeperiod=20)


def signals(strategy: Strategy) -> Callable[[Candles], object]:
    return lambda candles: strategy.evaluate(candles).last(candles)


def compared(
    markets: list[Candles], ours: Callable[[Candles], object], floor: Callable[[Candles], object]
) -> tuple[float, float]:
    """Median milliseconds of both, taken in turns so that a slower moment hits them alike."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, taken in zip((ours, floor), times, strict=True):
            started = perf_counter()
            for candles in markets:
                work(candles)
            taken.append((perf_counter() - started) * 1_000)
    return median(times[0]), median(times[1])


def main() -> None:
    markets = [market(number) for number in range(MARKETS)]
    print(f"{MARKETS} markets x {CANDLES} candles at one close, median of {ROUNDS}, target {TARGET_MS:.0f} ms")
    for strategy, floor in ((Trend(), bare_trend), (EmaCross(), bare_ema_cross)):
        ours, bare = compared(markets, signals(strategy), floor)
        verdict = "within" if ours < TARGET_MS else "ABOVE"
        ratio = f"{ours / bare:.2f} x the bare TA-Lib calls ({bare:.1f} ms)"
        print(f"{strategy.name:10} {ours:6.1f} ms ({verdict} target) = {ratio}")


if __name__ == "__main__":
    main()
