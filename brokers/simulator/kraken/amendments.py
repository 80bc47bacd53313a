"""AmendOrder and EditOrder."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.simulator.engine.orders import Amendment, EngineOrder, Kind, Ticket
from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.kraken.arguments import Arguments, parse_deadline, parse_number
from brokers.simulator.kraken.errors import KrakenError, invalid, refusal
from brokers.simulator.kraken.ids import make_txid_like
from brokers.simulator.kraken.limits import amend_cost, edit_cost
from brokers.simulator.kraken.render import described, fixed
from brokers.simulator.kraken.symbols import LOT_DECIMALS
from brokers.simulator.kraken.targets import find_order, require_open
from brokers.simulator.kraken.tickets import TicketReader

if TYPE_CHECKING:
    from brokers.simulator.kraken.face import KrakenPrivateCall
    from brokers.simulator.kraken.symbols import Pair


def amend_order(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    names = ("order_qty", "limit_price", "trigger_price", "display_qty")
    arguments.only("txid", "cl_ord_id", *names, "post_only", "deadline", "pair")
    if not any(arguments.text(name) for name in names):
        raise invalid("order_qty")
    order = find_order(call, arguments.text("txid"), arguments.text("cl_ord_id"))
    call.charge(order.symbol, amend_cost(call.now - order.last_change))
    require_open(order)
    if call.now > parse_deadline(arguments.text("deadline"), call.received):
        raise KrakenError("EService:Deadline elapsed")
    pair = call.face.names.of(order.symbol)
    if order.ticket.trail is not None and (arguments.text("trigger_price") or arguments.text("limit_price")):
        raise invalid("trigger_price")
    try:
        reader = TicketReader(pair, call.face.engine.exchange.price(order.symbol), call.received)
        wanted = _amendment(arguments, reader, order)
        call.face.engine.amend(call.account, order, wanted)
    except RefusedError as refused:
        raise refusal(refused, pair, injected=call.face.engine.exchange.changed_lately(order.symbol)) from None
    return {"amend_id": make_txid_like(order.id, order.amended or call.now)}


def _amendment(arguments: Arguments, reader: TicketReader, order: EngineOrder) -> Amendment:
    def price(name: str) -> Decimal | None:
        text = arguments.text(name)
        return reader.price(text, name, order.side, order.kind) if text else None

    quantity = arguments.text("order_qty")
    limit, stop = price("limit_price"), price("trigger_price")
    if limit is not None and not order.kind.ends_as_limit:
        raise invalid("limit_price")
    if stop is not None and (not order.kind.has_trigger or order.triggered):
        raise invalid("trigger_price")
    return Amendment(
        amount=parse_number(quantity, "order_qty") if quantity else None,
        limit_price=limit,
        stop_price=stop,
        post_only=arguments.flag("post_only"),
    )


def edit_order(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only(
        "txid", "userref", "volume", "displayvol", "pair", "asset_class", "price", "price2", "oflags", "deadline",
        "cancel_response", "validate",
    )  # fmt: skip
    pair = call.face.pair(arguments.needed("pair"))
    order = find_order(call, arguments.needed("txid"), "")
    call.charge(order.symbol, edit_cost(call.now - order.last_change))
    require_open(order)
    if order.ticket.close is not None or order.triggered or order.ticket.trail is not None:
        raise KrakenError("EOrder:Invalid order")
    if order.symbol != pair.spec.symbol:
        raise invalid("pair")
    try:
        ticket = _edited(call, order, pair)
        if arguments.flag("validate"):
            return {"descr": described(ticket, pair, ticket.amount)}
        new = call.face.engine.replace(call.account, order, ticket)
    except RefusedError as refused:
        raise refusal(refused, pair, injected=call.face.engine.exchange.changed_lately(order.symbol)) from None
    return {
        "status": "ok",
        "txid": new.id,
        "originaltxid": order.id,
        "volume": fixed(new.amount, LOT_DECIMALS),
        "price": fixed(new.limit_price or new.stop_price or Decimal(0), pair.pair_decimals),
        "orders_cancelled": 1,
        "descr": described(ticket, pair, new.amount),
    }


def _edited(call: KrakenPrivateCall, order: EngineOrder, pair: Pair) -> Ticket:
    arguments, ticket = call.arguments, order.ticket
    reader = TicketReader(pair, call.face.engine.exchange.price(order.symbol), call.received)
    volume, price, price2 = (arguments.text(name) for name in ("volume", "price", "price2"))
    limit, stop = order.limit_price, order.stop_price
    if price:
        first = reader.price(price, "price", ticket.side, ticket.kind)
        limit, stop = (first, stop) if ticket.kind is Kind.LIMIT else (limit, first)
    if price2:
        limit = reader.price(price2, "price2", ticket.side, ticket.kind, base=stop)
    return replace(
        ticket,
        amount=parse_number(volume, "volume") if volume else order.remaining,
        limit_price=limit,
        stop_price=stop,
        post_only=ticket.post_only or "post" in arguments.listed("oflags"),
        deadline=parse_deadline(arguments.text("deadline"), call.received),
        client_id=None,
        user_ref=arguments.integer("userref") if arguments.text("userref") else ticket.user_ref,
    )
