"""AddOrder and everything else that changes orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.simulator.engine.orders import Amendment, Kind, Order, Ticket
from brokers.simulator.engine.refusals import Refusal, RefusedError
from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken.arguments import Arguments, parse_number
from brokers.simulator.kraken.counters import amend_cost, cancel_cost, edit_cost
from brokers.simulator.kraken.errors import KrakenError, invalid, refusal
from brokers.simulator.kraken.ids import make_txid_like
from brokers.simulator.kraken.render import close_text, fixed, order_text
from brokers.simulator.kraken.tickets import ORDER_ARGUMENTS, TicketReader, read_deadline

if TYPE_CHECKING:
    from brokers.simulator.kraken.face import PrivateCall
    from brokers.simulator.kraken.names import Pair

_BATCH = (2, 15)
_CANCEL_BATCH = 50
_MAX_TIMEOUT = 86_400


def add_order(call: PrivateCall) -> dict[str, Any]:
    call.arguments.only(*ORDER_ARGUMENTS)
    pair = call.face.pair(call.arguments.needed("pair"))
    call.charge(pair.spec.symbol, 1)
    return _add(call, pair, call.arguments, call.arguments.text("deadline"), validate=call.arguments.flag("validate"))


def add_order_batch(call: PrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only("pair", "asset_class", "deadline", "validate", "orders", "broker")
    pair = call.face.pair(arguments.needed("pair"))
    rows = arguments.rows("orders")
    if not _BATCH[0] <= len(rows) <= _BATCH[1]:
        raise invalid("orders")
    call.charge(pair.spec.symbol, len(rows) / 2)
    return {"orders": [_batch_row(call, pair, row) for row in rows]}


def _batch_row(call: PrivateCall, pair: Pair, row: Arguments) -> dict[str, Any]:
    try:
        row.only(*ORDER_ARGUMENTS)
        deadline, validate = call.arguments.text("deadline"), call.arguments.flag("validate")
        added = _add(call, pair, row, deadline, validate=validate)
    except KrakenError as error:
        return {"error": error.text}
    return added | ({"txid": added["txid"][0]} if "txid" in added else {})


def _add(call: PrivateCall, pair: Pair, arguments: Arguments, deadline: str, *, validate: bool) -> dict[str, Any]:
    engine = call.face.engine
    try:
        reader = TicketReader(pair, engine.venue.price(pair.spec.symbol), call.context.received)
        ticket = reader.read(arguments, deadline)
        call.account.balance_lag = call.seconds(FaultKind.BALANCE_LAG)
        if validate:
            engine.check(call.account, ticket)
            return {"descr": _described(ticket, pair, ticket.amount)}
        order = engine.place(call.account, ticket, late_by=call.seconds(FaultKind.LATE_VISIBLE))
    except RefusedError as refused:
        raise refusal(refused, pair) from None
    return {"descr": _described(ticket, pair, order.amount), "txid": [order.id]}


def _described(ticket: Ticket, pair: Pair, amount: Decimal) -> dict[str, str]:
    described = {"order": order_text(ticket, pair, amount)}
    if ticket.close is not None:
        described["close"] = close_text(ticket, pair)
    return described


def amend_order(call: PrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    names = ("order_qty", "limit_price", "trigger_price", "display_qty")
    arguments.only("txid", "cl_ord_id", *names, "post_only", "deadline", "pair")
    if not any(arguments.text(name) for name in names):
        raise invalid("order_qty")
    order = _target(call, arguments.text("txid"), arguments.text("cl_ord_id"))
    call.charge(order.symbol, amend_cost(call.now - order.last_change))
    _open_or_refused(order)
    if call.now > read_deadline(arguments.text("deadline"), call.context.received):
        raise KrakenError("EService:Deadline elapsed")
    pair = call.face.names.of(order.symbol)
    if order.ticket.trail is not None and (arguments.text("trigger_price") or arguments.text("limit_price")):
        raise invalid("trigger_price")
    try:
        reader = TicketReader(pair, call.face.engine.venue.price(order.symbol), call.context.received)
        wanted = _amendment(arguments, reader, order)
        call.face.engine.amend(call.account, order, wanted)
    except RefusedError as refused:
        raise refusal(refused, pair) from None
    return {"amend_id": make_txid_like(order.id, order.amended or call.now)}


def _amendment(arguments: Arguments, reader: TicketReader, order: Order) -> Amendment:
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


def edit_order(call: PrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only(
        "txid", "userref", "volume", "displayvol", "pair", "asset_class", "price", "price2", "oflags", "deadline",
        "cancel_response", "validate",
    )  # fmt: skip
    pair = call.face.pair(arguments.needed("pair"))
    order = _target(call, arguments.needed("txid"), "")
    call.charge(order.symbol, edit_cost(call.now - order.last_change))
    _open_or_refused(order)
    if order.ticket.close is not None or order.triggered or order.ticket.trail is not None:
        raise KrakenError("EOrder:Invalid order")
    if order.symbol != pair.spec.symbol:
        raise invalid("pair")
    try:
        ticket = _edited(call, order, pair)
        if arguments.flag("validate"):
            return {"descr": _described(ticket, pair, ticket.amount)}
        new = call.face.engine.replace(call.account, order, ticket)
    except RefusedError as refused:
        raise refusal(refused, pair) from None
    return {
        "status": "ok",
        "txid": new.id,
        "originaltxid": order.id,
        "volume": fixed(new.amount, 8),
        "price": fixed(new.limit_price or new.stop_price or Decimal(0), pair.pair_decimals),
        "orders_cancelled": 1,
        "descr": _described(ticket, pair, new.amount),
    }


def _edited(call: PrivateCall, order: Order, pair: Pair) -> Ticket:
    arguments, ticket = call.arguments, order.ticket
    reader = TicketReader(pair, call.face.engine.venue.price(order.symbol), call.context.received)
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
        deadline=read_deadline(arguments.text("deadline"), call.context.received),
        client_id=None,
        user_ref=arguments.integer("userref") if arguments.text("userref") else ticket.user_ref,
    )


def cancel_order(call: PrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only("txid", "cl_ord_id")
    text, client_id = arguments.text("txid"), arguments.text("cl_ord_id")
    if not text and not client_id:
        raise invalid("txid")
    if text.lstrip("-").isdigit():
        orders = [order for order in call.account.open.values() if order.ticket.user_ref == int(text)]
        if not orders:
            raise KrakenError("EOrder:Unknown order")
    else:
        orders = [_target(call, text, client_id)]
    for order in orders:
        call.charge(order.symbol, cancel_cost(call.now - order.last_change))
    return _cancelled(call, orders)


def _cancelled(call: PrivateCall, orders: list[Order]) -> dict[str, Any]:
    slow = call.seconds(FaultKind.SLOW_CANCEL)
    for order in orders:
        _open_or_refused(order)
        call.face.engine.cancel(call.account, order, after=slow)
    return {"count": len(orders)} | ({"pending": True} if slow else {})


def cancel_all(call: PrivateCall) -> dict[str, Any]:
    call.arguments.only()
    return {"count": call.face.engine.cancel_all(call.account)}


def cancel_order_batch(call: PrivateCall) -> dict[str, Any]:
    """An overflowing counter does not stop it: the exchange cancels anyway."""
    call.arguments.only("orders", "cl_ord_ids")
    wanted = call.arguments.listed("orders")
    client_ids = call.arguments.listed("cl_ord_ids")
    if not 1 <= len(wanted) + len(client_ids) <= _CANCEL_BATCH:
        raise invalid("orders")
    open_orders = list(call.account.open.values())
    orders = [order for order in open_orders if order.id in wanted or order.client_id in client_ids]
    for order in orders:
        age = call.now - order.last_change
        call.face.counters.order(call.account.owner, order.symbol, cancel_cost(age))
    if not orders:
        raise KrakenError("EOrder:Unknown order")
    return _cancelled(call, orders)


def cancel_all_orders_after(call: PrivateCall) -> dict[str, Any]:
    call.arguments.only("timeout")
    timeout = call.arguments.integer("timeout", -1)
    if not 0 <= timeout < _MAX_TIMEOUT:
        raise invalid("timeout")
    moment = call.face.engine.set_dead_man(call.account, timeout)
    return {"currentTime": _iso(call.now), "triggerTime": _iso(moment) if moment is not None else "0"}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _target(call: PrivateCall, txid: str, client_id: str) -> Order:
    """An order by its id, or the open one by the client's; gone or never issued are told apart."""
    if txid:
        order = call.account.orders.get(txid)
        if order is None:
            raise refusal(RefusedError(Refusal.INVALID_ORDER))
        return order
    if not client_id:
        raise invalid("txid")
    by_client = [order for order in call.account.orders.values() if order.client_id == client_id]
    if not by_client:
        raise refusal(RefusedError(Refusal.UNKNOWN_ORDER))
    return next((order for order in by_client if not order.status.is_final), by_client[-1])


def _open_or_refused(order: Order) -> None:
    if order.status.is_final:
        raise refusal(RefusedError(Refusal.UNKNOWN_ORDER))
