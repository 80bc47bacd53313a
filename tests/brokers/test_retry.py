from __future__ import annotations

import pytest

from brokers.errors import BrokerError, LockedOut, OutcomeUnknown, RateLimited, Unauthorized, Unavailable
from brokers.retry import retry_reads
from tests.fakes import ManualClock


class Script:
    """A read that fails as scripted, then answers."""

    def __init__(self, *errors: BrokerError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_a_call_that_succeeds_is_made_once_without_a_wait() -> None:
    clock, script = ManualClock(), Script()
    assert retry_reads(clock)(script) == "answer"
    assert (script.calls, clock.sleeps) == (1, [])


def test_a_passing_fault_is_tried_again_with_growing_waits() -> None:
    clock, script = ManualClock(), Script(*[Unavailable("EService:Unavailable")] * 4)
    assert retry_reads(clock)(script) == "answer"
    assert script.calls == 5
    assert [0.5 * 2**n <= wait <= 0.5 * 2**n + 0.5 for n, wait in enumerate(clock.sleeps)] == [True] * 4


def test_the_waits_are_jittered_so_that_accounts_do_not_retry_in_step() -> None:
    waits = []
    for _ in range(20):
        clock = ManualClock()
        retry_reads(clock)(Script(Unavailable("down")))
        waits.extend(clock.sleeps)
    assert len(set(waits)) == 20


def test_the_last_error_comes_out_when_all_tries_failed() -> None:
    script = Script(*[Unavailable(f"try {n}") for n in range(9)])
    with pytest.raises(Unavailable, match="try 4"):
        retry_reads(ManualClock(), attempts=5)(script)
    assert script.calls == 5


def test_a_rate_limit_is_waited_out_for_retry_after() -> None:
    clock = ManualClock()
    retry_reads(clock)(Script(RateLimited("over", retry_after=7.0)))
    assert clock.sleeps == [7.0]


def test_a_wait_that_would_pass_the_total_time_is_not_begun() -> None:
    clock, script = ManualClock(), Script(RateLimited("over", retry_after=61.0))
    with pytest.raises(RateLimited):
        retry_reads(clock, total=60.0)(script)
    assert clock.sleeps == []


@pytest.mark.parametrize("error", [Unauthorized("bad key"), OutcomeUnknown("lost"), LockedOut("barred", 1.0)])
def test_permanent_errors_are_not_retried(error: BrokerError) -> None:
    script = Script(error)
    with pytest.raises(type(error)):
        retry_reads(ManualClock())(script)
    assert script.calls == 1


def test_a_lasting_error_after_a_passing_one_comes_out_as_itself() -> None:
    with pytest.raises(Unauthorized):
        retry_reads(ManualClock())(Script(Unavailable("down"), Unauthorized("bad key")))


def test_nothing_is_tried_again_once_everything_is_to_stop() -> None:
    clock, script = ManualClock(), Script(Unavailable("down"))
    clock.stopping = True
    with pytest.raises(Unavailable):
        retry_reads(clock)(script)
    assert (script.calls, clock.sleeps) == (1, [])


def test_a_stop_during_the_wait_ends_it_without_another_call() -> None:
    class StopsInSleep(ManualClock):
        def sleep(self, seconds: float) -> None:
            self.stopping = True

    script = Script(Unavailable("down"))
    with pytest.raises(Unavailable, match="down"):
        retry_reads(StopsInSleep())(script)
    assert script.calls == 1
