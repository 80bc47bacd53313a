"""Orders as Coinbase takes them, and its refusals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import optional_text, plain, product_id
from brokers.errors import RequestRefused
from brokers.model import Side

if TYPE_CHECKING:
    from brokers.coinbase.json_fields import JsonObject
    from brokers.model import Market, OrderRequest

# There is no stop-market order here: this is how far below its stop price a stop may still sell.
STOP_ROOM = Decimal("0.05")

_REASON_FIELDS = ("error", "new_order_failure_reason", "preview_failure_reason")


def body_of(request: OrderRequest, market: Market) -> JsonObject:
    """The same request and tick always give the same body: a repeat must not differ from the first."""
    return {"client_order_id": request.client_id, **preview_body_of(request, market)}


def preview_body_of(request: OrderRequest, market: Market) -> JsonObject:
    """What there is to preview of an order: everything but its id."""
    return {
        "product_id": product_id(request.market),
        "side": request.side.value.upper(),
        "order_configuration": _configuration(request, market),
    }


def _configuration(request: OrderRequest, market: Market) -> JsonObject:
    size = {"base_size": plain(request.amount)}
    if request.limit_price is not None:
        price = plain(_on_tick(request.limit_price, market))
        return {"limit_limit_gtc": {**size, "limit_price": price, "post_only": request.post_only}}
    if request.stop_price is None:
        return {"market_market_ioc": size}
    if request.side is not Side.SELL:
        raise RequestRefused("a STOP order sells: Coinbase is not sent a buying one")
    stop = _on_tick(request.stop_price, market)
    limit = _on_tick(stop * (1 - STOP_ROOM), market)
    prices = {"limit_price": plain(limit), "stop_price": plain(stop)}
    return {"stop_limit_stop_limit_gtc": {**size, **prices, "stop_direction": "STOP_DIRECTION_STOP_DOWN"}}


def _on_tick(price: Decimal, market: Market) -> Decimal:
    """The next price down that the market has. Its tick may have grown since `price` was chosen."""
    return max(market.floor_price(price), market.price_step)


def refusal_reason(answer: JsonObject) -> str:
    """The first reason of a refused order that says anything; several fields may hold it and most say UNKNOWN_…."""
    inner = answer.get("error_response")
    fields = inner if isinstance(inner, dict) else {}
    reasons = [optional_text(fields, name) for name in _REASON_FIELDS] + [optional_text(answer, "failure_reason")]
    said = [reason for reason in reasons if reason and not reason.startswith("UNKNOWN_")]
    return said[0] if said else "UNKNOWN_FAILURE_REASON"


def refusal_message(answer: JsonObject) -> str:
    inner = answer.get("error_response")
    fields = inner if isinstance(inner, dict) else {}
    return (optional_text(fields, "message") or optional_text(fields, "error_details"))[:200]
