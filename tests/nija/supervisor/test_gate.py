"""The connect gate: never two connects to one exchange closer than promised."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from nija.supervisor.gate import ConnectGate
from tests.fakes import ManualClock


def test_the_first_turn_is_at_once() -> None:
    clock = ManualClock()
    assert ConnectGate(clock, 5.0).reserve() == clock.monotonic()


@given(st.lists(st.floats(0, 20), min_size=2, max_size=20))
def test_turns_are_never_closer_than_the_delay_whenever_they_are_asked_for(pauses: list[float]) -> None:
    clock = ManualClock()
    gate = ConnectGate(clock, 5.0)
    turns = []
    for pause in pauses:
        turns.append(gate.reserve())
        clock.advance(pause)
    assert all(later - earlier >= 5.0 for earlier, later in itertools.pairwise(turns))


def test_a_turn_is_waited_for() -> None:
    clock = ManualClock()
    gate = ConnectGate(clock, 5.0)
    gate.reserve()
    second = gate.reserve()
    gate.wait_for(second)
    assert clock.monotonic() >= second


def test_a_delay_of_zero_lets_all_connect_at_once() -> None:
    clock = ManualClock()
    gate = ConnectGate(clock, 0.0)
    assert gate.reserve() == gate.reserve() == clock.monotonic()


def test_nobody_waits_for_a_turn_once_everything_stops() -> None:
    clock = ManualClock()
    clock.stopping = True
    gate = ConnectGate(clock, 5.0)
    gate.reserve()
    gate.wait_for(gate.reserve())
    assert clock.sleeps == []
