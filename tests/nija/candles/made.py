"""Candles and candle files for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from brokers.candle_files import HEADER
from brokers.model import Candles, Timeframe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOUR, DAY = 3_600, 86_400


def made(
    times: Iterable[int], timeframe: Timeframe = Timeframe.H1, *, market: str = "BTC/USD", price: float = 100.0
) -> Candles:
    """Candles at these times, each a little dearer than the one before."""
    time = np.array(list(times), dtype=np.int64)
    close = np.array([price + index * 0.1 for index in range(len(time))], dtype=np.float64)
    volume = np.full(len(time), 0.25)
    return Candles(market, timeframe, time, close - 0.05, close + 1, close - 1, close, volume)


def write(path: Path, rows: Iterable[str], header: str | None = HEADER) -> Path:
    lines = [*([] if header is None else [header]), *rows, ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def flat(times: Iterable[int], price: str = "10.5") -> list[str]:
    """Rows of a file, all at one price."""
    return [f"{time},{price},{price},{price},{price},0.25" for time in times]


def same(one: Candles, other: Candles) -> bool:
    """Whether every figure is the same to the last bit."""
    names = ("time", "open", "high", "low", "close", "volume")
    return (one.market, one.timeframe) == (other.market, other.timeframe) and all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in names
    )
