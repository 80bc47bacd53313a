"""Coinbase's names and NIJA's: the product BTC-USD is the market BTC/USD."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import optional_number, optional_text, rows, text
from brokers.model import ZERO, Market
from brokers.unread_rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.coinbase.json_fields import JsonObject

_CLOSED_BY = ("is_disabled", "trading_disabled", "cancel_only", "view_only", "auction_mode")
_LIMIT_ONLY_BY = ("limit_only", "post_only")


@dataclass(frozen=True, slots=True)
class ProductList:
    """Every spot market by symbol, and by `product:<id>` why other products could not be read."""

    markets: Mapping[str, Market]
    unread: Mapping[str, str]


NO_PRODUCTS = ProductList(MappingProxyType({}), MappingProxyType({}))


def products_of(answer: JsonObject) -> ProductList:
    """Products without increments are left out: their orders could not be rounded."""
    spot = (row for row in rows(answer, "products") if optional_text(row, "product_type") in ("", "SPOT"))
    unread: dict[str, str] = {}
    markets = read_rows(spot, _market, _name, unread)
    priced = {market.symbol: market for market in markets if market.amount_step > ZERO and market.price_step > ZERO}
    return ProductList(priced, unread)


def _name(row: JsonObject) -> str:
    return f"product:{optional_text(row, 'product_id') or 'without an id'}"


def _market(row: JsonObject) -> Market:
    base, quote = text(row, "base_currency_id"), text(row, "quote_currency_id")
    return Market(
        symbol=f"{base}/{quote}",
        base=base,
        quote=quote,
        amount_step=optional_number(row, "base_increment"),
        price_step=optional_number(row, "price_increment") or optional_number(row, "quote_increment"),
        min_amount=optional_number(row, "base_min_size"),
        min_cost=optional_number(row, "quote_min_size"),
        tradable=optional_text(row, "status") in ("", "online") and not _has_any(row, _CLOSED_BY),
        takes_market_orders=not _has_any(row, _LIMIT_ONLY_BY),
    )


def _has_any(row: JsonObject, flags: tuple[str, ...]) -> bool:
    return any(row.get(flag) is True for flag in flags)


def product_id(symbol: str) -> str:
    """BTC-USD for BTC/USD."""
    return symbol.replace("/", "-")


def symbol_of(product: str) -> str:
    return product.replace("-", "/")


def is_spot(product: str) -> bool:
    """Futures and perpetuals have more than two parts, such as BTC-PERP-INTX."""
    return product.count("-") == 1
