from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.simulator.prices import AcceleratedMarketClock


def test_market_time_runs_at_its_speed() -> None:
    clock = AcceleratedMarketClock(wall_start=1_000_000.0, market_start=500.0, speed=60.0)
    assert clock.market_time(1_000_010.0) == 1_100.0


@given(st.floats(1, 1e6), st.floats(0, 1e9), st.lists(st.floats(0, 1e8), min_size=2))
def test_market_time_never_passes_the_wall_clock_nor_runs_backwards(
    speed: float, market_start: float, waits: list[float]
) -> None:
    clock = AcceleratedMarketClock(1.8e9, market_start, speed)
    walls = [1.8e9 + wait for wait in sorted(waits)]
    times = [clock.market_time(wall) for wall in walls]
    assert times == sorted(times)
    assert all(time <= wall for time, wall in zip(times, walls, strict=True))


def test_only_a_clock_that_is_the_wall_clock_says_so() -> None:
    assert AcceleratedMarketClock(1e9, 1e9, 1.0).is_wall_time
    assert not AcceleratedMarketClock(1e9, 1e9 - 1, 1.0).is_wall_time
    assert not AcceleratedMarketClock(1e9, 1e9, 2.0).is_wall_time


@pytest.mark.parametrize(("market_start", "speed"), [(2e9, 1.0), (1e9, 0.0)])
def test_a_market_that_starts_in_the_future_or_stands_still_is_refused(market_start: float, speed: float) -> None:
    with pytest.raises(ValueError, match=r"future|above 0"):
        AcceleratedMarketClock(1.5e9, market_start, speed)
