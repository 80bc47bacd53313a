"""State shared by the handlers of the Coinbase face, and the call they handle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brokers.simulator.coinbase.errors import not_found, permission_denied
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.clock import SimulatedClock
    from brokers.simulator.coinbase.arguments import Fields, Query
    from brokers.simulator.coinbase.auth import CoinbaseKeyRing, CoinbaseKeyState
    from brokers.simulator.coinbase.limits import RequestLimits
    from brokers.simulator.coinbase.symbols import Product, Products
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.engine.orders import EngineOrder
    from brokers.simulator.records import Records, RequestContext


@dataclass(frozen=True, slots=True)
class Edit:
    """One accepted edit of an order, as it was sent."""

    price: str
    size: str
    time: float


@dataclass(slots=True, eq=False)
class OrderMemory:
    """State besides the engine's books: the order id of each client order id, and edits."""

    by_client_id: dict[tuple[str, str], str] = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=dict)

    def forget(self, order: EngineOrder) -> None:
        self.edits.pop(order.id, None)
        self.by_client_id.pop((order.owner, order.client_id or ""), None)


@dataclass(frozen=True, slots=True)
class CoinbaseFace:
    engine: Engine
    products: Products
    keys: CoinbaseKeyRing
    limits: RequestLimits
    records: Records
    clock: SimulatedClock
    memory: OrderMemory = field(default_factory=OrderMemory)

    @property
    def board(self) -> PriceBoard:
        return self.engine.exchange.board

    def on_offer(self) -> list[Product]:
        return [product for product in self.products.all if not self._is_away(product)]

    def find(self, product_id: str) -> Product | None:
        """A listed product by its id."""
        product = self.products.find(product_id) if "-" in product_id else None
        return None if product is None or self._is_away(product) else product

    def product(self, product_id: str) -> Product:
        product = self.find(product_id)
        if product is None:
            raise not_found("valid product_id is required")
        return product

    def _is_away(self, product: Product) -> bool:
        return self.engine.exchange.market_modes.get(product.spec.symbol) is Mode.AWAY


@dataclass(frozen=True, slots=True)
class CoinbaseCall:
    """One request: its query, its body, and the ids in its path."""

    face: CoinbaseFace
    context: RequestContext
    query: Query
    body: Fields
    path: Mapping[str, str]

    @property
    def now(self) -> float:
        """The exchange's time in Unix seconds."""
        return self.face.clock.time() + self.seconds(FaultKind.CLOCK_OFFSET)

    def seconds(self, kind: FaultKind) -> float:
        """The seconds of the fault of this kind for this request; 0 without one."""
        fault = self.context.fault(kind)
        return fault.seconds if fault else 0.0


@dataclass(frozen=True, slots=True)
class CoinbasePrivateCall(CoinbaseCall):
    key: CoinbaseKeyState
    account: Account

    def own_portfolio(self, named: str) -> None:
        """Refuse a portfolio other than the key's own. Raises ApiError."""
        if named and named != self.key.portfolio:
            raise permission_denied("User does not have access to portfolio")

    def visible_orders(self) -> list[EngineOrder]:
        """Newest first, without orders that cannot be found yet."""
        now = self.face.clock.time()
        return [order for order in reversed(self.account.orders.values()) if order.visible_from <= now]


Answer = dict[str, Any]
