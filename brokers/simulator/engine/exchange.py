"""What the parts of an engine share: the venue's markets and rules, and the state that all of them see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.simulator.engine.book import Book, DepthProfile, Quote, make_book
from brokers.simulator.engine.markets import MarketSpec, Mode
from brokers.simulator.engine.refusals import EngineRefusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.engine.orders import EngineOrder


_NOTICED_WITHIN = 300.0


@dataclass(frozen=True, slots=True)
class Ids:
    """How ids of this exchange are made; every call gives a new one."""

    order: Callable[[], str]
    fill: Callable[[], str]
    ledger: Callable[[], str]


@dataclass(slots=True, eq=False)
class SimulatedExchange:
    """`mode` is the whole exchange's, `market_modes` single markets'. `max_open_orders` is per account and market.

    `quotes` are best prices by market; the book of one without lies around its last price.
    """

    markets: dict[str, MarketSpec]
    board: PriceBoard
    clock: Clock
    ids: Ids
    depth: DepthProfile = field(default_factory=DepthProfile)
    max_open_orders: int = 80
    mode: Mode = Mode.ONLINE
    market_modes: dict[str, Mode] = field(default_factory=dict)
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    _changed: dict[str, float] = field(default_factory=dict)
    _books: dict[str, tuple[Decimal, Quote | None, Book]] = field(default_factory=dict)

    def spec(self, symbol: str) -> MarketSpec:
        """Raises RefusedError where the market is not listed."""
        spec = self.markets.get(symbol)
        if spec is None:
            raise RefusedError(EngineRefusal.UNKNOWN_MARKET, symbol)
        return spec

    def price(self, symbol: str) -> Decimal:
        """Raises RefusedError before the first tick."""
        price = self.board.last(symbol)
        if price is None:
            raise RefusedError(EngineRefusal.NO_PRICE, symbol)
        return price

    def mode_of(self, symbol: str) -> Mode:
        return self.mode if self.mode is not Mode.ONLINE else self.market_modes.get(symbol, Mode.ONLINE)

    def may_fill(self, order: EngineOrder) -> bool:
        """Whether a resting order can fill or wake up now."""
        mode = self.mode_of(order.symbol)
        return mode.trades and (mode is not Mode.LIMIT_ONLY or order.kind.ends_as_limit) and not order.ticket.idle

    def change_market(self, spec: MarketSpec) -> None:
        """From now on other steps or minimums; what rests goes on resting."""
        self.markets[spec.symbol] = spec
        self._books.pop(spec.symbol, None)
        self.note_change(spec.symbol)

    def note_change(self, symbol: str) -> None:
        self._changed[symbol] = self.clock.time()

    def changed_lately(self, symbol: str) -> bool:
        """Whether a client that reads the markets now and then may not know yet how this one has become."""
        changed = self._changed.get(symbol)
        return changed is not None and self.clock.time() - changed < _NOTICED_WITHIN

    def book(self, symbol: str) -> Book:
        """The whole book at the last price, before what any account took of it."""
        price, quote = self.price(symbol), self.quotes.get(symbol)
        known = self._books.get(symbol)
        if known is None or known[:2] != (price, quote):
            known = (price, quote, make_book(self.spec(symbol), price, self.depth, quote))
            self._books[symbol] = known
        return known[2]
