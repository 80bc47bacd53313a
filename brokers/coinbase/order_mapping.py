"""Orders and fills, from and to Coinbase's JSON.

NIJA's own orders must have every field; all others are read as far as possible.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.coinbase.json_fields import (
    moment,
    number,
    optional_moment,
    optional_number,
    optional_text,
    plain,
    readable,
    side_of,
    text,
)
from brokers.coinbase.symbols import product_id, symbol_of
from brokers.errors import BadAnswer, RequestRefused
from brokers.model import ZERO, Fill, Order, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from brokers.coinbase.json_fields import JsonObject
    from brokers.model import Market, OrderRequest

# An order has not ended until the exchange reports one of the final states; unknown ones count as pending.
_STATUS = {
    "OPEN": OrderStatus.OPEN,
    "CANCEL_QUEUED": OrderStatus.OPEN,
    "EDIT_QUEUED": OrderStatus.OPEN,
    "FILLED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELLED,
    "EXPIRED": OrderStatus.EXPIRED,
    "FAILED": OrderStatus.REJECTED,
}
# The kinds NIJA sends. Brackets, TWAP and any others are OTHER.
_KINDS = {"market_market": OrderType.MARKET, "limit_limit": OrderType.LIMIT, "stop_limit": OrderType.STOP}
# For orders that are not NIJA's and lack their creation time.
_LONG_AGO = datetime.fromtimestamp(0, UTC)
_OPPOSITE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}
# Coinbase has no stop-market orders: the fraction below its stop price at which a stop may still sell.
MAX_STOP_SLIPPAGE = Decimal("0.05")


def order_body(request: OrderRequest, market: Market) -> JsonObject:
    """The same request and tick size always give the same body: a resend must equal the first attempt."""
    return {"client_order_id": request.client_id, **preview_body(request, market)}


def preview_body(request: OrderRequest, market: Market) -> JsonObject:
    """The body without the client id, which a preview does not take."""
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
        raise RequestRefused("a STOP order must sell: buying stops are not sent to Coinbase")
    stop = _on_tick(request.stop_price, market)
    limit = _on_tick(stop * (1 - MAX_STOP_SLIPPAGE), market)
    prices = {"limit_price": plain(limit), "stop_price": plain(stop)}
    return {"stop_limit_stop_limit_gtc": {**size, **prices, "stop_direction": "STOP_DIRECTION_STOP_DOWN"}}


def _on_tick(price: Decimal, market: Market) -> Decimal:
    """`price` rounded down to the tick size, which may have grown since the price was chosen."""
    return max(market.floor_price(price), market.price_step)


def order_of(fields: JsonObject) -> Order:
    """Raises BadAnswer: for NIJA's orders if any field is bad, for others only if the essential ones are."""
    client_id = optional_text(fields, "client_order_id") or None
    return _foreign(fields, client_id) if purpose_of(client_id) is None else _own(fields, client_id)


def order_name(row: JsonObject) -> str:
    """The name under which an unreadable row is reported."""
    return optional_text(row, "order_id") or f"order without an id ({optional_text(row, 'product_id') or 'no product'})"


def _own(fields: JsonObject, client_id: str | None) -> Order:
    name, terms = _terms(fields)
    kind = _kind(name)
    if kind is OrderType.OTHER:
        raise BadAnswer("Coinbase answered an order of NIJA's with a kind that NIJA does not send")
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
    """Id, market, side, status and filled amount are required."""
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
        # An order by quote amount: only the filled amount is known in base currency.
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
    """The kind of order and its terms (sizes and prices); both empty if the exchange leaves them out."""
    configuration = fields.get("order_configuration")
    if isinstance(configuration, dict):
        for name, terms in configuration.items():
            if isinstance(terms, dict):
                return name, terms
    return "", {}


def _kind(name: str) -> OrderType:
    return next((kind for start, kind in _KINDS.items() if name.startswith(start)), OrderType.OTHER)


def _foreign_kind(name: str, terms: JsonObject, fields: JsonObject) -> OrderType:
    """OTHER for stops that trigger on a rising price and for orders by quote amount, which NIJA never sends."""
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
    """None also if the exchange does not report when an order ended; its last fill may be much older."""
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


def fill_of(row: JsonObject) -> Fill:
    """A REVERSAL undoes an earlier fill, so it becomes the opposite trade with its fee refunded.

    CORRECTION and SYNTHETIC entries are trades of their own. The price may be 0.
    """
    market = symbol_of(text(row, "product_id"))
    price = number(row, "price")
    if price < ZERO:
        raise BadAnswer(f"Coinbase answered a fill of {market} with a price below zero")
    side, fee = side_of(row), number(row, "commission")
    reverses = optional_text(row, "trade_type") == "REVERSAL"
    return Fill(
        id=text(row, "entry_id"),
        order_id=text(row, "order_id"),
        market=market,
        side=_OPPOSITE[side] if reverses else side,
        amount=_amount(row, price),
        price=price,
        fee=-abs(fee) if reverses else fee,
        fee_currency=market.partition("/")[2],
        time=moment(row, "trade_time"),
        maker=optional_text(row, "liquidity_indicator") == "MAKER",
    )


def _amount(row: JsonObject, price: Decimal) -> Decimal:
    """In base currency."""
    size = abs(number(row, "size"))
    if row.get("size_in_quote") is not True:
        return size
    if price == ZERO:
        raise BadAnswer("Coinbase answered a fill by quote amount without a price")
    return size / price


def fill_name(row: JsonObject) -> str:
    return optional_text(row, "entry_id") or f"fill without an id ({optional_text(row, 'order_id') or 'no order'})"
