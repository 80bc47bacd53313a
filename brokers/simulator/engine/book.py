"""The synthetic book around the current price, which each account trades against on its own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import Side
from brokers.simulator.engine.markets import MarketSpec, ceil_to, floor_to

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class DepthProfile:
    """`level_value` is the quote value of the best level; each further level holds `growth` of it more.

    `half_spread` and `gap` are fractions of the price; both are at least one tick.
    """

    levels: int = 25
    level_value: Decimal = Decimal(25_000)
    growth: Decimal = Decimal("0.5")
    half_spread: Decimal = Decimal("0.00005")
    gap: Decimal = Decimal("0.0002")


@dataclass(frozen=True, slots=True)
class Quote:
    """The best prices of a market, if known from elsewhere."""

    bid: Decimal
    ask: Decimal


@dataclass(frozen=True, slots=True)
class BookLevel:
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Book:
    """Best level first on both sides."""

    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]

    def opposite(self, side: Side) -> tuple[BookLevel, ...]:
        """The levels that an order of this side trades against."""
        return self.asks if side is Side.BUY else self.bids


def make_book(spec: MarketSpec, price: Decimal, profile: DepthProfile, quote: Quote | None = None) -> Book:
    """The book at a last price, around `quote` if given; the same prices always give the same book."""
    best = quote or _around(spec, price, profile)
    gap = max(spec.price_step, floor_to(price * profile.gap, spec.price_step))
    asks = (best.ask + gap * step for step in range(profile.levels))
    bids = (best.bid - gap * step for step in range(profile.levels))
    return Book(bids=tuple(_levels(spec, bids, profile)), asks=tuple(_levels(spec, asks, profile)))


def _around(spec: MarketSpec, price: Decimal, profile: DepthProfile) -> Quote:
    half = max(spec.price_step, floor_to(price * profile.half_spread, spec.price_step))
    return Quote(bid=floor_to(price, spec.price_step) - half, ask=ceil_to(price, spec.price_step) + half)


def _levels(spec: MarketSpec, prices: Iterator[Decimal], profile: DepthProfile) -> Iterator[BookLevel]:
    for step, price in enumerate(prices):
        if price <= 0:
            return
        value = profile.level_value * (1 + profile.growth * step)
        amount = max(spec.amount_step, floor_to(value / price, spec.amount_step))
        yield BookLevel(price, amount)
