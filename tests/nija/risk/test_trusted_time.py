"""Which time is trusted when a clock jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from nija.risk.trusted_time import TrustedTime

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = 86_400.0


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def running(*, last: datetime | None = None, until: float = 0.0) -> TrustedTime:
    time = TrustedTime(last)
    for seconds in (0.0, until):
        time.read(at(seconds), seconds)
    return time


def test_a_clock_that_goes_on_is_trusted() -> None:
    time = TrustedTime(None)
    for day in range(60):
        assert time.read(at(day * DAY), day * DAY).trusted == at(day * DAY)


@given(skew=st.floats(-0.0005, 0.0005))
def test_a_clock_that_drifts_is_trusted(skew: float) -> None:
    time = TrustedTime(None)
    for hour in range(24 * 90):
        reported = at(hour * 3600 * (1 + skew))
        assert time.read(reported, hour * 3600.0).trusted == reported


@given(by=st.floats(121, 400 * DAY), stays=st.floats(0, 3_500))
def test_a_jump_for_a_moment_is_not_trusted(by: float, stays: float) -> None:
    time = running(until=10.0)
    for elapsed in (11.0, 11.0 + stays / 2, 11.0 + stays):
        reading = time.read(at(elapsed + by), elapsed)
        assert (reading.reported, reading.trusted) == (at(elapsed + by), at(elapsed))
    assert time.read(at(4_000), 4_000.0).trusted == at(4_000)


def test_a_clock_a_day_ahead_is_trusted_only_when_that_day_is_over() -> None:
    time = running(until=10.0)
    for hours in range(1, 24):
        assert time.read(at(DAY + hours * 3_600), hours * 3_600.0).trusted == at(hours * 3_600)
    assert time.read(at(2 * DAY + 4_000), DAY + 4_000).trusted == at(2 * DAY + 4_000)


def test_a_machine_that_slept_for_a_night_catches_up_within_as_long() -> None:
    time, night = running(until=10.0), 8 * 3_600.0
    assert time.read(at(night + 20), 20.0).trusted == at(20)
    assert time.read(at(2 * night + 30), night + 30).trusted == at(2 * night + 30)


def test_a_clock_set_back_never_takes_time_back() -> None:
    time = running(until=10.0)
    assert time.read(at(20 - DAY), 20.0).trusted == at(20)


def test_repeated_leaps_are_not_trusted_either() -> None:
    time = running(until=10.0)
    for minute in range(120):
        elapsed = 10.0 + minute * 60
        assert time.read(at(elapsed + minute * 3_600), elapsed).trusted == at(elapsed) or minute == 0


def test_after_a_restart_the_clock_is_trusted_once_it_has_held_for_an_hour() -> None:
    time = running(last=at(-3 * DAY))
    assert time.read(at(60), 60.0).trusted == at(60 - 3 * DAY)
    assert time.read(at(3_599), 3_599.0).trusted == at(3_599 - 3 * DAY)
    assert time.read(at(3_600), 3_600.0).trusted == at(3_600)


def test_a_restart_within_moments_is_no_jump() -> None:
    assert running(last=at(-90)).read(at(1), 1.0).trusted == at(1)
