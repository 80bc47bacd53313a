"""Create, preview, cancel and edit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.coinbase.errors import OrderRefusedError, invalid_argument, order_not_found
from brokers.simulator.coinbase.face import Answer, CoinbasePrivateCall, Edit
from brokers.simulator.coinbase.ids import derived
from brokers.simulator.coinbase.refusals import is_client_fault, refusal_of, refused_answer
from brokers.simulator.coinbase.text import plain
from brokers.simulator.coinbase.tickets import check_edit, configuration_of, read_configuration, read_ticket
from brokers.simulator.engine.orders import Amendment, EngineOrder, Kind, Status, Ticket, TimeInForce
from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.faults import FaultKind

if TYPE_CHECKING:
    from decimal import Decimal

_ORDER_FIELDS = ("product_id", "side", "order_configuration", "attached_order_configuration", "retail_portfolio_id")
_MOST_CANCELS = 100
_LONGEST_CLIENT_ID = 128
_FAR_AWAY = 1e9


def create_order(call: CoinbasePrivateCall) -> Answer:
    call.body.only("client_order_id", "self_trade_prevention_id", "preview_id", *_ORDER_FIELDS)
    client_id = call.body.needed("client_order_id")
    if len(client_id) > _LONGEST_CLIENT_ID:
        raise invalid_argument("client_order_id is too long")
    call.own_portfolio(call.body.text("retail_portfolio_id"))
    first = call.face.memory.by_client_id.get((call.account.owner, client_id))
    if first is not None:
        return _accepted(call.account.orders[first])
    try:
        order = _place(call, read_ticket(call.face, call.body, client_id))
    except (OrderRefusedError, RefusedError) as raised:
        return _refused(call, raised)
    call.face.memory.by_client_id[call.account.owner, client_id] = order.id
    return _accepted(order)


def preview_order(call: CoinbasePrivateCall) -> Answer:
    call.body.only(*_ORDER_FIELDS)
    call.own_portfolio(call.body.text("retail_portfolio_id"))
    read_configuration(call.body)
    errs: list[str] = []
    amount, total = ZERO, ZERO
    try:
        ticket = read_ticket(call.face, call.body, None)
        amount, total = _estimate(call, ticket)
        call.face.engine.check(call.account, ticket)
    except (OrderRefusedError, RefusedError) as raised:
        refused = raised if isinstance(raised, OrderRefusedError) else refusal_of(raised)
        errs.append(refused.preview if refused.preview.startswith("PREVIEW") else refused.reason)
    commission = total * call.account.fees.taker
    after = total + commission if call.body.text("side") == Side.BUY.upper() else total - commission
    return _preview_answer(call, errs, amount, total=after, commission=commission, value=total)


def _preview_answer(
    call: CoinbasePrivateCall, errs: list[str], amount: Decimal, *, total: Decimal, commission: Decimal, value: Decimal
) -> Answer:
    product = call.face.products.find(call.body.text("product_id"))
    book = call.face.engine.exchange.book(product.spec.symbol) if product else None
    return {
        "order_total": plain(total),
        "commission_total": plain(commission),
        "errs": errs,
        "warning": [],
        "quote_size": plain(value),
        "base_size": plain(amount),
        "best_bid": plain(book.bids[0].price) if book else "",
        "best_ask": plain(book.asks[0].price) if book else "",
        "is_max": False,
        "order_margin_total": "",
        "leverage": "",
        "long_leverage": "",
        "short_leverage": "",
        "slippage": "0",
        "preview_id": derived(call.account.owner, str(call.now)),
    }


def _estimate(call: CoinbasePrivateCall, ticket: Ticket) -> tuple[Decimal, Decimal]:
    """Base and quote size of an order at the best price."""
    book = call.face.engine.exchange.book(ticket.symbol)
    price = ticket.limit_price or book.opposite(ticket.side)[0].price
    if ticket.quote_amount is None:
        return ticket.amount, ticket.amount * price
    value = ticket.quote_amount / (1 + call.account.fees.taker)
    return value / price, value


def batch_cancel(call: CoinbasePrivateCall) -> Answer:
    call.body.only("order_ids")
    ids = call.body.texts("order_ids")
    if not 1 <= len(ids) <= _MOST_CANCELS:
        raise invalid_argument(f"order_ids must hold 1 to {_MOST_CANCELS} ids")
    return {"results": [_cancelled(call, order_id) for order_id in ids]}


def _cancelled(call: CoinbasePrivateCall, order_id: str) -> Answer:
    """`success` only means that the cancellation has begun."""
    reason = _cancel(call, call.account.orders.get(order_id))
    return {
        "success": not reason,
        "failure_reason": reason or "UNKNOWN_CANCEL_FAILURE_REASON",
        "order_id": order_id,
    }


def _cancel(call: CoinbasePrivateCall, order: EngineOrder | None) -> str:
    if order is None:
        return "UNKNOWN_CANCEL_ORDER"
    if order.status is Status.FILLED:
        return "ORDER_IS_FULLY_FILLED"
    if order.status.is_final:
        return "INVALID_CANCEL_REQUEST"
    if order.cancel_at is not None:
        return "DUPLICATE_CANCEL_REQUEST"
    call.face.engine.cancel(call.account, order, after=call.seconds(FaultKind.SLOW_CANCEL))
    return ""


def edit_order(call: CoinbasePrivateCall) -> Answer:
    call.body.only("order_id", "price", "size")
    order = _to_edit(call)
    reason = _edit_failure(call, order)
    if reason:
        return {"success": False, "errors": [_edit_error(reason)]}
    price, size = _new_terms(call)
    try:
        call.face.engine.amend(call.account, order, Amendment(amount=size, limit_price=price))
    except RefusedError as refused:
        return {"success": False, "errors": [_edit_error("UNKNOWN_EDIT_ORDER_FAILURE_REASON", refusal_of(refused))]}
    edits = call.face.memory.edits.setdefault(order.id, [])
    edits.append(Edit(call.body.text("price"), call.body.text("size"), call.now))
    return {"success": True, "errors": []}


def edit_preview(call: CoinbasePrivateCall) -> Answer:
    call.body.only("order_id", "price", "size")
    order = _to_edit(call)
    reason = _edit_failure(call, order)
    price, size = _new_terms(call)
    book = call.face.engine.exchange.book(order.symbol)
    return {
        "errors": [_edit_error(reason)] if reason else [],
        "slippage": "0",
        "order_total": plain(price * size),
        "commission_total": plain(price * size * call.account.fees.maker),
        "quote_size": plain(price * size),
        "base_size": plain(size),
        "best_bid": plain(book.bids[0].price),
        "best_ask": plain(book.asks[0].price),
        "average_filled_price": plain(order.average_price or ZERO),
        "order_margin_total": "",
    }


def _to_edit(call: CoinbasePrivateCall) -> EngineOrder:
    order = call.account.orders.get(call.body.needed("order_id"))
    if order is None or order.visible_from > call.face.clock.time():
        raise order_not_found()
    return order


def _new_terms(call: CoinbasePrivateCall) -> tuple[Decimal, Decimal]:
    """A missing field counts as zero."""
    price, size = (call.body.number(name) if call.body.values.get(name) else ZERO for name in ("price", "size"))
    return price, size


def _edit_failure(call: CoinbasePrivateCall, order: EngineOrder) -> str:
    price, size = _new_terms(call)
    resting = order.ticket.time_in_force is TimeInForce.GTC and order.kind in (Kind.LIMIT, Kind.STOP_LOSS_LIMIT)
    faults = (
        (order.status.is_final or order.cancel_at is not None, "ONLY_OPEN_ORDERS_CAN_BE_EDITED"),
        (not resting, "ORDER_TYPE_NOT_SUPPORTED"),
        (size <= ZERO, "INVALID_EDITED_SIZE"),
        (price <= ZERO, "INVALID_EDITED_PRICE"),
        (size <= order.filled, "CANNOT_EDIT_TO_BELOW_FILLED_SIZE"),
    )
    for broken, reason in faults:
        if broken:
            return reason
    try:
        check_edit(call.face, call.face.products.of(order.symbol), order.ticket, size, price)
    except OrderRefusedError as refused:
        return "INVALID_EDITED_PRICE" if "PRICE" in refused.code else "INVALID_EDITED_SIZE"
    return ""


def _edit_error(reason: str, refused: OrderRefusedError | None = None) -> Answer:
    return {
        "edit_failure_reason": reason,
        "preview_failure_reason": refused.preview if refused else "UNKNOWN_PREVIEW_FAILURE_REASON",
    }


def _place(call: CoinbasePrivateCall, ticket: Ticket) -> EngineOrder:
    call.account.balance_lag = call.seconds(FaultKind.BALANCE_LAG)
    late = call.seconds(FaultKind.LATE_VISIBLE)
    fails = call.context.fault(FaultKind.LATE_FAIL)
    if fails is None:
        return call.face.engine.place(call.account, ticket, late_by=late)
    # Accepted, never added to the book, and later reported as failed.
    starts, marked = call.face.clock.time() + _FAR_AWAY, {**ticket.face, "fails": True}
    order = call.face.engine.place(call.account, replace(ticket, starts=starts, face=marked), late_by=late)
    call.face.engine.cancel(call.account, order, after=max(fails.seconds, 0.001))
    return order


def _accepted(order: EngineOrder) -> Answer:
    ticket = order.ticket
    product_id = ticket.symbol.replace("/", "-")
    return {
        "success": True,
        "success_response": {
            "order_id": order.id,
            "product_id": product_id,
            "side": ticket.side.value.upper(),
            "client_order_id": ticket.client_id or "",
            "attached_order_id": "",
        },
        "order_configuration": configuration_of(ticket),
    }


def _refused(call: CoinbasePrivateCall, raised: OrderRefusedError | RefusedError) -> Answer:
    refused = raised if isinstance(raised, OrderRefusedError) else refusal_of(raised)
    call.context.error = refused.code
    changed = call.face.engine.exchange.changed_lately(call.body.text("product_id").replace("-", "/"))
    if is_client_fault(refused) and not changed:
        call.face.records.violate(call.context, refused.code)
    return refused_answer(refused, call.body.values.get("order_configuration"))
