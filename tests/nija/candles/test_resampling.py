"""Longer candles from shorter ones, by section 7 of the strategy evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.candle_files import CandleError
from brokers.model import Candles, Timeframe
from nija.candles.resampling import resample
from tests.nija.candles.made import DAY, HOUR, made, same
from tests.nija.strategy.real_candles import real_candles

MINUTES = st.sets(st.integers(0, 3_000), min_size=1, max_size=60).map(sorted)


@given(MINUTES)
def test_every_candle_is_summed_from_those_within_its_bounds(minutes: list[int]) -> None:
    fine = made([minute * 60 for minute in minutes], Timeframe.M1)
    quarters = resample(fine, Timeframe.M15)
    for index, time in enumerate(quarters.time):
        within = (fine.time >= time) & (fine.time < time + 900)
        assert quarters.open[index] == fine.open[within][0]
        assert quarters.high[index] == fine.high[within].max()
        assert quarters.low[index] == fine.low[within].min()
        assert quarters.close[index] == fine.close[within][-1]
        assert quarters.volume[index] == pytest.approx(fine.volume[within].sum())
    buckets = {minute // 15 for minute in minutes}
    if minutes[-1] % 15 != 14:
        buckets.remove(minutes[-1] // 15)
    assert quarters.time.tolist() == [bucket * 900 for bucket in sorted(buckets)]


def test_a_few_minutes_between_which_nothing_was_traded_make_one_candle() -> None:
    columns = np.array([(1, 5, 1, 2, 1), (2, 3, 0.5, 3, 1), (3, 4, 2, 4, 1)], dtype=np.float64).T.copy()
    fives = resample(Candles("BTC/USD", Timeframe.M1, np.array([0, 120, 300]), *columns), Timeframe.M5)
    assert (fives.time.tolist(), fives.open.tolist(), fives.high.tolist()) == ([0], [1.0], [5.0])
    assert (fives.low.tolist(), fives.close.tolist(), fives.volume.tolist()) == ([0.5], [3.0], [2.0])


def test_the_last_candle_is_left_out_until_the_source_reaches_its_end() -> None:
    hours = range(0, 2 * DAY, HOUR)
    assert resample(made(hours), Timeframe.D1).time.tolist() == [0, DAY]
    assert resample(made(hours[:-1]), Timeframe.D1).time.tolist() == [0]


def test_an_absent_candle_stays_absent() -> None:
    days = resample(made([*range(0, DAY, HOUR), *range(2 * DAY, 3 * DAY, HOUR)]), Timeframe.D1)
    assert days.time.tolist() == [0, 2 * DAY]


def test_candles_of_the_wanted_timeframe_are_not_changed() -> None:
    hours = made([0, HOUR])
    assert resample(hours, Timeframe.H1) is hours


def test_no_candles_are_no_candles_in_any_timeframe() -> None:
    nothing = made([])
    assert same(resample(nothing, Timeframe.D1), made([], Timeframe.D1))


def test_shorter_candles_cannot_be_made_from_longer_ones() -> None:
    with pytest.raises(CandleError, match="candles of 1h cannot be made from longer ones of 1d"):
        resample(made([0], Timeframe.D1), Timeframe.H1)


@pytest.mark.parametrize(
    ("name", "timeframe", "count"),
    [
        ("kraken-BTC-USD-1h", Timeframe.D1, 3_368),
        ("kraken-ETH-USD-1h", Timeframe.H4, 16_316),
        ("kraken-BTC-USD-15m", Timeframe.H1, 6_551),
    ],
)
def test_real_candles_make_as_many_as_the_evidence_says(name: str, timeframe: Timeframe, count: int) -> None:
    candles: Candles = real_candles(name, timeframe)
    assert len(candles) == count
    assert not np.any(candles.time % timeframe.seconds)
