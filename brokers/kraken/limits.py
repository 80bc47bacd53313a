"""Kraken's documented rate limits (guides/spot-rest-ratelimits, guides/spot-ratelimits), counted by NIJA."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.throttle import DecayingCounter

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where the official pages disagree on a cost, the higher number is used.
_REST_COSTS = {
    "OpenOrders": 2.0,
    "ClosedOrders": 2.0,
    "TradesHistory": 4.0,
    "Ledgers": 4.0,
}
# The matching engine counts these; they cost nothing on the REST counter.
_ENGINE_METHODS = frozenset({"AddOrder", "AmendOrder", "CancelOrder"})
# Bookkeeping calls keep 4 points in reserve for order look-ups, stops and sales, and fail fast instead of blocking, as
# a blocked caller protects nothing meanwhile. The same goes for every further page of a history.
_RESERVE = 4.0
_BOOKKEEPING = frozenset({"TradesHistory", "Ledgers", "BalanceEx", "TradeVolume"})

_AMEND_BY_AGE = ((5.0, 3.0), (10.0, 2.0), (15.0, 1.0))
_CANCEL_BY_AGE = ((5.0, 8.0), (10.0, 6.0), (15.0, 5.0), (45.0, 4.0), (90.0, 2.0), (300.0, 1.0))
_OLD = 300.0

ADD_COST = 1.0


@dataclass(frozen=True, slots=True)
class KrakenTier:
    """`entry_reserve` is the engine capacity that entries leave to stops and cancels."""

    rest_maximum: float
    rest_decay: float
    engine_maximum: float
    engine_decay: float
    entry_reserve: float = 20.0


TIERS = {
    "starter": KrakenTier(15.0, 0.33, 60.0, 1.0),
    "intermediate": KrakenTier(20.0, 0.5, 125.0, 2.34),
    "pro": KrakenTier(20.0, 1.0, 180.0, 3.75),
}


def rest_cost(method: str) -> float:
    return 0.0 if method in _ENGINE_METHODS else _REST_COSTS.get(method, 1.0)


def rest_reserve(method: str, params: Mapping[str, str]) -> float:
    return _RESERVE if method in _BOOKKEEPING or _is_next_page(params) else 0.0


def rest_patience(method: str, params: Mapping[str, str]) -> float:
    """The longest acceptable wait for capacity, in seconds."""
    return 0.0 if method in _BOOKKEEPING or _is_next_page(params) else math.inf


def _is_next_page(params: Mapping[str, str]) -> bool:
    return "end" in params or "ofs" in params


def amend_cost(age: float) -> float:
    """`age` is in seconds since the order was created or last amended."""
    return 1.0 + _by_age(_AMEND_BY_AGE, age)


def cancel_cost(age: float) -> float:
    return _by_age(_CANCEL_BY_AGE, age)


def _by_age(table: tuple[tuple[float, float], ...], age: float) -> float:
    return next((cost for limit, cost in table if age < limit), 0.0)


class EngineCounters:
    """The matching engine's counters of one account, one per market, and the ages of its recent orders."""

    def __init__(self, tier: KrakenTier) -> None:
        self._tier = tier
        self._counters: dict[str, DecayingCounter] = {}
        self._recent: dict[str, tuple[str, float]] = {}

    @property
    def entry_reserve(self) -> float:
        return self._tier.entry_reserve

    def counter(self, market: str) -> DecayingCounter:
        return self._counters.setdefault(market, DecayingCounter(self._tier.engine_maximum, self._tier.engine_decay))

    def touched(self, exchange_id: str, market: str, moment: float) -> None:
        """The order was created or amended at `moment` (monotonic seconds)."""
        self._recent = {known: (pair, at) for known, (pair, at) in self._recent.items() if moment - at < _OLD}
        known = self._recent.get(exchange_id)
        if known is None or known[1] < moment:
            self._recent[exchange_id] = (market, moment)

    def age(self, exchange_id: str, now: float) -> float:
        """In seconds; an order not seen recently counts as old."""
        known = self._recent.get(exchange_id)
        return _OLD if known is None else max(0.0, now - known[1])

    def market_of(self, exchange_id: str) -> str | None:
        """None if the order is not recent: cancelling it costs nothing."""
        known = self._recent.get(exchange_id)
        return None if known is None else known[0]
