"""Which handler answers which path, and the permission it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from brokers.simulator.coinbase import accounts, history, market_data, orders, track_api

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.simulator.coinbase.face import Answer, CoinbaseCall, CoinbasePrivateCall

V3 = "/api/v3/brokerage"
V2 = "/v2"


class Right(Enum):
    """A permission of a key."""

    VIEW = "view"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class PublicEndpoint:
    method: str
    path: str
    handler: Callable[[CoinbaseCall], Answer]


@dataclass(frozen=True, slots=True)
class PrivateEndpoint:
    method: str
    path: str
    handler: Callable[[CoinbasePrivateCall], Answer]
    right: Right


def _view(path: str, handler: Callable[[CoinbasePrivateCall], Answer], method: str = "GET") -> PrivateEndpoint:
    return PrivateEndpoint(method, V3 + path, handler, Right.VIEW)


def _trade(path: str, handler: Callable[[CoinbasePrivateCall], Answer]) -> PrivateEndpoint:
    return PrivateEndpoint("POST", V3 + path, handler, Right.TRADE)


PRIVATE = (
    _view("/key_permissions", accounts.key_permissions),
    _view("/accounts", accounts.list_accounts),
    _view("/accounts/{account_uuid}", accounts.get_account),
    _view("/portfolios", accounts.list_portfolios),
    _view("/portfolios/{portfolio_uuid}", accounts.get_portfolio),
    _view("/transaction_summary", accounts.transaction_summary),
    _view("/payment_methods", accounts.payment_methods),
    _view("/products", market_data.list_products),
    _view("/products/{product_id}", market_data.get_product),
    _view("/products/{product_id}/candles", market_data.candles),
    _view("/products/{product_id}/ticker", market_data.ticker),
    _view("/best_bid_ask", market_data.best_bid_ask),
    _view("/product_book", market_data.product_book),
    _view("/orders/historical/batch", history.list_orders),
    _view("/orders/historical/fills", history.list_fills),
    _view("/orders/historical/{order_id}", history.get_order),
    _view("/orders/preview", orders.preview_order, "POST"),
    _view("/orders/edit_preview", orders.edit_preview, "POST"),
    PrivateEndpoint("GET", f"{V2}/accounts", track_api.accounts, Right.VIEW),
    _trade("/orders", orders.create_order),
    _trade("/orders/batch_cancel", orders.batch_cancel),
    _trade("/orders/edit", orders.edit_order),
)
PUBLIC = (
    PublicEndpoint("GET", f"{V3}/time", market_data.server_time),
    PublicEndpoint("GET", f"{V3}/market/products", market_data.list_products),
    PublicEndpoint("GET", f"{V3}/market/products/{{product_id}}", market_data.get_product),
    PublicEndpoint("GET", f"{V3}/market/products/{{product_id}}/candles", market_data.candles),
    PublicEndpoint("GET", f"{V3}/market/products/{{product_id}}/ticker", market_data.ticker),
    PublicEndpoint("GET", f"{V3}/market/product_book", market_data.product_book),
    PublicEndpoint("GET", f"{V2}/currencies", track_api.currencies),
    PublicEndpoint("GET", f"{V2}/currencies/crypto", track_api.crypto_currencies),
    PublicEndpoint("GET", f"{V2}/exchange-rates", track_api.exchange_rates),
    PublicEndpoint("GET", f"{V2}/time", track_api.server_time),
)
