from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.strategy.base import Signals, Strategy
from nija.strategy.ema_cross import EmaCross
from nija.strategy.trend import Trend
from nija.strategy.trend_ensemble import TrendEnsemble
from tests.nija.strategy.generated import cut, random_walk, random_walks

if TYPE_CHECKING:
    from brokers.model import Candles

STRATEGIES: tuple[Strategy, ...] = (
    Trend(),
    Trend(entry=55, exit=20, trail_atr=None),
    EmaCross(),
    EmaCross(fast=3, slow=8, stop_atr=None),
    TrendEnsemble(),
    TrendEnsemble(lookbacks=(3, 8), stop_atr=0.2),
)


def same(one: Signals, other: Signals) -> bool:
    return (
        np.array_equal(one.entry, other.entry)
        and np.array_equal(one.exit, other.exit)
        and np.array_equal(one.initial_stop, other.initial_stop, equal_nan=True)
        and np.array_equal(one.trail, other.trail, equal_nan=True)
        and (one.weight is None) == (other.weight is None)
        and (one.weight is None or np.array_equal(one.weight, np.asarray(other.weight), equal_nan=True))
    )


def first(signals: Signals, count: int) -> Signals:
    return Signals(
        entry=signals.entry[:count].copy(),
        exit=signals.exit[:count].copy(),
        initial_stop=signals.initial_stop[:count].copy(),
        trail=signals.trail[:count].copy(),
        weight=None if signals.weight is None else signals.weight[:count].copy(),
        band=signals.band,
    )


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
@given(candles=random_walks, data=st.data())
def test_signals_known_at_a_close_never_change_when_later_candles_arrive(
    strategy: Strategy, candles: Candles, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, len(candles)))
    whole = strategy.evaluate(candles)
    assert same(strategy.evaluate(cut(candles, count)), first(whole, count))


@pytest.mark.parametrize("strategy", STRATEGIES, ids=str)
def test_the_signal_of_the_last_candle_is_the_same_alone_and_among_later_ones(strategy: Strategy) -> None:
    candles = random_walk(seed=11, count=200)
    whole = strategy.evaluate(candles)
    for count in range(1, len(candles) + 1):
        seen = cut(candles, count)
        assert strategy.evaluate(seen).last(seen) == whole.at(candles, count - 1)
