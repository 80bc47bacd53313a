"""Rate limits as pure counters: they return how long to wait and leave the waiting to the caller.

`take` books the cost and returns 0.0, or books nothing and returns the seconds to wait. `reserve` is capacity that
the caller must leave untouched: entries pass one, so that stops and cancels, which pass none, always get through.
"""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from brokers.errors import BudgetSpent, RateLimited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.clock import Clock

# Absorbs float rounding, so that a wait never ends a moment before the capacity is there.
_EPSILON = 1e-9


class Limit(Protocol):
    def take(self, cost: float, now: float, *, reserve: float = 0.0) -> float:
        """Book `cost` at `now` (monotonic seconds) and return 0.0, or return the seconds to wait first."""
        ...


class DecayingCounter:
    """A counter that rises with each cost, decays over time and must not exceed its maximum.

    The exchange counts a request when it arrives, at a moment unknown here. A cost therefore starts to decay only once
    it has `landed`, so that this level is never below the exchange's own.
    """

    def __init__(self, maximum: float, decay: float, *, level: float = 0.0) -> None:
        """`decay` is per second; `level` is the starting value."""
        self._maximum = maximum
        self._decay = decay
        self._level = min(level, maximum)
        self._in_flight = 0.0
        self._time: float | None = None
        self._lock = threading.Lock()

    def take(self, cost: float, now: float, *, reserve: float = 0.0) -> float:
        """A cost above the total capacity passes once the counter is empty. Every cost taken must be `landed`."""
        with self._lock:
            self._settle(now)
            highest = max(self._maximum - reserve - cost, 0.0)
            level = self._level + self._in_flight
            if level <= highest + _EPSILON:
                self._in_flight += cost
                return 0.0
            return (level - highest) / self._decay

    def landed(self, cost: float, now: float) -> None:
        """The request that took `cost` was answered, failed or was never sent."""
        with self._lock:
            self._settle(now)
            self._in_flight = max(0.0, self._in_flight - cost)
            self._level += cost

    def charge(self, cost: float, now: float) -> None:
        """Book a cost that was spent without `take`."""
        with self._lock:
            self._settle(now)
            self._level += cost

    def fill(self, now: float) -> None:
        """The exchange reports the limit as exceeded: raise the counter to its maximum."""
        with self._lock:
            self._settle(now)
            self._level = max(self._level, self._maximum)

    def level(self, now: float) -> float:
        with self._lock:
            self._settle(now)
            return self._level + self._in_flight

    @property
    def in_flight(self) -> float:
        """The part of the level that does not decay yet."""
        return self._in_flight

    def left(self, now: float) -> float:
        """The free share of the capacity, from 0 to 1."""
        return max(0.0, 1.0 - self.level(now) / self._maximum)

    def _settle(self, now: float) -> None:
        if self._time is not None and now > self._time:
            self._level = max(0.0, self._level - (now - self._time) * self._decay)
        if self._time is None or now > self._time:
            self._time = now


class TokenBucket:
    """`rate` tokens a second, at most `capacity` saved up; the exchange's headers can only lower the count."""

    def __init__(self, rate: float, capacity: float | None = None) -> None:
        """`capacity` defaults to one second's worth."""
        self._rate = rate
        self._capacity = rate if capacity is None else capacity
        self._tokens = self._capacity
        self._time: float | None = None
        self._closed_until = 0.0
        self._lock = threading.Lock()

    def take(self, cost: float, now: float, *, reserve: float = 0.0) -> float:
        with self._lock:
            self._settle(now)
            if now < self._closed_until:
                return self._closed_until - now
            needed = min(cost + reserve, self._capacity)
            if self._tokens >= needed - _EPSILON:
                self._tokens -= cost
                return 0.0
            return (needed - self._tokens) / self._rate

    def left(self, now: float) -> float:
        """The available share of the tokens, from 0 to 1."""
        with self._lock:
            self._settle(now)
            return 0.0 if now < self._closed_until else max(0.0, self._tokens / self._capacity)

    def observe(self, remaining: float, reset_in: float, now: float) -> None:
        """Apply `x-ratelimit-remaining` and `x-ratelimit-reset` (as seconds from now); they only ever tighten."""
        with self._lock:
            self._settle(now)
            self._tokens = min(self._tokens, remaining)
            if remaining < 1:
                self._closed_until = max(self._closed_until, now + reset_in)

    def _settle(self, now: float) -> None:
        if self._time is not None and now > self._time:
            self._tokens = min(self._capacity, self._tokens + (now - self._time) * self._rate)
        if self._time is None or now > self._time:
            self._time = now


class Spacing:
    """Turns at least `seconds` apart, first come, first served, so that no caller starves."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._next_turn = clock.monotonic()
        self._began = float("-inf")

    def take_turn(self) -> float:
        """The next free turn: the monotonic moment from which its holder may act."""
        with self._lock:
            turn = max(self._clock.monotonic(), self._next_turn)
            self._next_turn = turn + self._seconds
            return turn

    def wait_for(self, turn: float) -> None:
        """Sleep until `turn`, or until the process is stopping."""
        while (remaining := turn - self._clock.monotonic()) > 0 and not self._clock.stopping:
            self._clock.sleep(remaining)

    def begin(self) -> None:
        """Start the request of a turn. Call under a lock; a request that starts late delays the next one.

        Sleeps off the rest of the interval, as several threads may have waited for the lock after their turns.
        """
        due = self._began + self._seconds
        self.wait_for(due)
        self._began = self._clock.monotonic()


@contextmanager
def reserving(counter: DecayingCounter, clock: Clock, cost: float) -> Iterator[None]:
    """Wait for capacity and hold it for the request made inside. Raises RateLimited when stopping."""
    wait_for_capacity(counter, clock, cost)
    with holding(counter, clock, cost):
        yield


@contextmanager
def holding(counter: DecayingCounter, clock: Clock, cost: float) -> Iterator[None]:
    """Hold a cost already taken until the request made inside has ended."""
    try:
        yield
    finally:
        counter.landed(cost, clock.monotonic())


def wait_for_capacity(
    limit: Limit, clock: Clock, cost: float = 1.0, *, reserve: float = 0.0, patience: float = math.inf
) -> None:
    """Sleep until `limit` has capacity, and book the cost. `patience` is the longest wait accepted, in seconds.

    Raises BudgetSpent if the wait would be longer, RateLimited when stopping; neither books anything.
    """
    while (wait := limit.take(cost, clock.monotonic(), reserve=reserve)) > 0.0:
        if wait > patience:
            raise BudgetSpent("The rate limit has no capacity for this request now", wait)
        if clock.stopping:
            raise RateLimited("Stopping: the rate limit has no capacity for this request", wait)
        clock.sleep(wait)
