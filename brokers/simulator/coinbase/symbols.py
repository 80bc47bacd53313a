"""The products, with their increments, minimums and maximums."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO
from brokers.simulator.engine.markets import MarketSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

# Coinbase records fractions of a cent; with ten decimals every filled value is exact.
_COST_STEP = Decimal("0.0000000001")


@dataclass(frozen=True, slots=True)
class Product:
    """`spec` has no minimum cost: it applies only to orders by quote amount, with the fee included."""

    spec: MarketSpec
    base_name: str
    quote_increment: Decimal
    quote_min_size: Decimal
    quote_max_size: Decimal
    base_max_size: Decimal
    alias_to: tuple[str, ...]

    @property
    def id(self) -> str:
        return f"{self.spec.base}-{self.spec.quote}"


class Products:
    """All products, by id or symbol."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_symbol = {product.spec.symbol: product for product in products}

    @property
    def all(self) -> tuple[Product, ...]:
        return tuple(self._by_symbol.values())

    def find(self, name: str) -> Product | None:
        return self._by_symbol.get(name.replace("-", "/"))

    def of(self, symbol: str) -> Product:
        return self._by_symbol[symbol]

    def change(self, spec: MarketSpec) -> MarketSpec:
        """Apply other steps or minimums; a minimum cost applies to orders by quote amount, not in the engine."""
        product = self._by_symbol[spec.symbol]
        kept = replace(spec, min_cost=ZERO)
        minimum = spec.min_cost or product.quote_min_size
        self._by_symbol[spec.symbol] = replace(product, spec=kept, quote_min_size=minimum)
        return kept


def offered(symbols: Iterable[str]) -> Products:
    """The products that have prices."""
    known = set(symbols)
    return Products(product for product in _all_products() if product.spec.symbol in known)


def _all_products() -> tuple[Product, ...]:
    return (
        _product("BTC/USD", "Bitcoin", "0.01", "0.00000001", "0.00000001", "3400"),
        _product("ETH/USD", "Ethereum", "0.01", "0.00000001", "0.00000001", "42000"),
        _product("SOL/USD", "Solana", "0.01", "0.00000001", "0.00000001", "340000"),
        _product("ADA/USD", "Cardano", "0.0001", "0.00000001", "0.00000001", "25000000"),
        _product("XRP/USD", "XRP", "0.0001", "0.000001", "0.000001", "20000000"),
        _product("LTC/USD", "Litecoin", "0.01", "0.00000001", "0.00000001", "110000"),
        _product("DOT/USD", "Polkadot", "0.001", "0.00000001", "0.00000001", "2000000"),
        _product("AVAX/USD", "Avalanche", "0.01", "0.00000001", "0.00000001", "450000"),
    )


def _product(symbol: str, name: str, tick: str, increment: str, minimum: str, maximum: str) -> Product:
    base, quote = symbol.split("/")
    spec = MarketSpec(
        symbol=symbol,
        base=base,
        quote=quote,
        amount_step=Decimal(increment),
        price_step=Decimal(tick),
        cost_step=_COST_STEP,
        min_amount=Decimal(minimum),
        min_cost=ZERO,
    )
    return Product(
        spec=spec,
        base_name=name,
        quote_increment=Decimal("0.01"),
        quote_min_size=Decimal(1),
        quote_max_size=Decimal(150_000_000),
        base_max_size=Decimal(maximum),
        alias_to=(f"{base}-USDC",),
    )
