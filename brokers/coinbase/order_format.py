"""Orders as Coinbase writes them, in both directions."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.coinbase.wire import (
    moment,
    number,
    optional_moment,
    optional_number,
    optional_text,
    plain,
    product_id,
    symbol_of,
    text,
)
from brokers.errors import RequestRefused
from brokers.model import ZERO, Order, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from datetime import datetime

    from brokers.coinbase.wire import JsonObject
    from brokers.model import Market, OrderRequest

# There is no stop-market order here: this is how far below its stop price a stop may still sell.
STOP_ROOM = Decimal("0.05")

# Whatever else the exchange may say, an order is not over until it says one of the final words.
_STATUS = {
    "OPEN": OrderStatus.OPEN,
    "CANCEL_QUEUED": OrderStatus.OPEN,
    "EDIT_QUEUED": OrderStatus.OPEN,
    "FILLED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELLED,
    "EXPIRED": OrderStatus.EXPIRED,
    "FAILED": OrderStatus.REJECTED,
}
_REASON_FIELDS = ("error", "new_order_failure_reason", "preview_failure_reason")
_TRANSIENT = ("COMMANDER_REJECTED_NEW_ORDER", "ORDER_ENTRY_DISABLED")
_TRANSIENT_ENDS = ("NO_LIQUIDITY", "NOT_ALLOWED_BY_MARKET_STATE")


def body_of(request: OrderRequest, market: Market) -> JsonObject:
    """The same request and tick always give the same body: a repeat must not differ from the first."""
    return {
        "client_order_id": request.client_id,
        "product_id": product_id(request.market),
        "side": request.side.value.upper(),
        "order_configuration": _configuration(request, market),
    }


def _configuration(request: OrderRequest, market: Market) -> JsonObject:
    size = {"base_size": plain(request.amount)}
    if request.limit_price is not None:
        price = plain(request.limit_price)
        return {"limit_limit_gtc": {**size, "limit_price": price, "post_only": request.post_only}}
    if request.stop_price is None:
        return {"market_market_ioc": size}
    if request.side is not Side.SELL:
        raise RequestRefused("a STOP order sells: Coinbase is not sent a buying one")
    limit = max(market.floor_price(request.stop_price * (1 - STOP_ROOM)), market.price_step)
    prices = {"limit_price": plain(limit), "stop_price": plain(request.stop_price)}
    return {"stop_limit_stop_limit_gtc": {**size, **prices, "stop_direction": "STOP_DIRECTION_STOP_DOWN"}}


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


def is_transient(reason: str) -> bool:
    """Whether the same order might have been accepted a moment earlier or later."""
    return reason in _TRANSIENT or reason.endswith(_TRANSIENT_ENDS)


def order_of(fields: JsonObject) -> Order:
    name, terms = _terms(fields)
    status = _STATUS.get(optional_text(fields, "status"), OrderStatus.PENDING)
    filled = number(fields, "filled_size")
    return Order(
        exchange_id=text(fields, "order_id"),
        client_id=optional_text(fields, "client_order_id") or None,
        market=symbol_of(text(fields, "product_id")),
        side=Side.BUY if text(fields, "side") == "BUY" else Side.SELL,
        type=_type(name),
        status=status,
        # An order by someone else may be sized in quote money: then what filled is all that is known in base.
        amount=optional_number(terms, "base_size") or filled,
        filled=filled,
        average_price=_average_price(fields, filled),
        fee=optional_number(fields, "total_fees") or optional_number(fields, "fee"),
        created=moment(fields, "created_time"),
        closed=_closed(fields, status),
        limit_price=optional_number(terms, "limit_price") or None,
        stop_price=optional_number(terms, "stop_price") or optional_number(terms, "stop_trigger_price") or None,
        reason=_end_reason(fields),
    )


def _terms(fields: JsonObject) -> tuple[str, JsonObject]:
    """The kind of order and its sizes and prices; both empty where the exchange leaves them out."""
    configuration = fields.get("order_configuration")
    if isinstance(configuration, dict):
        for name, terms in configuration.items():
            if isinstance(terms, dict):
                return name, terms
    return "", {}


def _type(name: str) -> OrderType:
    """Kinds that NIJA never sends (brackets, TWAP) are told as the limit orders they end in."""
    if name.startswith("market_"):
        return OrderType.MARKET
    return OrderType.STOP if name.startswith("stop_limit_") else OrderType.LIMIT


def _average_price(fields: JsonObject, filled: Decimal) -> Decimal | None:
    if filled <= ZERO:
        return None
    return optional_number(fields, "average_filled_price") or optional_number(fields, "filled_value") / filled


def _closed(fields: JsonObject, status: OrderStatus) -> datetime | None:
    """None also where the exchange does not say when a dead order died: its last fill may be much older."""
    if not status.is_final:
        return None
    filled = optional_moment(fields, "last_fill_time") if status is OrderStatus.FILLED else None
    return filled or optional_moment(fields, "last_update_time")


def _end_reason(fields: JsonObject) -> str:
    reject = optional_text(fields, "reject_reason")
    if reject in ("REJECT_REASON_UNSPECIFIED", "UNKNOWN_REJECT_REASON"):
        reject = ""
    words = (reject, optional_text(fields, "reject_message"), optional_text(fields, "cancel_message"))
    return ": ".join(word for word in words if word)[:200]
