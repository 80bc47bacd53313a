"""Owners' orders that NIJA never sends, one of every documented kind, in each exchange's own format."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.model import Exchange
from brokers.simulator.engine.markets import MarketSpec, floor_to

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALTNAMES = {"BTC": "XBT"}
# The value of an order with the largest share.
_VALUE = Decimal(1_000)


def foreign_words(
    exchange: Exchange, spec: MarketSpec, price: Decimal, pick: float, share: Decimal
) -> Mapping[str, Any]:
    """One kind, chosen by `pick` (0 to 1), for `share` of 1000 in quote currency, priced around `price`."""
    make = {Exchange.KRAKEN: _kraken, Exchange.COINBASE: _coinbase}[exchange]
    amount = max(spec.min_amount, floor_to(_VALUE * share / price, spec.amount_step))
    kinds = make(spec, amount, price)
    return kinds[int(pick * len(kinds))]


def _kraken(spec: MarketSpec, amount: Decimal, price: Decimal) -> list[dict[str, Any]]:
    low, high = (_text(floor_to(price * factor, spec.price_step)) for factor in (Decimal("0.7"), Decimal("1.4")))
    volume = _text(amount)
    pair = _ALTNAMES.get(spec.base, spec.base) + _ALTNAMES.get(spec.quote, spec.quote)
    buy, sell = ({"pair": pair, "type": side, "volume": volume} for side in ("buy", "sell"))
    return [
        {**sell, "ordertype": "trailing-stop", "price": "+15%"},
        {**sell, "ordertype": "trailing-stop-limit", "price": "+15%", "price2": "-10.0"},
        {**sell, "ordertype": "take-profit", "price": high},
        {**sell, "ordertype": "take-profit-limit", "price": high, "price2": high},
        {**sell, "ordertype": "stop-loss-limit", "price": low, "price2": low, "trigger": "index"},
        {**sell, "ordertype": "iceberg", "price": high, "displayvol": volume},
        {**buy, "ordertype": "limit", "price": low, "timeinforce": "GTD", "expiretm": "+600"},
        {**buy, "ordertype": "limit", "price": low, "close": {"ordertype": "take-profit", "price": high}},
        {**buy, "ordertype": "limit", "price": low, "leverage": "5", "userref": "-7"},
        {**buy, "ordertype": "market", "leverage": "3"},
    ]


def _coinbase(spec: MarketSpec, amount: Decimal, price: Decimal) -> list[dict[str, Any]]:
    low, high = (_text(floor_to(price * factor, spec.price_step)) for factor in (Decimal("0.7"), Decimal("1.4")))
    size = _text(amount)
    up, part = {"stop_direction": "STOP_DIRECTION_STOP_UP"}, _text(floor_to(amount / 2, spec.amount_step))
    configurations: list[tuple[str, str, dict[str, Any]]] = [
        ("SELL", "trigger_bracket_gtc", {"base_size": size, "limit_price": high, "stop_trigger_price": low}),
        ("SELL", "limit_limit_gtc", {"base_size": size, "limit_price": high, "post_only": True}),
        ("BUY", "stop_limit_stop_limit_gtc", {"base_size": size, "limit_price": high, "stop_price": high, **up}),
        (
            "BUY",
            "twap_limit_gtd",
            {
                "base_size": size,
                "limit_price": low,
                "start_time": "2026-01-01T00:00:00Z",
                "end_time": "2100-01-01T00:00:00Z",
                "number_buckets": "10",
                "bucket_size": part,
                "bucket_duration": "300s",
            },
        ),
        (
            "BUY",
            "scaled_limit_gtc",
            {
                "base_size": size,
                "num_orders": 2,
                "min_price": low,
                "max_price": low,
                "price_distribution": "FLAT",
                "size_distribution": "EVENLY_SPLIT",
                "orders": [{"base_size": part, "limit_price": low, "post_only": False}] * 2,
            },
        ),
    ]
    return [
        {"product_id": spec.symbol.replace("/", "-"), "side": side, "order_configuration": {name: fields}}
        for side, name, fields in configurations
    ]


def _text(number: Decimal) -> str:
    return format(number, "f")
