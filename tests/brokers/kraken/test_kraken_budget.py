from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.errors import BrokerError, LockedOut
from brokers.kraken.budget import KeyBudget
from brokers.kraken.limits import TIERS
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STARTER = TIERS["starter"]


@pytest.fixture
def restart(tmp_path: Path) -> Iterator[Callable[[ManualClock], KeyBudget]]:
    """Each call is a new process on the same file; the earlier one was killed."""
    opened: list[KeyBudget] = []

    def opener(clock: ManualClock) -> KeyBudget:
        opened.append(KeyBudget(tmp_path / "key.budget", tier=STARTER, clock=clock))
        return opened[-1]

    yield opener
    for budget in opened:
        budget.close()


class RestartedClock(ManualClock):
    """The wall clock continues over a restart; the monotonic clock starts over."""


def spend(budget: KeyBudget, calls: int) -> None:
    for _ in range(calls):
        budget.spend(1.0, 0.0)
        budget.landed(1.0)


def test_the_counter_survives_a_kill(restart: Callable[[ManualClock], KeyBudget]) -> None:
    clock = ManualClock()
    spend(restart(clock), 15)
    reborn = RestartedClock(clock.wall + 3)
    spend(restart(reborn), 1)
    assert sum(reborn.sleeps) == pytest.approx(1 / 0.33 - 3, abs=0.01)


def test_calls_in_flight_at_a_kill_count_as_just_arrived(
    restart: Callable[[ManualClock], KeyBudget],
) -> None:
    clock = ManualClock()
    restart(clock).spend(4.0, 0.0)
    reborn = RestartedClock(clock.wall + 30)
    spend(restart(reborn), 12)
    assert sum(reborn.sleeps) == pytest.approx(1 / 0.33, abs=0.01)


def test_a_clock_set_back_frees_no_capacity(restart: Callable[[ManualClock], KeyBudget]) -> None:
    clock = ManualClock()
    spend(restart(clock), 15)
    reborn = RestartedClock(clock.wall - 3_600)
    spend(restart(reborn), 1)
    assert sum(reborn.sleeps) == pytest.approx(1 / 0.33, abs=0.01)


def test_a_lockout_lasts_over_a_restart(restart: Callable[[ManualClock], KeyBudget]) -> None:
    clock = ManualClock()
    locked_out = restart(clock)
    spend(locked_out, 1)
    locked_out.locked_out(900.0)
    with pytest.raises(LockedOut) as caught:
        restart(RestartedClock(clock.wall + 300)).spend(1.0, 0.0)
    assert caught.value.retry_after == pytest.approx(600, abs=1)


def test_a_lockout_bars_orders_as_well(restart: Callable[[ManualClock], KeyBudget]) -> None:
    budget = restart(ManualClock())
    spend(budget, 1)
    budget.locked_out(900.0)
    with pytest.raises(LockedOut):
        budget.spend(0.0, 0.0)


def test_a_damaged_note_counts_as_a_full_counter(restart: Callable[[ManualClock], KeyBudget], tmp_path: Path) -> None:
    (tmp_path / "key.budget").write_text("nonsense")
    clock = ManualClock()
    spend(restart(clock), 1)
    assert sum(clock.sleeps) == pytest.approx(1 / 0.33, abs=0.01)


def test_only_the_owner_may_read_the_note(restart: Callable[[ManualClock], KeyBudget], tmp_path: Path) -> None:
    spend(restart(ManualClock()), 1)
    assert (tmp_path / "key.budget").stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_stops_the_call_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    budget = KeyBudget(tmp_path / "file" / "key.budget", tier=STARTER, clock=ManualClock())
    with pytest.raises(BrokerError, match=r"key\.budget"):
        budget.spend(1.0, 0.0)


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 4), st.booleans(), st.floats(0, 10), st.floats(0, 1)), max_size=30
    )
)
def test_krakens_counter_never_exceeds_its_maximum_even_across_kills(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, int, bool, float, float]]
) -> None:
    path = tmp_path_factory.mktemp("budget") / "key.budget"
    clock = ManualClock()
    budget = KeyBudget(path, tier=STARTER, clock=clock)
    theirs, theirs_at = 0.0, clock.wall
    for pause, cost, killed, flight, until_arrival in steps:
        clock.advance(pause)
        budget.spend(float(cost), 0.0)
        arrived = clock.wall + flight * until_arrival
        theirs = max(0.0, theirs - (arrived - theirs_at) * STARTER.rest_decay) + cost
        theirs_at = arrived
        assert theirs <= STARTER.rest_maximum + 0.01
        clock.advance(flight)
        if killed:
            budget.close()
            clock = RestartedClock(clock.wall)
            budget = KeyBudget(path, tier=STARTER, clock=clock)
        else:
            budget.landed(float(cost))
    budget.close()
