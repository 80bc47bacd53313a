from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from brokers.errors import Unavailable
from brokers.exchange_clock import ExchangeClock, Reading, reading
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from brokers.errors import BrokerError

MINUTE = 60.0
A_DAY = 86_400
FIVE_MINUTES = 300.0


class Exchange:
    """Reports its own time, independent of this machine's clocks, which may be slow, sleep or be set."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.ahead = 0.0
        self.asked = 0
        self.fault: BrokerError | None = None

    @property
    def time(self) -> datetime:
        return datetime.fromtimestamp(1_700_000_000 + self._clock.steady + self.ahead, UTC)

    def tell(self) -> Reading:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return reading(self.time, self._clock.monotonic(), self._clock.monotonic())


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def exchange(clock: ManualClock) -> Exchange:
    return Exchange(clock)


@pytest.fixture
def theirs(exchange: Exchange, clock: ManualClock) -> ExchangeClock:
    return ExchangeClock(exchange.tell, clock, threading.Lock())


def off(theirs: ExchangeClock, exchange: Exchange) -> float:
    return abs((theirs.now() - exchange.time).total_seconds())


class TestKnowing:
    def test_unmeasured_it_is_this_machines_clock_and_nobody_knows_how_wrong(
        self, theirs: ExchangeClock, clock: ManualClock
    ) -> None:
        assert theirs.now() == datetime.fromtimestamp(clock.time(), UTC)
        assert theirs.uncertainty() is None

    def test_measured_it_is_the_exchanges(self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock) -> None:
        exchange.ahead = 30.0
        theirs.sync(0.0)
        clock.advance(MINUTE)
        assert off(theirs, exchange) == 0
        assert theirs.skew() == timedelta(seconds=30)

    def test_an_answer_counts_for_the_middle_of_the_round_trip_and_of_the_truncated_second(self) -> None:
        told = datetime(2026, 1, 2, tzinfo=UTC)
        assert reading(told, 10.0, 12.0, timedelta(seconds=1)) == Reading(
            told + timedelta(seconds=0.5), 11.0, timedelta(seconds=1.5)
        )

    def test_the_older_a_measurement_the_less_certain_it_is(self, theirs: ExchangeClock, clock: ManualClock) -> None:
        theirs.sync(0.0)
        clock.advance(A_DAY)
        uncertainty = theirs.uncertainty()
        assert uncertainty is not None
        assert uncertainty > timedelta(seconds=40)


class TestMeasuringAgain:
    def test_forty_seconds_of_drift_a_day_never_make_a_fifth_of_a_second(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        worst = 0.0
        for _ in range(A_DAY // 60):
            worst = max(worst, off(theirs, exchange))
            theirs.sync(FIVE_MINUTES)
            clock.advance(MINUTE)
            exchange.ahead += 40 * MINUTE / A_DAY
        assert worst < 0.2

    def test_a_young_measurement_costs_no_question(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        for _ in range(10):
            theirs.sync(FIVE_MINUTES)
            clock.advance(30.0)
        assert exchange.asked == 1

    def test_many_accounts_together_cost_one_question(self, theirs: ExchangeClock, exchange: Exchange) -> None:
        for _ in range(300):
            theirs.sync(FIVE_MINUTES)
        assert exchange.asked == 1

    def test_after_the_machine_has_slept_it_is_measured_whatever_its_age(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        theirs.sync(0.0)
        clock.wall += 8 * 3_600
        exchange.ahead += 8 * 3_600
        assert theirs.uncertainty() is None
        theirs.sync(math.inf)
        assert off(theirs, exchange) == 0

    def test_a_sleep_during_the_question_is_noticed(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        class SleepsOnce(Exchange):
            def tell(self) -> Reading:
                told = super().tell()
                if self.asked == 1:
                    clock.wall += 3_600
                    self.ahead += 3_600
                return told

        sleeper = SleepsOnce(clock)
        theirs = ExchangeClock(sleeper.tell, clock, threading.Lock())
        theirs.sync(0.0)
        assert theirs.uncertainty() is None
        theirs.sync(math.inf)
        assert off(theirs, sleeper) == 0

    def test_setting_this_machines_time_changes_nothing_but_triggers_a_measurement(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        theirs.sync(0.0)
        clock.wall -= 3_600
        assert off(theirs, exchange) == 0
        theirs.sync(math.inf)
        assert exchange.asked == 2

    def test_a_refusal_for_time_makes_the_youngest_measurement_void_once(
        self, theirs: ExchangeClock, exchange: Exchange
    ) -> None:
        theirs.sync(0.0)
        exchange.ahead += 30.0
        theirs.doubt()
        theirs.sync(math.inf)
        assert off(theirs, exchange) == 0
        theirs.sync(math.inf)
        assert exchange.asked == 2

    def test_where_the_exchange_does_not_say_the_last_measurement_is_carried_on(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        exchange.ahead = 30.0
        theirs.sync(0.0)
        exchange.fault = Unavailable("down")
        clock.advance(2 * FIVE_MINUTES)
        with pytest.raises(Unavailable):
            theirs.sync(FIVE_MINUTES)
        assert off(theirs, exchange) == 0
        assert theirs.uncertainty() is not None

    def test_a_question_that_failed_is_not_asked_again_by_every_order(
        self, theirs: ExchangeClock, exchange: Exchange, clock: ManualClock
    ) -> None:
        exchange.fault = Unavailable("down")
        for _ in range(10):
            with pytest.raises(Unavailable):
                theirs.sync(FIVE_MINUTES)
            clock.advance(1.0)
        assert exchange.asked == 1
        exchange.fault = None
        clock.advance(15.0)
        theirs.sync(FIVE_MINUTES)
        assert off(theirs, exchange) == 0
