"""The few paths of Coinbase's older v2 API that general clients such as ccxt read when they load markets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.coinbase.ids import derived
from brokers.simulator.coinbase.text import plain

if TYPE_CHECKING:
    from brokers.simulator.coinbase.face import Answer, Call


def currencies(call: Call) -> Answer:
    """Government money only."""
    call.query.only()
    return {"data": [{"id": "USD", "name": "US Dollar", "min_size": "0.01"}]}


def crypto_currencies(call: Call) -> Answer:
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


def exchange_rates(call: Call) -> Answer:
    call.query.only("currency")
    prices = {product.spec.base: call.face.board.last(product.spec.symbol) for product in call.face.products.all}
    rates = {currency: plain(round(1 / price, 12)) for currency, price in prices.items() if price}
    return {"data": {"currency": "USD", "rates": {"USD": "1", **rates}}}


def server_time(call: Call) -> Answer:
    call.query.only()
    return {"data": {"epoch": int(call.now)}}
