"""Real candles for the regression facts, where they are beside the repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nija.candles.files import read_candles
from nija.candles.resampling import resample

if TYPE_CHECKING:
    from brokers.model import Candles, Timeframe

_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[4] / "shared" / "data" / "candles"


def real_file(name: str) -> Path:
    """The file with a name like `kraken-BTC-USD-1h`; skips the test if it is absent."""
    folder = Path(os.environ.get("NIJA_TEST_CANDLES", _BESIDE_THE_REPOSITORY))
    path = folder / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"no real candles: {path.name} is not in {folder}; set NIJA_TEST_CANDLES to the folder that has it")
    return path


def real_candles(name: str, timeframe: Timeframe) -> Candles:
    """The candles of this file as those of `timeframe`; skips the test if it is absent."""
    return resample(read_candles(real_file(name)), timeframe)
