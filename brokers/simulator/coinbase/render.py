"""Orders and fills as Coinbase lists them: numbers as strings, some of them empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.coinbase.ids import derived
from brokers.simulator.coinbase.text import plain, rfc3339
from brokers.simulator.coinbase.tickets import DOWN, SHAPES, UP, configuration_of
from brokers.simulator.engine.orders import EngineOrder, Kind, Status, TimeInForce

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.simulator.coinbase.face import Answer, CoinbasePrivateCall
    from brokers.simulator.engine.orders import EngineFill

_TIME_IN_FORCE = {
    TimeInForce.GTC: "GOOD_UNTIL_CANCELLED",
    TimeInForce.GTD: "GOOD_UNTIL_DATE_TIME",
    TimeInForce.IOC: "IMMEDIATE_OR_CANCEL",
    TimeInForce.FOK: "FILL_OR_KILL",
}
_TYPES = {
    Kind.MARKET: "MARKET",
    Kind.LIMIT: "LIMIT",
    Kind.STOP_LOSS_LIMIT: "STOP_LIMIT",
    Kind.TAKE_PROFIT_LIMIT: "STOP_LIMIT",
    Kind.BRACKET: "BRACKET",
}
_BY_HAND = {
    Kind.MARKET: "market_market_ioc",
    Kind.LIMIT: "limit_limit_gtc",
    Kind.BRACKET: "trigger_bracket_gtc",
}


def status_of(order: EngineOrder) -> str:
    if order.ticket.face.get("fails"):
        return "FAILED" if order.status.is_final else "PENDING"
    if order.cancel_at is not None and not order.status.is_final:
        return "CANCEL_QUEUED"
    return order.status.value.upper()


def type_of(order: EngineOrder) -> str:
    """The owner's own orders may be of kinds that are only rendered here."""
    return str(order.ticket.face.get("order_type") or _TYPES.get(order.kind, "STOP"))


def source_of(order: EngineOrder) -> str:
    return str(order.ticket.face.get("source", "RETAIL_ADVANCED"))


def time_in_force_of(order: EngineOrder) -> str:
    return _TIME_IN_FORCE[order.ticket.time_in_force]


def order_fields(call: CoinbasePrivateCall, order: EngineOrder) -> Answer:
    ticket, status = order.ticket, status_of(order)
    after_fees = order.cost + order.fee if order.side is Side.BUY else order.cost - order.fee
    closed = order.fill_ids[-1:]
    return {
        "order_id": order.id,
        "product_id": order.symbol.replace("/", "-"),
        "user_id": derived("user", call.key.portfolio),
        "order_configuration": _configuration(order),
        "side": order.side.value.upper(),
        "client_order_id": ticket.client_id or "",
        "status": status,
        "time_in_force": time_in_force_of(order),
        "created_time": rfc3339(order.created),
        "completion_percentage": _percentage(order),
        "filled_size": plain(order.filled),
        "average_filled_price": plain(order.average_price or ZERO),
        "fee": "",
        "number_of_fills": str(len(order.fill_ids)),
        "filled_value": plain(order.cost),
        "pending_cancel": status == "CANCEL_QUEUED",
        "size_in_quote": bool(ticket.face.get("size_in_quote")),
        "total_fees": plain(order.fee),
        "size_inclusive_of_fees": ticket.quote_includes_fee,
        "total_value_after_fees": plain(after_fees),
        "trigger_status": _trigger_status(order),
        "order_type": type_of(order),
        **_end_reasons(order, status),
        "settled": order.status is Status.FILLED,
        "product_type": "SPOT",
        "order_placement_source": source_of(order),
        "outstanding_hold_amount": plain(order.held),
        "is_liquidation": False,
        "last_fill_time": rfc3339(call.account.fills[closed[0]].time) if closed else None,
        "edit_history": [
            {"price": edit.price, "size": edit.size, "replace_accept_timestamp": rfc3339(edit.time)}
            for edit in call.face.memory.edits.get(order.id, ())
        ],
        "leverage": "",
        "margin_type": "UNKNOWN_MARGIN_TYPE",
        "retail_portfolio_id": call.key.portfolio,
        "originating_order_id": order.parent or "",
        "attached_order_id": "",
        "attached_order_configuration": None,
    }


def fill_fields(call: CoinbasePrivateCall, fill: EngineFill) -> Answer:
    order = call.account.orders[fill.order_id]
    in_quote = bool(order.ticket.face.get("size_in_quote"))
    return {
        "entry_id": derived("entry", fill.id),
        "trade_id": fill.id,
        "order_id": fill.order_id,
        "trade_time": rfc3339(fill.time),
        "trade_type": "FILL",
        "price": plain(fill.price),
        "size": plain(fill.cost if in_quote else fill.amount),
        "commission": plain(fill.fee),
        "product_id": fill.symbol.replace("/", "-"),
        "sequence_timestamp": rfc3339(fill.time),
        "liquidity_indicator": "MAKER" if fill.maker else "TAKER",
        "size_in_quote": in_quote,
        "user_id": derived("user", call.key.portfolio),
        "side": fill.side.value.upper(),
        "retail_portfolio_id": call.key.portfolio,
    }


def _configuration(order: EngineOrder) -> Answer:
    """As sent, with the changes of edits; for a leg created by the exchange, its own."""
    if order.parent is not None:
        prices = {"limit_price": order.limit_price or ZERO, "stop_trigger_price": order.stop_price or ZERO}
        return {"trigger_bracket_gtc": {"base_size": plain(order.amount), **_plain_all(prices)}}
    configuration = configuration_of(order.ticket) or _words(order)
    name, fields = next(iter(configuration.items()))
    if order.amended is None or name not in SHAPES:
        return dict(configuration)
    shown = {"base_size", *SHAPES[name].needed, "post_only"}
    known = {field: value for field, value in fields.items() if field in shown}
    edited = {field: value for field, value in _terms(order).items() if field in shown}
    return {name: {**known, **_plain_all(edited)}}


def _words(order: EngineOrder) -> dict[str, dict[str, object]]:
    """For an order placed by hand, without a body."""
    name = _BY_HAND.get(order.kind, "stop_limit_stop_limit_gtc")
    terms: dict[str, object] = dict(_plain_all(_terms(order)))
    if name == "stop_limit_stop_limit_gtc":
        terms["stop_direction"] = DOWN if order.side is Side.SELL else UP
    return {name: {field: value for field, value in terms.items() if field in {"base_size", *SHAPES[name].needed}}}


def _terms(order: EngineOrder) -> dict[str, Decimal]:
    limit, stop = order.limit_price or ZERO, order.stop_price or ZERO
    return {"base_size": order.amount, "limit_price": limit, "stop_price": stop, "stop_trigger_price": stop}


def _plain_all(values: dict[str, Decimal]) -> dict[str, str]:
    return {name: plain(value) for name, value in values.items()}


def _percentage(order: EngineOrder) -> str:
    if not order.filled:
        return "0"
    return f"{order.filled / order.amount * 100:.2f}"


def _trigger_status(order: EngineOrder) -> str:
    if not order.kind.has_trigger:
        return "INVALID_ORDER_TYPE"
    return "STOP_TRIGGERED" if order.triggered else "STOP_PENDING"


def _end_reasons(order: EngineOrder, status: str) -> dict[str, str]:
    failed = status == "FAILED"
    return {
        "reject_reason": "HOLD_FAILURE" if failed else "REJECT_REASON_UNSPECIFIED",
        "reject_message": "could not place the hold" if failed else "",
        "cancel_message": order.reason if status == "CANCELLED" else "",
    }
