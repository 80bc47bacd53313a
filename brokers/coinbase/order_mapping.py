"""Orders as Coinbase writes them: NIJA's own to the last field, anybody else's as far as they can be read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.coinbase.json_fields import (
    moment,
    number,
    optional_moment,
    optional_number,
    optional_text,
    readable,
    side_of,
    symbol_of,
    text,
)
from brokers.errors import BadAnswer
from brokers.model import ZERO, Order, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.coinbase.json_fields import JsonObject

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
# The kinds that NIJA sends. Brackets, TWAP and whatever comes later are OTHER.
_KINDS = {"market_market": OrderType.MARKET, "limit_limit": OrderType.LIMIT, "stop_limit": OrderType.STOP}
# Stands in for the time of somebody else's order that does not tell it.
_LONG_AGO = datetime.fromtimestamp(0, UTC)


def order_of(fields: JsonObject) -> Order:
    """Raises BadAnswer: for an order of NIJA's where any field is amiss, for another where nothing useful is left."""
    client_id = optional_text(fields, "client_order_id") or None
    return _foreign(fields, client_id) if purpose_of(client_id) is None else _own(fields, client_id)


def name_of(row: JsonObject) -> str:
    """How a row is called that cannot be read."""
    return optional_text(row, "order_id") or f"order without an id ({optional_text(row, 'product_id') or 'no product'})"


def _own(fields: JsonObject, client_id: str | None) -> Order:
    name, terms = _terms(fields)
    kind = _kind(name)
    if kind is OrderType.OTHER:
        raise BadAnswer("Coinbase answered an order of NIJA's as one of a kind that NIJA does not send")
    status, filled = _status(fields), number(fields, "filled_size")
    return Order(
        exchange_id=text(fields, "order_id"),
        client_id=client_id,
        market=symbol_of(text(fields, "product_id")),
        side=side_of(fields),
        type=kind,
        status=status,
        amount=number(terms, "base_size"),
        filled=filled,
        average_price=_average_price(fields, filled),
        fee=_fee(fields),
        created=moment(fields, "created_time"),
        closed=_closed(fields, status),
        limit_price=None if kind is OrderType.MARKET else number(terms, "limit_price"),
        stop_price=number(terms, "stop_price") if kind is OrderType.STOP else None,
        reason=_end_reason(fields),
    )


def _foreign(fields: JsonObject, client_id: str | None) -> Order:
    """Id, market, side, status and what filled are enough."""
    name, terms = _terms(fields)
    status, filled = _status(fields), number(fields, "filled_size")

    def price(name: str) -> Decimal | None:
        return readable(lambda: optional_number(terms, name), ZERO) or None

    return Order(
        exchange_id=text(fields, "order_id"),
        client_id=client_id,
        market=symbol_of(text(fields, "product_id")),
        side=side_of(fields),
        type=_foreign_kind(name, terms, fields),
        status=status,
        # One that is sized in quote money: what filled is all that is known in base.
        amount=readable(lambda: optional_number(terms, "base_size"), ZERO) or filled,
        filled=filled,
        average_price=readable(lambda: _average_price(fields, filled), None),
        fee=readable(lambda: _fee(fields), ZERO),
        created=readable(lambda: moment(fields, "created_time"), _LONG_AGO),
        closed=readable(lambda: _closed(fields, status), None),
        limit_price=price("limit_price"),
        stop_price=price("stop_price") or price("stop_trigger_price"),
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


def _kind(name: str) -> OrderType:
    return next((kind for start, kind in _KINDS.items() if name.startswith(start)), OrderType.OTHER)


def _foreign_kind(name: str, terms: JsonObject, fields: JsonObject) -> OrderType:
    """A stop that waits for a rising price, or is sized in quote money, is of no kind that NIJA sends."""
    kind = _kind(name)
    sells_below = terms.get("stop_direction") == "STOP_DIRECTION_STOP_DOWN" and side_of(fields) is Side.SELL
    if not optional_text(terms, "base_size") or (kind is OrderType.STOP and not sells_below):
        return OrderType.OTHER
    return kind


def _status(fields: JsonObject) -> OrderStatus:
    return _STATUS.get(optional_text(fields, "status"), OrderStatus.PENDING)


def _average_price(fields: JsonObject, filled: Decimal) -> Decimal | None:
    if filled <= ZERO:
        return None
    return optional_number(fields, "average_filled_price") or optional_number(fields, "filled_value") / filled


def _fee(fields: JsonObject) -> Decimal:
    return optional_number(fields, "total_fees") or optional_number(fields, "fee")


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
