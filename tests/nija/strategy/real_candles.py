"""Real candles for the regression facts, read and combined into slower ones by the rules of section 7."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from brokers.model import Candles, Timeframe

_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[4] / "shared" / "data" / "candles"


def real_candles(name: str, timeframe: Timeframe) -> Candles:
    """The file with a name like `kraken-BTC-USD-1h` as candles of `timeframe`; skips the test if it is absent."""
    folder = Path(os.environ.get("NIJA_TEST_CANDLES", _BESIDE_THE_REPOSITORY))
    path = folder / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"no real candles: {path.name} is not in {folder}; set NIJA_TEST_CANDLES to the folder that has it")
    _, base, quote, interval = name.split("-")
    with gzip.open(path, "rt") as rows:
        table = np.loadtxt(rows, delimiter=",", skiprows=1, ndmin=2)
    columns = (np.ascontiguousarray(table[:, column]) for column in range(1, 6))
    fine = Candles(f"{base}/{quote}", Timeframe(interval), table[:, 0].astype(np.int64), *columns)
    return fine if fine.timeframe is timeframe else resampled(fine, timeframe)


def resampled(fine: Candles, timeframe: Timeframe) -> Candles:
    """Candles combined on the bounds of `timeframe`; absent ones stay absent, an unfinished last one is dropped."""
    step = timeframe.seconds
    buckets = fine.time // step * step
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - step))
    ends = np.append(starts[1:], len(buckets)) - 1
    whole = len(starts)
    if fine.time[-1] + fine.timeframe.seconds < buckets[-1] + step:
        whole -= 1
    return Candles(
        fine.market,
        timeframe,
        time=buckets[starts][:whole],
        open=fine.open[starts][:whole],
        high=np.maximum.reduceat(fine.high, starts)[:whole],
        low=np.minimum.reduceat(fine.low, starts)[:whole],
        close=fine.close[ends][:whole],
        volume=np.add.reduceat(fine.volume, starts)[:whole],
    )
