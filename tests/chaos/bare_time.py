"""For how long what NIJA bought rested under no stop, by the exchange's books alone.

A position is NIJA's coins of one market. It is bare while what its resting stops would sell is less, by enough to be
ordered at all. What the owner's own orders bind can be protected by nobody and does not count. Times are those of the
exchange's clock; where that was set wrong or right within a span, the span is wrong by as much.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# What is worth less cannot be ordered at all at either exchange, so nothing can protect it.
DUST = Decimal(12)


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` until `end` (Unix seconds) something of a position was bare."""

    account: str
    market: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def after(self, moment: float) -> float:
        """How many of its seconds came after a moment."""
        return max(0.0, self.end - max(self.begin, moment))


@dataclass(frozen=True, slots=True)
class BareTime:
    """`spans`: every one of a run. `after`: of each position that was there after the last fault, its bare seconds."""

    spans: tuple[Span, ...] = ()
    after: tuple[float, ...] = ()


def bare_time(
    state: Mapping[str, Any], calm_since: float, given_up: Mapping[str, float] = MappingProxyType({})
) -> BareTime:
    """`state` is the simulator's, with its "time"; nothing struck after `calm_since` (Unix seconds).

    `given_up`: by position, as `bare_now` names it, the moment from which on it counted as the owner's.
    """
    spans: list[Span] = []
    after: list[float] = []
    for account, books in state["accounts"].items():
        for market, history in _histories(books, state["ownership"][account]).items():
            until = given_up.get(f"{account} {market}", math.inf)
            spells = [(begin, min(end, until)) for begin, end in history.bare(state["time"])]
            found = [Span(account, market, begin, end) for begin, end in spells if end > begin]
            spans += found
            if history.was_held_after(calm_since):
                after.append(sum(span.after(calm_since) for span in found))
    return BareTime(tuple(spans), tuple(after))


def bare_now(state: Mapping[str, Any]) -> list[str]:
    """The positions of which something is bare."""
    return [
        f"{account} {market}"
        for account, books in state["accounts"].items()
        for market, history in _histories(books, state["ownership"][account]).items()
        if history.is_bare(state["time"])
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """The least of these values that so many of them do not exceed; 0 of none."""
    ranked = sorted(values)
    return ranked[math.ceil(share * len(ranked)) - 1] if ranked else 0.0


@dataclass(slots=True)
class _History:
    """How much of one market's base there was, from which moment on: NIJA's, all of it, stopped, bound by the owner."""

    nijas: _Steps
    total: _Steps
    prices: _Steps
    stopped: _Steps
    bound: _Steps

    def bare(self, now: float) -> Iterator[tuple[float, float]]:
        begin: float | None = None
        for moment in self._moments():
            if self.is_bare(moment):
                begin = moment if begin is None else begin
            elif begin is not None:
                yield begin, moment
                begin = None
        if begin is not None:
            yield begin, max(begin, now)

    def is_bare(self, moment: float) -> bool:
        return (self._held(moment) - self.stopped.at(moment)) * self.prices.at(moment) >= DUST

    def was_held_after(self, moment: float) -> bool:
        return any(self._held(at) > ZERO for at in (moment, *self._moments()) if at >= moment)

    def _moments(self) -> Sequence[float]:
        every = (self.nijas, self.total, self.stopped, self.bound)
        return sorted({moment for steps in every for moment in steps.moments})

    def _held(self, moment: float) -> Decimal:
        """What is NIJA's and could be protected, where that is more than dust."""
        held = min(self.nijas.at(moment), self.total.at(moment) - self.bound.at(moment))
        return held if held * self.prices.at(moment) >= DUST else ZERO


@dataclass(slots=True)
class _Steps:
    """A value that changes at moments; 0 before the first."""

    _values: dict[float, Decimal] = field(default_factory=dict)
    _ranked: list[float] | None = None

    @classmethod
    def of(cls, values: Iterable[tuple[float, Decimal]]) -> _Steps:
        return cls(dict(values))

    @classmethod
    def sum_of(cls, changes: Iterable[tuple[float, Decimal]]) -> _Steps:
        by_moment: dict[float, Decimal] = defaultdict(Decimal)
        for moment, change in changes:
            by_moment[moment] += change
        total, values = ZERO, {}
        for moment in sorted(by_moment):
            total += by_moment[moment]
            values[moment] = total
        return cls(values)

    @property
    def moments(self) -> list[float]:
        if self._ranked is None:
            self._ranked = sorted(self._values)
        return self._ranked

    def at(self, moment: float) -> Decimal:
        found = bisect_right(self.moments, moment)
        return self._values[self.moments[found - 1]] if found else ZERO


def _histories(books: Mapping[str, Any], owned: Mapping[str, Any]) -> Mapping[str, _History]:
    """By the markets in which NIJA has ordered."""
    mine = {order["id"] for order in books["orders"] if purpose_of(order["client_id"]) is not None}
    markets = {order["symbol"] for order in books["orders"] if order["id"] in mine}
    return {market: _history(market, books, owned) for market in markets}


def _history(market: str, books: Mapping[str, Any], owned: Mapping[str, Any]) -> _History:
    base = market.partition("/")[0]
    fills = [fill for fill in books["fills"] if fill["symbol"] == market]
    sells = [order for order in books["orders"] if order["symbol"] == market and order["side"] == "sell"]
    stops = [order for order in sells if purpose_of(order["client_id"]) is Purpose.STOP]
    his = [order for order in sells if purpose_of(order["client_id"]) is None and not order["on_margin"]]
    return _History(
        nijas=_Steps.of((moment, Decimal(amount)) for moment, amount in owned["nijas"].get(base, ())),
        total=_Steps.of((row["time"], Decimal(row["balance"])) for row in books["ledger"] if row["currency"] == base),
        prices=_Steps.of((fill["time"], Decimal(fill["price"])) for fill in fills if Decimal(fill["price"])),
        stopped=_Steps.sum_of(change for order in stops for change in _resting(order, fills)),
        bound=_Steps.sum_of(change for order in his for change in _resting(order, fills)),
    )


def _resting(order: Mapping[str, Any], fills: Iterable[Mapping[str, Any]]) -> Iterator[tuple[float, Decimal]]:
    """The changes of what this order would still sell."""
    size = ZERO
    began = order["created"]
    for until, former in order["resized"]:
        yield began, Decimal(former) - size
        began, size = until, Decimal(former)
    yield began, Decimal(order["amount"]) - size
    left = Decimal(order["amount"])
    for fill in fills:
        if fill["order_id"] == order["id"]:
            yield fill["time"], -Decimal(fill["amount"])
            left -= Decimal(fill["amount"])
    if order["closed"] is not None:
        yield order["closed"], -left
