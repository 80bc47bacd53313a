from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.risk.equity import DayEquity, EquityState, first_equity, next_equity

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
amounts = st.decimals(min_value="0", max_value="1000000", places=2)
looks = st.lists(st.tuples(st.integers(0, 40 * 3_600), amounts), max_size=30)


def test_the_first_look_is_the_days_start_and_the_peak() -> None:
    state = first_equity(Decimal(100), NOON)
    assert state == EquityState(Decimal(100), DayEquity(NOON.date(), Decimal(100)), peak=Decimal(100))
    assert (state.daily_loss, state.drawdown) == (Decimal(0), Decimal(0))


def test_losses_are_measured_from_the_days_start_and_from_the_peak() -> None:
    state = next_equity(first_equity(Decimal(100), NOON), Decimal(200), NOON + timedelta(hours=1))
    state = next_equity(state, Decimal(90), NOON + timedelta(hours=2))
    assert state.daily_loss == Decimal("0.1")
    assert state.drawdown == Decimal("0.55")


def test_the_day_begins_anew_at_midnight_utc_and_the_peak_stays() -> None:
    state = next_equity(first_equity(Decimal(100), NOON), Decimal(80), NOON + timedelta(hours=12))
    assert state.day == DayEquity((NOON + timedelta(hours=12)).date(), Decimal(80))
    assert state.daily_loss == 0
    assert state.drawdown == Decimal("0.2")


def test_the_day_is_the_utc_day_wherever_the_clock_stands() -> None:
    tokyo = timezone(timedelta(hours=9))
    before = datetime(2026, 3, 2, 8, 59, tzinfo=tokyo)
    state = first_equity(Decimal(100), before)
    assert next_equity(state, Decimal(90), before).day.start == 100
    assert next_equity(state, Decimal(90), before + timedelta(minutes=1)).day.start == 90


def test_a_clock_set_back_never_reopens_a_past_day() -> None:
    state = first_equity(Decimal(100), NOON)
    assert next_equity(state, Decimal(80), NOON - timedelta(days=1)).day == state.day


def test_an_empty_account_has_lost_nothing() -> None:
    state = first_equity(Decimal(0), NOON)
    assert (state.daily_loss, state.drawdown) == (Decimal(0), Decimal(0))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        first_equity(Decimal(100), NOON.replace(tzinfo=None))


@given(start=amounts, looks=looks)
def test_the_fold_keeps_the_highest_and_never_shows_a_negative_loss(
    start: Decimal, looks: list[tuple[int, Decimal]]
) -> None:
    state, now, seen = first_equity(start, NOON), NOON, [start]
    for seconds, equity in looks:
        now += timedelta(seconds=seconds)
        state = next_equity(state, equity, now)
        seen.append(equity)
    assert state.current == seen[-1]
    assert state.peak == max(seen)
    assert state.day.day == now.date()
    assert 0 <= state.drawdown <= 1
    assert 0 <= state.daily_loss <= 1
