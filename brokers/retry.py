"""The one retry policy, built on tenacity: for reads, and for idempotent calls such as Coinbase's cancel.

Nothing that places or amends an order is ever retried here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import tenacity

from brokers.errors import BudgetSpent, LockedOut, RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.clock import Clock

T = TypeVar("T")


def retry_reads(clock: Clock, *, attempts: int = 5, total: float = 60.0) -> ReadRetry:
    """Up to `attempts` calls within `total` seconds. Build one per broker."""
    return ReadRetry(clock, attempts=attempts, total=total)


class ReadRetry:
    """Enters tenacity only after a transient failure, so that a call that succeeds costs nothing."""

    def __init__(self, clock: Clock, *, attempts: int, total: float) -> None:
        self._clock = clock
        self._attempts = attempts
        self._total = total
        self._backoff = tenacity.wait_exponential_jitter(multiplier=0.5, max=10.0, jitter=0.5)

    def __call__(self, call: Callable[[], T]) -> T:
        """Return the result of `call` or raise its last error; does not retry once the clock is stopping."""
        try:
            return call()
        except (Unavailable, RateLimited) as error:
            return self._again(call, error)

    def _again(self, call: Callable[[], T], error: Unavailable | RateLimited) -> T:
        started = self._clock.monotonic()
        first = True

        def attempt() -> T:
            nonlocal first, error
            if first:
                first = False
                raise error
            if self._clock.stopping:
                raise _Over(error)
            try:
                return call()
            except (Unavailable, RateLimited) as latest:
                error = latest
                raise

        def out_of_tries_or_time(state: tenacity.RetryCallState) -> bool:
            elapsed = self._clock.monotonic() - started
            out_of_time = elapsed + state.upcoming_sleep > self._total
            return self._clock.stopping or out_of_time or state.attempt_number >= self._attempts

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_transient),
            wait=lambda state: max(self._backoff(state), _retry_after(state)),
            stop=out_of_tries_or_time,
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _Over:
            raise error from None


class _Over(Exception):
    """Leaves tenacity's loop when the clock stops during a wait."""


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, Unavailable | RateLimited) and not isinstance(error, LockedOut | BudgetSpent)


def _retry_after(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.retry_after if isinstance(error, RateLimited) else 0.0
