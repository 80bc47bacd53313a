from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.errors import RateLimited
from brokers.throttle import DecayingCounter, Spacing, TokenBucket, wait_for_capacity
from tests.fakes import ManualClock


class TestDecayingCounter:
    def test_capacity_lasts_to_the_maximum_and_then_the_wait_is_returned(self) -> None:
        counter = DecayingCounter(15, 0.33)
        assert [counter.take(1, 0.0) for _ in range(15)] == [0.0] * 15
        assert counter.take(1, 0.0) == pytest.approx(1 / 0.33)

    def test_waiting_the_returned_time_is_enough(self) -> None:
        counter = DecayingCounter(15, 0.33, level=15)
        wait = counter.take(4, 100.0)
        assert wait > 0
        assert counter.take(4, 100.0 + wait) == 0.0

    def test_a_refusal_books_nothing(self) -> None:
        counter = DecayingCounter(15, 1.0, level=15)
        counter.take(4, 0.0)
        assert counter.level(0.0) == 15

    def test_an_entry_waits_while_a_stop_still_goes_through(self) -> None:
        counter = DecayingCounter(60, 1.0, level=50)
        assert counter.take(1, 0.0, reserve=20) > 0.0
        assert counter.take(1, 0.0) == 0.0

    def test_the_documented_check_of_the_engine_counter_holds(self) -> None:
        """guides/spot-ratelimits: 50 adds at Intermediate, 10 s later: 26.6."""
        counter = DecayingCounter(125, 2.34)
        for _ in range(50):
            counter.take(1, 0.0)
            counter.landed(1, 0.0)
        assert counter.level(10.0) == pytest.approx(26.6)

    def test_costs_in_flight_count_in_full_until_they_land(self) -> None:
        counter = DecayingCounter(15, 1.0)
        counter.take(10, 0.0)
        assert counter.level(30.0) == 10
        counter.landed(10, 30.0)
        assert counter.level(34.0) == 6

    def test_the_exchanges_report_is_believed(self) -> None:
        counter = DecayingCounter(15, 0.5)
        counter.fill(0.0)
        assert counter.take(1, 0.0) == pytest.approx(2.0)

    def test_costs_spent_without_take_are_counted(self) -> None:
        counter = DecayingCounter(15, 0.5)
        counter.charge(15, 0.0)
        assert counter.take(1, 0.0) == pytest.approx(2.0)

    def test_a_time_that_steps_back_frees_no_capacity(self) -> None:
        counter = DecayingCounter(15, 1.0)
        counter.charge(15, 100.0)
        counter.take(1, 50.0)
        assert counter.level(100.0) == 15

    def test_a_cost_above_the_maximum_passes_once_the_counter_is_empty(self) -> None:
        counter = DecayingCounter(15, 1.0, level=3)
        assert counter.take(20, 0.0) == pytest.approx(3.0)
        assert counter.take(20, 3.0) == 0.0

    @given(
        steps=st.lists(
            st.tuples(
                st.floats(min_value=0, max_value=30),
                st.integers(min_value=1, max_value=6),
                st.sampled_from([0.0, 4.0]),
                st.floats(min_value=0, max_value=30),
                st.floats(min_value=0, max_value=1),
            ),
            max_size=60,
        )
    )
    def test_the_exchange_never_counts_past_its_maximum_whenever_a_request_arrives(
        self, steps: list[tuple[float, int, float, float, float]]
    ) -> None:
        counter, now = DecayingCounter(15, 0.33), 0.0
        theirs, theirs_at = 0.0, 0.0
        for pause, cost, reserve, flight, until_arrival in steps:
            now += pause
            if counter.take(cost, now, reserve=reserve) > 0:
                continue
            arrived = now + flight * until_arrival
            now += flight
            counter.landed(cost, now)
            theirs = max(0.0, theirs - (arrived - theirs_at) * 0.33) + cost
            theirs_at = arrived
            assert theirs <= 15 + 1e-6


