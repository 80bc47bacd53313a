"""What buy and hold would have made: the comparison that shows whether trading was worth it.

Only prices that the journal knows count: those of NIJA's fills, and the bids kept with each day of the equity.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from nija.risk.returns import ONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from brokers.model import Fill
    from nija.journal.records import EquityDay

# A price of another moment says nothing of a period's first or last day.
_NEAR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class KnownPrice:
    time: datetime
    price: Decimal


@dataclass(frozen=True, slots=True)
class KnownPrices:
    """By market, oldest first; only from NIJA's first purchase in that market on."""

    by_market: Mapping[str, tuple[KnownPrice, ...]]

    def market_rate(self, market: str) -> Decimal | None:
        """From NIJA's first purchase to the last known price, as a fraction; None if only one price is known."""
        known = self.by_market.get(market, ())
        return known[-1].price / known[0].price - ONE if len(known) > 1 else None

    def rate(self) -> Decimal | None:
        """Of equal parts of every market, each from NIJA's first purchase; None if one of them is unknown."""
        return _mean([self.market_rate(market) for market in self.by_market])

    def rate_between(self, since: datetime, until: datetime) -> Decimal | None:
        """Of equal parts of every market that NIJA had bought until then; None if one of them is unknown."""
        markets = [known for known in self.by_market.values() if known[0].time < until]
        return _mean([_rate_between(known, since, until) for known in markets])


def known_prices(fills: Iterable[Fill], days: Iterable[EquityDay]) -> KnownPrices:
    found: dict[str, list[KnownPrice]] = {}
    first: dict[str, datetime] = {}
    for fill in fills:
        if fill.side is Side.BUY:
            first.setdefault(fill.market, fill.time)
        found.setdefault(fill.market, []).append(KnownPrice(fill.time, fill.price))
    for day in days:
        for market, bid in day.prices.items():
            found.setdefault(market, []).append(KnownPrice(day.updated, bid))
    return KnownPrices(
        {
            market: tuple(sorted((one for one in found[market] if one.time >= begun), key=lambda one: one.time))
            for market, begun in first.items()
        }
    )


def _rate_between(known: tuple[KnownPrice, ...], since: datetime, until: datetime) -> Decimal | None:
    times = [one.time for one in known]
    before, after = bisect_left(times, since), bisect_left(times, until)
    start = known[before - 1] if before else known[0]
    is_near = before == 0 or since - start.time <= _NEAR
    end = known[max(after, bisect_right(times, start.time)) - 1]
    is_whole = after == len(known) or until - end.time <= _NEAR
    if not is_near or not is_whole or end.time <= start.time:
        return None
    return end.price / start.price - ONE


def _mean(parts: list[Decimal | None]) -> Decimal | None:
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    return sum(known, ZERO) / Decimal(len(known))
