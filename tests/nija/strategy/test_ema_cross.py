from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given

from nija.strategy.base import StrategyError
from nija.strategy.ema_cross import EmaCross
from tests.nija.strategy.generated import candles_of, flat, random_walk, random_walks

if TYPE_CHECKING:
    from brokers.model import Candles


def test_the_fast_average_above_the_slow_one_is_in_and_below_is_out() -> None:
    # Means of the first n closes, then factor 2/(n+1): fast 2 → 1.5, 2.5, 3.5, 1.83…; slow 3 → 2, 3, 2.
    closes = [1.0, 2.0, 3.0, 4.0, 1.0]
    signals = EmaCross(fast=2, slow=3, stop_atr=None).evaluate(candles_of([(c, c, c, c) for c in closes]))
    assert signals.entry.tolist() == [False, False, True, True, False]
    assert signals.exit.tolist() == [False, False, False, False, True]


def test_it_stays_an_entry_for_as_long_as_the_fast_average_is_above() -> None:
    rising = [(100.0 + i, 101.0 + i, 99.0 + i, 100.5 + i) for i in range(80)]
    assert EmaCross().evaluate(candles_of(rising)).entry[EmaCross().warmup - 1 :].all()


def test_equal_averages_say_nothing() -> None:
    signals = EmaCross().evaluate(candles_of(flat(80)))
    assert not signals.entry.any()
    assert not signals.exit.any()


def test_the_live_default_protects_three_average_ranges_below_the_close() -> None:
    candles = candles_of(flat(60))
    assert EmaCross().evaluate(candles).initial_stop[-1] == pytest.approx(100 - 3 * 2)
    assert np.isnan(EmaCross(stop_atr=None).evaluate(candles).initial_stop).all()


def test_its_stop_never_moves() -> None:
    assert np.isnan(EmaCross().evaluate(random_walk(seed=3, count=200)).trail).all()


def test_a_short_cross_opens_nothing_before_its_stop_is_known() -> None:
    rising = [(100.0 + i, 101.0 + i, 99.0 + i, 100.5 + i) for i in range(30)]
    entries = EmaCross(fast=2, slow=3).evaluate(candles_of(rising)).entry
    assert EmaCross(fast=2, slow=3).warmup == 21
    assert np.flatnonzero(entries)[0] == 20


@given(candles=random_walks)
def test_every_entry_has_a_stop_below_its_close_and_is_no_exit(candles: Candles) -> None:
    signals = EmaCross(fast=5, slow=12).evaluate(candles)
    entries = np.flatnonzero(signals.entry)
    assert (signals.initial_stop[entries] < candles.close[entries]).all()
    assert not (signals.entry & signals.exit).any()


def test_a_fast_average_that_is_not_faster_is_refused() -> None:
    with pytest.raises(StrategyError, match=r"^fast = 50: expected fewer candles than slow = 50$"):
        EmaCross(fast=50, slow=50)