class TestTokenBucket:
    def test_a_burst_is_allowed_up_to_one_second_of_requests(self) -> None:
        bucket = TokenBucket(30)
        assert [bucket.take(1, 0.0) for _ in range(30)] == [0.0] * 30
        assert bucket.take(1, 0.0) == pytest.approx(1 / 30)

    def test_tokens_come_back_with_time_but_never_more_than_the_capacity(self) -> None:
        bucket = TokenBucket(10)
        for _ in range(10):
            bucket.take(1, 0.0)
        assert [bucket.take(1, 100.0) for _ in range(11)].count(0.0) == 10

    def test_a_reserve_is_left_for_protective_work(self) -> None:
        bucket = TokenBucket(10)
        for _ in range(8):
            bucket.take(1, 0.0)
        assert bucket.take(1, 0.0, reserve=5) > 0.0
        assert bucket.take(1, 0.0) == 0.0

    def test_a_header_of_zero_remaining_closes_the_bucket_until_the_reset(self) -> None:
        bucket = TokenBucket(30)
        bucket.observe(remaining=0, reset_in=2.5, now=10.0)
        assert bucket.take(1, 10.0) == pytest.approx(2.5)
        assert bucket.take(1, 12.5) == 0.0

    def test_a_header_lowers_our_own_count_but_never_raises_it(self) -> None:
        bucket = TokenBucket(30)
        bucket.observe(remaining=2, reset_in=1.0, now=0.0)
        bucket.observe(remaining=29, reset_in=1.0, now=0.0)
        assert [bucket.take(1, 0.0) for _ in range(3)][-1] > 0.0


class TestWaitForRoom:
    def test_it_sleeps_just_as_long_as_needed(self) -> None:
        clock = ManualClock()
        counter = DecayingCounter(15, 0.5, level=15)
        wait_for_capacity(counter, clock)
        assert sum(clock.sleeps) == pytest.approx(2.0)

    def test_it_gives_up_at_once_when_everything_is_to_stop(self) -> None:
        clock = ManualClock()
        clock.stopping = True
        with pytest.raises(RateLimited, match="Stopping"):
            wait_for_capacity(DecayingCounter(15, 0.5, level=15), clock)
        assert clock.sleeps == []

    def test_available_capacity_is_used_even_while_stopping(self) -> None:
        clock = ManualClock()
        clock.stopping = True
        wait_for_capacity(DecayingCounter(15, 0.5), clock)


class TestSpacing:
    def test_turns_are_first_come_first_served_and_never_closer_than_the_interval(self) -> None:
        clock = ManualClock()
        spacing = Spacing(clock, 1.0)
        turns = [spacing.take_turn() for _ in range(4)]
        assert turns == [0.0, 1.0, 2.0, 3.0]

    def test_a_late_caller_gets_the_next_turn_and_disturbs_none(self) -> None:
        clock = ManualClock()
        spacing = Spacing(clock, 1.0)
        spacing.take_turn()
        clock.advance(10.0)
        assert [spacing.take_turn(), spacing.take_turn()] == [10.0, 11.0]

    def test_a_request_that_starts_late_delays_the_next_one(self) -> None:
        clock = ManualClock()
        spacing = Spacing(clock, 1.0)
        first, second = spacing.take_turn(), spacing.take_turn()
        spacing.wait_for(first)
        clock.advance(0.7)
        spacing.begin()
        spacing.wait_for(second)
        spacing.begin()
        assert clock.monotonic() == 1.7

    def test_callers_that_waited_for_the_lock_start_one_by_one(self) -> None:
        clock = ManualClock()
        spacing = Spacing(clock, 1.0)
        turns = [spacing.take_turn() for _ in range(3)]
        clock.advance(30.0)
        begun = []
        for turn in turns:
            spacing.wait_for(turn)
            spacing.begin()
            begun.append(clock.monotonic())
        assert begun == [30.0, 31.0, 32.0]

    def test_a_caller_sleeps_until_its_turn(self) -> None:
        clock = ManualClock()
        spacing = Spacing(clock, 1.0)
        spacing.take_turn()
        spacing.wait_for(spacing.take_turn())
        assert clock.monotonic() == 1.0


class TestWhatIsLeft:
    def test_a_counter_reports_its_free_share_as_it_rises_and_decays(self) -> None:
        counter = DecayingCounter(20.0, 0.5)
        counter.take(15.0, 0.0)
        counter.landed(15.0, 0.0)
        assert counter.left(0.0) == 0.25
        assert counter.left(20.0) == 0.75

    def test_a_bucket_reports_its_tokens_and_none_while_the_exchange_reports_none(self) -> None:
        bucket = TokenBucket(10.0)
        bucket.take(4.0, 0.0)
        assert bucket.left(0.0) == 0.6
        bucket.observe(0, reset_in=3.0, now=0.0)
        assert bucket.left(2.9) == 0.0
