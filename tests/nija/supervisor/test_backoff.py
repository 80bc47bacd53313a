"""Backoff: longer each time, with a maximum and jitter."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from nija.supervisor.backoff import Backoff


@given(st.integers(), st.integers(1, 30))
def test_every_wait_lies_in_the_upper_half_of_its_doubling_range_up_to_the_longest(seed: int, tries: int) -> None:
    backoff = Backoff(2.0, 60.0, random.Random(seed))
    for attempt in range(tries):
        top = min(2.0 * 2**attempt, 60.0)
        assert top / 2 <= backoff.wait() <= top


def test_after_a_success_it_starts_small_again() -> None:
    backoff = Backoff(2.0, 60.0, random.Random(1))
    for _ in range(10):
        backoff.wait()
    backoff.reset()
    assert backoff.wait() <= 2.0
