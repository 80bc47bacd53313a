from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.strategy.indicators import atr, before, ema, highest, lowest
from tests.nija.strategy.generated import random_walk, random_walks

if TYPE_CHECKING:
    from brokers.model import Candles

periods = st.integers(2, 60)


@given(candles=random_walks, period=periods)
def test_the_average_true_range_is_wilders_and_starts_at_index_n(candles: Candles, period: int) -> None:
    high, low, close = candles.high, candles.low, candles.close
    expected = np.full(len(close), np.nan)
    ranges = [
        max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1])) for i in range(1, len(close))
    ]
    if len(close) > period:
        expected[period] = sum(ranges[:period]) / period
    for i in range(period + 1, len(close)):
        expected[i] = (expected[i - 1] * (period - 1) + ranges[i - 1]) / period
    np.testing.assert_allclose(atr(high, low, close, period), expected, rtol=1e-12)


@given(candles=random_walks, period=periods)
def test_the_exponential_average_starts_from_the_mean_of_its_first_n(candles: Candles, period: int) -> None:
    values = candles.close
    expected = np.full(len(values), np.nan)
    if len(values) >= period:
        expected[period - 1] = sum(values[:period]) / period
    for i in range(period, len(values)):
        expected[i] = expected[i - 1] + (values[i] - expected[i - 1]) * 2 / (period + 1)
    np.testing.assert_allclose(ema(values, period), expected, rtol=1e-12)


@given(candles=random_walks, period=periods)
def test_highest_and_lowest_before_exclude_the_current_candle(candles: Candles, period: int) -> None:
    values = candles.close
    tops, bottoms = before(highest(values, period)), before(lowest(values, period))
    for i in range(len(values)):
        if i < period:
            assert np.isnan(tops[i])
            assert np.isnan(bottoms[i])
        else:
            assert tops[i] == max(values[i - period : i])
            assert bottoms[i] == min(values[i - period : i])


@pytest.mark.parametrize("count", [0, 1, 2, 19, 20])
def test_short_input_is_undefined_and_never_an_error(count: int) -> None:
    candles = random_walk(seed=1, count=count)
    for values in (
        atr(candles.high, candles.low, candles.close, 20),
        ema(candles.close, 21),
        highest(candles.high, 21),
        before(lowest(candles.low, 20)),
    ):
        assert len(values) == count
        assert np.isnan(values).all()
