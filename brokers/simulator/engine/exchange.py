"""What the parts of an engine share: the exchange's markets, rules and state."""

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


_NOTICE_TIME = 300.0


@dataclass(frozen=True, slots=True)
class Ids:
    """Generators of this exchange's ids; every call returns a new one."""

    order: Callable[[], str]
    fill: Callable[[], str]
    ledger: Callable[[], str]


@dataclass(slots=True, eq=False)
class SimulatedExchange:
    """`mode` is the whole exchange's, `market_modes` are single markets'. `max_open_orders` is per account and market.

    `kept_orders` is how many ended orders of an account it remembers, None for all. `quotes` are best prices by
    market; without one, a market's book is centred on its last price.
    """

    markets: dict[str, MarketSpec]
    board: PriceBoard
    clock: Clock
    ids: Ids
    depth: DepthProfile = field(default_factory=DepthProfile)
    max_open_orders: int = 80
    kept_orders: int | None = None
    mode: Mode = Mode.ONLINE
    market_modes: dict[str, Mode] = field(default_factory=dict)
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    _changed: dict[str, float] = field(default_factory=dict)
    _books: dict[str, tuple[Decimal, Quote | None, Book]] = field(default_factory=dict)

    def spec(self, symbol: str) -> MarketSpec:
        """Raises RefusedError if the market is not listed."""
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
        """Whether a resting order can fill or trigger now."""
        mode = self.mode_of(order.symbol)
        return mode.trades and (mode is not Mode.LIMIT_ONLY or order.kind.ends_as_limit) and not order.ticket.idle

    def change_market(self, spec: MarketSpec) -> None:
        """Apply other steps or minimums; resting orders stay."""
        self.markets[spec.symbol] = spec
        self._books.pop(spec.symbol, None)
        self.note_change(spec.symbol)

    def note_change(self, symbol: str) -> None:
        self._changed[symbol] = self.clock.time()

    def changed_lately(self, symbol: str) -> bool:
        """Whether this market changed so recently that a client may not have noticed yet."""
        changed = self._changed.get(symbol)
        return changed is not None and self.clock.time() - changed < _NOTICE_TIME

    def book(self, symbol: str) -> Book:
        """The whole book at the last price, before anything was taken from it."""
        price, quote = self.price(symbol), self.quotes.get(symbol)
        known = self._books.get(symbol)
        if known is None or known[:2] != (price, quote):
            known = (price, quote, make_book(self.spec(symbol), price, self.depth, quote))
            self._books[symbol] = known
        return known[2]
