"""What the parts of an engine share: the venue's markets and rules, and the state that all of them see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.simulator.engine.book import Book, DepthProfile, Quote, make_book
from brokers.simulator.engine.markets import MarketSpec, Mode
from brokers.simulator.engine.refusals import Refusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.simulator.engine.board import PriceBoard


@dataclass(frozen=True, slots=True)
class Ids:
    """How ids of this exchange are made; every call gives a new one."""

    order: Callable[[], str]
    fill: Callable[[], str]
    ledger: Callable[[], str]


@dataclass(slots=True, eq=False)
class Venue:
    """`mode` is the whole exchange's, `market_modes` single markets'. `max_open_orders` is per account and market.

    `quotes` are best prices by market; the book of one without lies around its last price.
    """

    markets: Mapping[str, MarketSpec]
    board: PriceBoard
    clock: Clock
    ids: Ids
    depth: DepthProfile = field(default_factory=DepthProfile)
    max_open_orders: int = 80
    mode: Mode = Mode.ONLINE
    market_modes: dict[str, Mode] = field(default_factory=dict)
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    _books: dict[str, tuple[Decimal, Quote | None, Book]] = field(default_factory=dict)

    def spec(self, symbol: str) -> MarketSpec:
        """Raises RefusedError where the market is not listed."""
        spec = self.markets.get(symbol)
        if spec is None:
            raise RefusedError(Refusal.UNKNOWN_MARKET, symbol)
        return spec

    def price(self, symbol: str) -> Decimal:
        """Raises RefusedError before the first tick."""
        price = self.board.last(symbol)
        if price is None:
            raise RefusedError(Refusal.NO_PRICE, symbol)
        return price

    def mode_of(self, symbol: str) -> Mode:
        return self.mode if self.mode is not Mode.ONLINE else self.market_modes.get(symbol, Mode.ONLINE)

    def is_matching(self, symbol: str) -> bool:
        """Whether orders of a market can fill, wake up or be changed now."""
        return self.mode_of(symbol) not in (Mode.CANCEL_ONLY, Mode.MAINTENANCE)

    def book(self, symbol: str) -> Book:
        """The whole book at the last price, before what any account took of it."""
        price, quote = self.price(symbol), self.quotes.get(symbol)
        known = self._books.get(symbol)
        if known is None or known[:2] != (price, quote):
            known = (price, quote, make_book(self.spec(symbol), price, self.depth, quote))
            self._books[symbol] = known
        return known[2]
