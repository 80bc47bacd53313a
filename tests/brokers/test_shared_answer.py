from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from brokers.errors import Unavailable
from brokers.shared_answer import SharedAnswer
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_a_request_sent_before_a_caller_came_does_not_serve_them(clock: ManualClock) -> None:
    answers = iter(range(10))
    shared = SharedAnswer(lambda: next(answers), clock, threading.Lock())

    assert shared.get(0.0) == 0
    clock.advance(1.0)
    assert shared.get(0.0) == 1
    assert shared.get(5.0) == 1


class ReportingClock(ManualClock):
    """Signals when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Semaphore(0)

    def monotonic(self) -> float:
        now = super().monotonic()
        self.asked.release()
        return now


def test_callers_during_a_request_share_the_next_one() -> None:
    clock, asking, numbers = ReportingClock(), threading.Lock(), iter(range(10))
    shared = SharedAnswer(lambda: next(numbers), clock, asking)

    with ThreadPoolExecutor(3) as pool:
        with asking:
            waiting = [pool.submit(shared.get, 0.0) for _ in range(3)]
            for _ in waiting:
                clock.asked.acquire()
            clock.advance(1.0)

        assert [one.result() for one in waiting] == [0, 0, 0]


def test_a_question_that_fails_is_asked_again_by_the_next(clock: ManualClock) -> None:
    outcomes: Iterator[int | Unavailable] = iter([Unavailable("down"), 7])

    def ask() -> int:
        outcome = next(outcomes)
        if isinstance(outcome, int):
            return outcome
        raise outcome

    shared = SharedAnswer(ask, clock, threading.Lock())

    with pytest.raises(Unavailable):
        shared.get(60.0)
    assert shared.get(60.0) == 7


def test_while_the_exchange_is_silent_callers_share_one_timeout() -> None:
    clock, asking, asked = ReportingClock(), threading.Lock(), []

    def ask() -> int:
        asked.append(clock.steady)
        raise Unavailable("down")

    shared = SharedAnswer(ask, clock, asking)
    with ThreadPoolExecutor(3) as pool:
        with asking:
            waiting = [pool.submit(shared.get, 0.0) for _ in range(3)]
            for _ in waiting:
                clock.asked.acquire()
            clock.advance(1.0)

        assert [type(one.exception()) for one in waiting] == [Unavailable] * 3
    assert len(asked) == 1
