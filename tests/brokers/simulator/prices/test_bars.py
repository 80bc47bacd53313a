from __future__ import annotations

from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from brokers.simulator.prices.bars import Bars, Scale
from brokers.simulator.prices.series import Series
from brokers.simulator.prices.ticks import ticks

SCALE = Scale(price=2, volume=3)
MINUTE = 60


@st.composite
def minute_bars(draw: st.DrawFn) -> Bars:
    """Up to an hour of minute bars with some of them missing."""
    minutes = sorted(draw(st.sets(st.integers(0, 59), min_size=1, max_size=20)))
    rows = []
    for minute in minutes:
        low, open_, close, high = sorted(draw(st.lists(st.integers(1, 10_000), min_size=4, max_size=4)))
        open_, close = draw(st.permutations([open_, close]))
        volume, trades = draw(st.integers(0, 5_000)), draw(st.integers(1, 9))
        rows.append((minute * MINUTE, MINUTE, open_, high, low, close, volume, trades))
    return Bars(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))


@given(minute_bars())
def test_candles_are_summed_up_exactly_on_utc_bounds(bars: Bars) -> None:
    rows = Series(bars, SCALE, 0.0).candles(15 * MINUTE, 3_600.0)[:-1]
    assert [row.time for row in rows] == sorted({int(time) // 900 * 900 for time in bars.time})
    for row in rows:
        part = bars.between(row.time, row.time + 900)
        assert row.open == SCALE.price_of(int(part.open[0]))
        assert row.high == SCALE.price_of(max(part.high.tolist()))
        assert row.low == SCALE.price_of(min(part.low.tolist()))
        assert row.close == SCALE.price_of(int(part.close[-1]))
        assert row.volume == SCALE.volume_of(sum(part.volume.tolist()))
        assert row.count == sum(part.trades.tolist())
        assert row.low <= row.vwap <= row.high or row.volume == 0


@given(minute_bars(), st.lists(st.floats(0, 3_700), max_size=8))
def test_an_open_candle_contains_only_trades_so_far(bars: Bars, moments: list[float]) -> None:
    series = Series(bars, SCALE, -1.0)
    for until in sorted(moments):
        seen = [tick for tick in ticks(bars, SCALE, -1.0, until) if tick.time >= until // 300 * 300]
        rows = series.candles(300, until)
        assert all(row.time + 300 <= until for row in rows[:-1])
        if seen:
            prices = [tick.price for tick in seen]
            running = rows[-1]
            assert running.time == until // 300 * 300
            assert (running.open, running.close) == (prices[0], prices[-1])
            assert (running.high, running.low) == (max(prices), min(prices))
            assert running.volume == sum(tick.volume for tick in seen)
        elif rows:
            assert rows[-1].time == until // 300 * 300
            assert rows[-1].volume == rows[-1].count == 0


@given(minute_bars(), st.lists(st.floats(0, 3_700), max_size=8))
def test_ticks_come_once_and_in_order_however_often_one_asks(bars: Bars, moments: list[float]) -> None:
    series = Series(bars, SCALE, -1.0)
    pieces = [tick for until in [*sorted(moments), 4_000.0] for tick in series.advance(until)]
    assert pieces == list(ticks(bars, SCALE, -1.0, 4_000.0))
    assert len(pieces) == 4 * len(bars)
    assert [tick.time for tick in pieces] == sorted(tick.time for tick in pieces)


@given(minute_bars())
def test_the_walk_through_a_bar_touches_all_four_prices_and_all_its_volume(bars: Bars) -> None:
    walked = list(ticks(bars, SCALE, -1.0, 4_000.0))
    for index, start in enumerate(bars.time.tolist()):
        inside = [tick for tick in walked if start <= tick.time < start + MINUTE]
        prices = [tick.price for tick in inside]
        assert prices[0] == SCALE.price_of(int(bars.open[index]))
        assert max(prices) == SCALE.price_of(int(bars.high[index]))
        assert min(prices) == SCALE.price_of(int(bars.low[index]))
        assert prices[-1] == SCALE.price_of(int(bars.close[index]))
        assert sum(tick.volume for tick in inside) == SCALE.volume_of(int(bars.volume[index]))


def test_an_earlier_question_answered_late_shows_no_candle_twice() -> None:
    time = np.arange(0, 600, MINUTE, dtype=np.int64)
    ones = np.ones_like(time)
    series = Series(Bars(time, ones * MINUTE, ones, ones, ones, ones, ones, ones), SCALE, 0.0)
    series.candles(300, 310.0)
    assert [row.time for row in series.candles(300, 299.0)] == [0]


def test_the_first_advance_brings_the_price_at_the_start() -> None:
    time = np.arange(0, 600, MINUTE, dtype=np.int64)
    prices = 100 + time
    ones = np.ones_like(time)
    series = Series(Bars(time, ones * MINUTE, prices, prices, prices, prices, ones, ones), SCALE, 125.0)
    assert [(tick.time, tick.price) for tick in series.advance(125.0)] == [(120.0, Decimal("2.20"))]
