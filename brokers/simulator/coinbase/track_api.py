"""The few paths of Coinbase's older v2 API that general clients such as ccxt read when they load markets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.coinbase.accounts import list_wallets
from brokers.simulator.coinbase.ids import derived
from brokers.simulator.coinbase.text import plain

if TYPE_CHECKING:
    from brokers.simulator.coinbase.face import Answer, CoinbaseCall, CoinbasePrivateCall


def currencies(call: CoinbaseCall) -> Answer:
    """Only government-issued currencies."""
    call.query.only()
    return {"data": [{"id": "USD", "name": "US Dollar", "min_size": "0.01"}]}


def crypto_currencies(call: CoinbaseCall) -> Answer:
    call.query.only()
    return {
        "data": [
            {
                "asset_id": derived("asset", product.spec.base),
                "code": product.spec.base,
                "name": product.base_name,
                "color": "#0052ff",
                "sort_index": index,
                "exponent": 8,
                "type": "crypto",
                "address_regex": "",
            }
            for index, product in enumerate(call.face.products.all)
        ]
    }


def exchange_rates(call: CoinbaseCall) -> Answer:
    call.query.only("currency")
    prices = {product.spec.base: call.face.board.last(product.spec.symbol) for product in call.face.products.all}
    rates = {currency: plain(round(1 / price, 12)) for currency, price in prices.items() if price}
    return {"data": {"currency": "USD", "rates": {"USD": "1", **rates}}}


def accounts(call: CoinbasePrivateCall) -> Answer:
    """Total balances: this API has no holds."""
    limit = call.query.limit(25, 300)
    call.query.only("limit", "order", "starting_after", "ending_before")
    wallets = list_wallets(call)[:limit]
    pagination = {"ending_before": None, "starting_after": None, "limit": limit, "order": "desc", "next_uri": None}
    return {
        "pagination": pagination,
        "data": [
            {
                "id": wallet.uuid,
                "name": f"{wallet.currency} Wallet",
                "primary": True,
                "type": "fiat" if wallet.is_fiat else "wallet",
                "currency": {"code": wallet.currency, "name": wallet.currency, "exponent": 2 if wallet.is_fiat else 8},
                "balance": {"amount": plain(wallet.total), "currency": wallet.currency},
                "allow_deposits": False,
                "allow_withdrawals": False,
            }
            for wallet in wallets
        ],
    }


def server_time(call: CoinbaseCall) -> Answer:
    call.query.only()
    return {"data": {"epoch": int(call.now)}}
