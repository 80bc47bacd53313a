"""Rate limits as pure counters: they say how long to wait and leave the waiting to the caller.

`take` returns 0.0 and books the cost, or returns seconds to wait and books nothing. `reserve` is the room that the
caller leaves untouched: entries pass one so that stops and cancels, which pass none, always find room.
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

# Decimal fractions of a second get lost in floats: a wait never ends just before the room is there.
_EPSILON = 1e-9


class Limit(Protocol):
    def take(self, cost: float, now: float, *, reserve: float = 0.0) -> float:
        """Book `cost` at `now` (monotonic seconds) and return 0.0, or return how long to wait first."""
        ...


class DecayingCounter:
    """A counter that costs raise, time lowers, and that must not pass its maximum.

    The exchange counts a request when it arrives, at a moment unknown here: a cost that was taken does not fall before
    `landed`, so that the level is never below the exchange's own.
    """

    def __init__(self, maximum: float, decay: float, *, level: float = 0.0) -> None:
        """`decay` is per second; `level` is where the counter stands now."""
        self._maximum = maximum
        self._decay = decay
        self._level = min(level, maximum)
        self._in_flight = 0.0
        self._time: float | None = None
        self._lock = threading.Lock()

    def take(self, cost: float, now: float, *, reserve: float = 0.0) -> float:
        """Costs above the room that there is at all pass once the counter is empty. What passes is to be `landed`."""
        with self._lock:
            self._settle(now)
            room = max(self._maximum - reserve - cost, 0.0)
            level = self._level + self._in_flight
            if level <= room + _EPSILON:
                self._in_flight += cost
                return 0.0
            return (level - room) / self._decay

    def landed(self, cost: float, now: float) -> None:
        """The request that took `cost` has been answered, has failed or was never sent."""
        with self._lock:
            self._settle(now)
            self._in_flight = max(0.0, self._in_flight - cost)
            self._level += cost

    def charge(self, cost: float, now: float) -> None:
        """Book what was spent without asking."""
        with self._lock:
            self._settle(now)
            self._level += cost

    def fill(self, now: float) -> None:
        """The exchange says the counter is over: believe it."""
        with self._lock:
            self._settle(now)
            self._level = max(self._level, self._maximum)

    def level(self, now: float) -> float:
        with self._lock:
            self._settle(now)
            return self._level + self._in_flight

    @property
    def in_flight(self) -> float:
        """The part of the level that does not fall yet."""
        return self._in_flight

    def left(self, now: float) -> float:
        """The part of the room that is free, from 0 to 1."""
        return max(0.0, 1.0 - self.level(now) / self._maximum)

    def _settle(self, now: float) -> None:
        if self._time is not None and now > self._time:
            self._level = max(0.0, self._level - (now - self._time) * self._decay)
        if self._time is None or now > self._time:
            self._time = now


class TokenBucket:
    """`rate` tokens a second, at most `capacity` saved up; the exchange's own headers may say there are fewer."""

    def __init__(self, rate: float, capacity: float | None = None) -> None:
        """`capacity` is one second's worth unless given."""
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
        """The part of the tokens that is there, from 0 to 1."""
        with self._lock:
            self._settle(now)
            return 0.0 if now < self._closed_until else max(0.0, self._tokens / self._capacity)

    def observe(self, remaining: float, reset_in: float, now: float) -> None:
        """What `x-ratelimit-remaining` and `x-ratelimit-reset` (as seconds from now) said; it only ever tightens."""
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
    """Turns at least `seconds` apart, given in the order in which they are asked for: nobody is overtaken for ever."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._next_turn = clock.monotonic()
        self._began = float("-inf")

    def reserve(self) -> float:
        """Take the next free turn: the monotonic moment from which on its holder may act."""
        with self._lock:
            turn = max(self._clock.monotonic(), self._next_turn)
            self._next_turn = turn + self._seconds
            return turn

    def wait_for(self, turn: float) -> None:
        """Sleep until `turn`, or until everything is to stop."""
        while (remaining := turn - self._clock.monotonic()) > 0 and not self._clock.stopping:
            self._clock.sleep(remaining)

    def begin(self) -> None:
        """What the turn was for begins now; one that began late moves the next. To be called one at a time.

        Sleeps off what is missing, as several may have waited in front of the same door after their turns.
        """
        due = self._began + self._seconds
        self.wait_for(due)
        self._began = self._clock.monotonic()


@contextmanager
def room(counter: DecayingCounter, clock: Clock, cost: float) -> Iterator[None]:
    """Wait for room, and hold it for the request that is made inside. Raises RateLimited when all is to stop."""
    wait_for_room(counter, clock, cost)
    with holding(counter, clock, cost):
        yield


@contextmanager
def holding(counter: DecayingCounter, clock: Clock, cost: float) -> Iterator[None]:
    """What was taken is held until the request that is made inside has ended."""
    try:
        yield
    finally:
        counter.landed(cost, clock.monotonic())


def wait_for_room(
    limit: Limit, clock: Clock, cost: float = 1.0, *, reserve: float = 0.0, patience: float = math.inf
) -> None:
    """Sleep until `limit` has room, and book the cost. `patience` is the longest wait begun, in seconds.

    Raises BudgetSpent where that is too long, RateLimited when all is to stop; nothing is booked then.
    """
    while (wait := limit.take(cost, clock.monotonic(), reserve=reserve)) > 0.0:
        if wait > patience:
            raise BudgetSpent("The rate limit leaves no room for this request now", wait)
        if clock.stopping:
            raise RateLimited("Stopping: the rate limit leaves no room for this request", wait)
        clock.sleep(wait)
