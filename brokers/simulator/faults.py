"""Faults injected between a client and the exchange.

A fault is matched against each request by exchange, endpoint (a glob over `AddOrder` or `POST /orders`) and
account. Network faults are injected by the middleware, for both faces; the others are read by a face from the
context of its request and expressed in its exchange's own terms.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase


class FaultKind(StrEnum):
    """In brackets: the field used."""

    DELAY_BEFORE = "delay_before"  # waits before acting [seconds]
    DELAY_AFTER = "delay_after"  # acts, then waits [seconds]
    DROP_BEFORE = "drop_before"  # closes the connection and does not act
    DROP_AFTER = "drop_after"  # acts, and closes the connection without an answer
    ERROR_BEFORE = "error_before"  # an HTML page instead of acting [status]
    ERROR_AFTER = "error_after"  # acts, and answers with an HTML page [status]
    RESET = "reset"  # acts, and resets the connection in the middle of the answer
    TRUNCATE = "truncate"  # acts, and sends half of the answer as if it were whole
    HANG = "hang"  # silent, then closes the connection without acting [seconds]
    SLOW_BODY = "slow_body"  # acts, and sends the answer in many small pieces [seconds]

    REFUSE_NONCE = "refuse_nonce"
    RATE_LIMIT = "rate_limit"
    REFUSE_KEY = "refuse_key"
    REVOKE_PERMISSION = "revoke_permission"
    LOCKOUT = "lockout"
    UNAVAILABLE_BEFORE = "unavailable_before"  # the exchange says it is busy, and did not act
    UNAVAILABLE_AFTER = "unavailable_after"  # the exchange says it is busy, and did act
    EMPTY_RESULT = "empty_result"  # acts, and answers without a result
    LATE_VISIBLE = "late_visible"  # an order is accepted but cannot be found yet [seconds]
    LATE_FAIL = "late_fail"  # an order is accepted and later reported as failed [seconds]
    BALANCE_LAG = "balance_lag"  # balances stay unchanged after a fill [seconds]
    SLOW_CANCEL = "slow_cancel"  # a cancellation is accepted and done later [seconds]
    CLOCK_OFFSET = "clock_offset"  # the exchange's time is off [seconds]
    DUPLICATE_FILLS = "duplicate_fills"  # fills are listed out of order, and again on the next page


@dataclass(frozen=True, slots=True)
class Fault:
    """`count` is how many more times it strikes, None for no limit; `skip` lets the first matches pass.

    `since` and `until` are the wall times between which it is active.
    `account` is `kraken:master`; each pattern is a glob.
    """

    kind: FaultKind
    exchange: str = "*"
    endpoint: str = "*"
    account: str = "*"
    count: int | None = None
    probability: float = 1.0
    seconds: float = 0.0
    status: int = 502
    skip: int = 0
    since: float | None = None
    until: float | None = None

    def matches(self, exchange: str, endpoint: str, account: str) -> bool:
        return (
            fnmatchcase(exchange, self.exchange)
            and fnmatchcase(endpoint, self.endpoint)
            and fnmatchcase(account, self.account)
        )


@dataclass(slots=True, eq=False)
class FaultPlan:
    """The active faults. The same seed and requests produce the same faults."""

    seed: int = 1
    faults: list[Fault] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(self.seed)  # noqa: S311  a schedule of faults must be repeatable

    def add(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def clear(self) -> None:
        self.faults.clear()

    def take(self, exchange: str, endpoint: str, account: str, now: float) -> tuple[Fault, ...]:
        """The faults that strike this request; each is counted down by one."""
        struck: list[Fault] = []
        kept: list[Fault] = []
        for fault in self.faults:
            if fault.until is not None and now >= fault.until:
                continue
            left: Fault | None = fault
            if now >= (fault.since or 0.0) and fault.matches(exchange, endpoint, account):
                hit, left = self._strike(fault)
                if hit:
                    struck.append(fault)
                    self.injected[fault.kind.value] += 1
            if left is not None:
                kept.append(left)
        self.faults = kept
        return tuple(struck)

    def _strike(self, fault: Fault) -> tuple[bool, Fault | None]:
        if fault.skip > 0:
            return False, replace(fault, skip=fault.skip - 1)
        if self._rng.random() >= fault.probability:
            return False, fault
        if fault.count is None:
            return True, fault
        return True, replace(fault, count=fault.count - 1) if fault.count > 1 else None
