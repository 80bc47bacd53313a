"""The rule by which candles are combined, on a few hand-made ones."""

from __future__ import annotations

import numpy as np

from brokers.model import Timeframe
from tests.nija.strategy.generated import candles_of
from tests.nija.strategy.real_candles import resampled


def test_slower_candles_are_summed_on_their_bounds_and_an_unfinished_one_is_dropped() -> None:
    day = candles_of([(1, 5, 1, 2), (2, 3, 0.5, 3), (3, 4, 2, 4)])
    minutes = type(day)(
        day.market,
        Timeframe.M1,
        time=np.array([0, 120, 300]),  # the minutes between had no trade
        open=day.open,
        high=day.high,
        low=day.low,
        close=day.close,
        volume=day.volume,
    )
    fives = resampled(minutes, Timeframe.M5)
    assert (fives.time.tolist(), fives.open.tolist(), fives.high.tolist()) == ([0], [1.0], [5.0])
    assert (fives.low.tolist(), fives.close.tolist(), fives.volume.tolist()) == ([0.5], [3.0], [2.0])
