from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import strategies as st

from brokers.model import Timeframe
from nija.strategy.base import SignalAt, Signals
from nija.strategy.trend import Trend
from tests.nija.strategy.generated import candles_of, flat, random_walk

SIGNAL = SignalAt(
    market="BTC/USD",
    timeframe=Timeframe.D1,
    time=1_700_006_400,
    close=Decimal(100),
    entry=True,
    exit=False,
    initial_stop=Decimal(88),
    trail=None,
)
prices = st.decimals(min_value="0.01", max_value="100000", places=2)


def test_a_signal_is_closed_one_interval_after_its_candle_opened() -> None:
    assert SIGNAL.closed == datetime(2023, 11, 16, tzinfo=UTC)


def test_prices_keep_the_digits_they_were_published_with() -> None:
    candles = candles_of([(0.1, 0.3, 0.1, 0.3), (0.1, 64123.7, 0.1, 64123.7)])
    signals = Trend().evaluate(candles)
    assert signals.at(candles, 0).close == Decimal("0.3")
    assert signals.last(candles).close == Decimal("64123.7")


def test_what_is_not_known_yet_is_none() -> None:
    candles = candles_of(flat(5))
    signal = Trend().evaluate(candles).last(candles)
    assert (signal.entry, signal.exit, signal.initial_stop, signal.trail) == (False, False, None, None)


def test_no_candles_have_no_last_signal() -> None:
    candles = candles_of([])
    with pytest.raises(IndexError):
        Trend().evaluate(candles).last(candles)


def test_signals_cannot_be_read_against_other_candles() -> None:
    signals = Trend().evaluate(random_walk(seed=4, count=30))
    with pytest.raises(ValueError, match="30 signals for 31 candles"):
        signals.last(random_walk(seed=4, count=31))


def test_signal_arrays_are_aligned_and_read_only() -> None:
    bools, floats = np.zeros(3, dtype=bool), np.zeros(3)
    with pytest.raises(ValueError, match="differ in length"):
        Signals(bools, bools, floats, np.zeros(2))
    with pytest.raises(ValueError, match="read-only"):
        Signals(bools, bools, floats, floats).entry[0] = True
