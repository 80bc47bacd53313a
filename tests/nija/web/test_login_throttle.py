"""How often the password may be tried."""

from __future__ import annotations

from nija.web.login_throttle import LoginThrottle
from tests.fakes import ManualClock

ADDRESS = "203.0.113.7"


def test_all_addresses_together_are_slowed_down_and_soon_let_in_again() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    waits = [throttle.attempt(f"203.0.113.{number}") for number in range(25)]
    assert waits[:20] == [0.0] * 20
    assert all(0 < wait <= 15 for wait in waits[20:])
    clock.advance(15)
    assert throttle.attempt("198.51.100.1") == 0


def test_a_browser_that_is_known_is_counted_by_itself_and_not_with_all() -> None:
    throttle = LoginThrottle(ManualClock())
    for number in range(30):
        throttle.attempt(f"203.0.113.{number}")
    assert throttle.attempt(ADDRESS, "known") == 0
    assert [throttle.attempt(ADDRESS, "known") for _ in range(5)][-1] == 30


def test_no_address_waits_longer_than_a_quarter_of_an_hour() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    for _ in range(40):
        clock.advance(throttle.attempt(ADDRESS))
    assert 0 <= throttle.attempt(ADDRESS) <= 900


def test_the_right_password_and_an_hour_forgive() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    for _ in range(4):
        throttle.attempt(ADDRESS)
    throttle.succeeded(ADDRESS)
    assert [throttle.attempt(ADDRESS) for _ in range(5)] == [0.0] * 5
    assert throttle.attempt(ADDRESS) == 30
    clock.advance(3_600)
    assert [throttle.attempt(ADDRESS) for _ in range(5)] == [0.0] * 5


def test_the_addresses_of_one_ipv6_subscriber_are_one() -> None:
    throttle = LoginThrottle(ManualClock())
    waits = [throttle.attempt(f"2001:db8:1:2::{number:x}") for number in range(6)]
    assert waits == [0.0] * 5 + [30.0]
    assert throttle.attempt("2001:db8:1:3::1") == 0


def test_its_memory_is_bounded() -> None:
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    for number in range(3_000):
        clock.advance(15)
        throttle.attempt(f"10.{number // 65_536}.{number // 256 % 256}.{number % 256}")
    assert len(throttle) == 1_000
