"""The connect queue: two connects to one exchange are never closer than the configured delay."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.supervisor.connect_queue import ConnectQueue
from tests.fakes import ManualClock


def connect(gate: ConnectQueue, clock: ManualClock, takes: float = 0.0) -> tuple[float, float]:
    """When the connect began and when it ended."""
    with gate.turn(gate.reserve()):
        began = clock.monotonic()
        clock.advance(takes)
    return began, clock.monotonic()


def test_the_first_turn_is_at_once() -> None:
    clock = ManualClock()
    connect(ConnectQueue(clock, 5.0), clock)
    assert clock.sleeps == []


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 20)), min_size=2, max_size=20))
def test_no_connect_begins_sooner_than_the_delay_after_the_last_one_ended(steps: list[tuple[float, float]]) -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 5.0)
    turns = []
    for pause, takes in steps:
        turns.append(connect(gate, clock, takes))
        clock.advance(pause)
    assert all(later[0] - earlier[1] >= 5.0 for earlier, later in itertools.pairwise(turns))


def test_turns_come_in_the_order_of_reservation() -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 5.0)
    first, second = gate.reserve(), gate.reserve()
    assert gate._take(second) >= 5.0
    with gate.turn(first):
        assert gate._take(second) > 0
    assert gate._take(second) >= 5.0
    clock.advance(5.5)
    assert gate._take(second) == 0


def test_a_connect_that_hangs_does_not_block_others() -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 5.0)
    with gate.turn(gate.reserve()):
        began, _ = connect(gate, clock)
    assert 5.0 <= began <= 15.0


def test_a_hung_connect_that_ends_late_does_not_delay_those_after_it_again() -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 5.0)
    with gate.turn(gate.reserve()):
        connect(gate, clock)
        free = clock.monotonic()
    began, _ = connect(gate, clock)
    assert began - free <= 5.5


def test_the_next_may_connect_while_the_session_after_a_connect_goes_on() -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 5.0)
    with gate.turn(gate.reserve()) as done:
        done()
        began, _ = connect(gate, clock)
    assert 5.0 <= began <= 5.5


def test_a_failed_connect_gives_its_turn_back() -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 5.0)
    with pytest.raises(ConnectionError), gate.turn(gate.reserve()):
        raise ConnectionError
    began, _ = connect(gate, clock)
    assert began <= 5.5


def test_with_a_delay_of_zero_all_connect_at_once() -> None:
    clock = ManualClock()
    gate = ConnectQueue(clock, 0.0)
    with gate.turn(gate.reserve()), gate.turn(gate.reserve()):
        assert clock.sleeps == []


def test_nobody_waits_for_a_turn_once_everything_stops() -> None:
    clock = ManualClock()
    clock.stopping = True
    gate = ConnectQueue(clock, 5.0)
    with gate.turn(gate.reserve()), gate.turn(gate.reserve()):
        assert clock.sleeps == []
