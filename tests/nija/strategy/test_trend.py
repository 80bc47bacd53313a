from __future__ import annotations

import math
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given

from nija.strategy.base import StrategyError
from nija.strategy.trend import Trend
from tests.nija.strategy.generated import candles_of, flat, random_walk, random_walks

if TYPE_CHECKING:
    from brokers.model import Candles


def test_a_close_above_the_highest_high_of_the_candles_before_is_an_entry() -> None:
    signals = Trend().evaluate(candles_of([*flat(25), (100, 102, 100, 102)]))
    assert signals.entry[-1]
    assert not signals.entry[:-1].any()


def test_a_close_equal_to_the_highest_high_is_no_entry() -> None:
    signals = Trend().evaluate(candles_of([*flat(25), (100, 101, 100, 101)]))
    assert not signals.entry.any()


def test_a_wick_above_the_highest_high_is_no_entry() -> None:
    signals = Trend().evaluate(candles_of([*flat(25), (100, 120, 100, 100.5)]))
    assert not signals.entry.any()


def test_the_high_that_fell_out_of_the_window_no_longer_counts() -> None:
    spike = (100.0, 150.0, 99.0, 100.0)
    breakout = (100.0, 102.0, 100.0, 102.0)
    assert not Trend().evaluate(candles_of([*flat(5), spike, *flat(19), breakout])).entry[-1]
    assert Trend().evaluate(candles_of([*flat(5), spike, *flat(20), breakout])).entry[-1]


def test_the_initial_stop_lies_three_average_ranges_below_the_close() -> None:
    signals = Trend().evaluate(candles_of([*flat(25), (100, 102, 100, 102)]))
    assert signals.initial_stop[-1] == pytest.approx(102 - 3 * 2)


def test_the_trailing_candidate_lies_one_average_range_below_the_lowest_low_of_the_last_ten() -> None:
    lower = (100.0, 100.0, 98.0, 99.5)
    for after, lowest in ((9, 98.0), (10, 99.0)):
        candles = candles_of([*flat(25), lower, *flat(after)])
        assert Trend().evaluate(candles).trail[-1] == pytest.approx(lowest - 2)


def test_a_close_below_the_lowest_low_of_the_ten_before_is_an_exit() -> None:
    assert Trend().evaluate(candles_of([*flat(25), (100, 100, 98, 98.9)])).exit[-1]
    assert not Trend().evaluate(candles_of([*flat(25), (100, 100, 98, 99)])).exit[-1]


def test_the_warmup_is_the_first_candle_that_can_carry_a_signal() -> None:
    strategy = Trend()
    rows = [*flat(strategy.warmup - 1), (100.0, 102.0, 100.0, 102.0)]
    assert strategy.evaluate(candles_of(rows)).entry[-1]
    assert not strategy.evaluate(candles_of(rows[1:])).entry.any()


def test_a_short_channel_opens_nothing_before_its_stop_is_known() -> None:
    strategy = Trend(entry=3, exit=2)
    rising = [(100.0 + i, 101.0 + i, 99.0 + i, 101.0 + i) for i in range(30)]
    entries = strategy.evaluate(candles_of(rising)).entry
    assert strategy.warmup == 21
    assert not entries[:20].any()
    assert Trend(entry=3, exit=2, stop_atr=None).evaluate(candles_of(rising)).entry[3:20].any()


def test_without_a_stop_or_its_following_there_are_no_prices() -> None:
    signals = Trend(stop_atr=None, trail_atr=None).evaluate(random_walk(seed=2, count=100))
    assert np.isnan(signals.initial_stop).all()
    assert np.isnan(signals.trail).all()
    assert signals.entry.any()


@given(candles=random_walks)
def test_stops_lie_below_the_close_and_no_candle_is_both_in_and_out(candles: Candles) -> None:
    signals = Trend().evaluate(candles)
    entries = np.flatnonzero(signals.entry)
    assert len(signals) == len(candles)
    assert (signals.initial_stop[entries] < candles.close[entries]).all()
    known = ~np.isnan(signals.trail)
    assert (signals.trail[known] < candles.low[known]).all()
    assert not (signals.entry & signals.exit).any()
    assert not signals.entry[: Trend().warmup - 1].any()


def test_strategies_are_values_equal_by_their_parameters() -> None:
    assert Trend(entry=20) == Trend()
    assert hash(Trend(entry=20)) == hash(Trend())
    assert Trend(entry=21) != Trend()
    with pytest.raises(FrozenInstanceError):
        Trend().entry = 5  # type: ignore[misc]  # what must not be possible


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("entry", 1),
        ("entry", 20.0),
        ("exit", True),
        ("stop_atr", 0),
        ("stop_atr", "3"),
        ("trail_atr", -0.5),
        ("fee_gate", math.nan),
    ],
)
def test_a_senseless_parameter_is_refused_by_name_and_value(key: str, value: object) -> None:
    parameters: dict[str, Any] = {key: value}
    with pytest.raises(StrategyError, match=rf"^{key} = {value!r}: expected "):
        Trend(**parameters)
