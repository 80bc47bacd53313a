"""Kraken's three limits: calls per key, orders per account and pair, public calls per IP address.

All of them decay lazily: a counter is updated when it is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.simulator.config import Limits, Tier

if TYPE_CHECKING:
    from brokers.clock import Clock

_REST = {Tier.STARTER: (15.0, 0.33), Tier.INTERMEDIATE: (20.0, 0.5), Tier.PRO: (20.0, 1.0)}
_ENGINE = {Tier.STARTER: (60.0, 1.0), Tier.INTERMEDIATE: (125.0, 2.34), Tier.PRO: (180.0, 3.75)}
MAX_OPEN_ORDERS = {Tier.STARTER: 60, Tier.INTERMEDIATE: 80, Tier.PRO: 225}

_AGES = (5, 10, 15, 45, 90, 300)
_AMEND = (3, 2, 1, 0, 0, 0)
_EDIT = (6, 5, 4, 2, 1, 0)
_CANCEL = (8, 6, 5, 4, 2, 1)

# Endpoints charged only by the engine's counter, and those that cost more than one.
_FREE = frozenset(
    {"AddOrder", "CancelOrder", "AmendOrder", "EditOrder", "AddOrderBatch", "CancelOrderBatch"},
)
_HISTORY = frozenset({"Ledgers", "QueryLedgers", "TradesHistory", "QueryTrades"})


@dataclass(slots=True)
class Decaying:
    """`level` falls by `decay` per second of the wall clock, never below 0."""

    maximum: float
    decay: float
    level: float = 0.0
    moment: float | None = None

    def settle(self, now: float) -> float:
        if self.moment is not None:
            self.level = max(0.0, self.level - self.decay * max(0.0, now - self.moment))
        self.moment = now
        return self.level

    def charge(self, cost: float, now: float) -> bool:
        """Add a cost even if it does not fit; returns whether it did. The level is capped, as bans are."""
        fits = self.settle(now) + cost <= self.maximum
        self.level = min(self.level + cost, self.maximum + cost)
        return fits


def call_cost(method: str, limits: Limits) -> float:
    if method in _FREE:
        return 0.0
    return limits.history_cost if method in _HISTORY else 1.0


def amend_cost(age: float) -> float:
    return 1 + _by_age(_AMEND, age)


def edit_cost(age: float) -> float:
    return 1 + _by_age(_EDIT, age)


def cancel_cost(age: float) -> float:
    return _by_age(_CANCEL, age)


def _by_age(costs: tuple[int, ...], age: float) -> float:
    return float(next((cost for limit, cost in zip(_AGES, costs, strict=True) if age < limit), 0))


@dataclass(slots=True, eq=False)
class Counters:
    """Every method returns whether the call fits its limit; it is charged either way."""

    limits: Limits
    clock: Clock
    calls: dict[str, Decaying] = field(default_factory=dict)
    orders: dict[tuple[str, str], Decaying] = field(default_factory=dict)
    peers: dict[str, Decaying] = field(default_factory=dict)

    def call(self, key: str, method: str) -> bool:
        maximum, decay = _REST[self.limits.tier]
        return self._charge(self.calls, key, call_cost(method, self.limits), maximum, decay) or not self.limits.private

    def order(self, owner: str, symbol: str, cost: float) -> bool:
        maximum, decay = _ENGINE[self.limits.tier]
        counter = self.orders.setdefault((owner, symbol), Decaying(maximum, decay))
        return counter.charge(cost, self.clock.time()) or not self.limits.private

    def public(self, peer: str) -> bool:
        burst, rate = float(self.limits.public_burst), self.limits.public_per_second
        return self._charge(self.peers, peer, 1.0, burst, rate) or not self.limits.public

    def _charge(self, counters: dict[str, Decaying], key: str, cost: float, maximum: float, decay: float) -> bool:
        return counters.setdefault(key, Decaying(maximum, decay)).charge(cost, self.clock.time())
