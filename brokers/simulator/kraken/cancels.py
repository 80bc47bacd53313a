"""CancelOrder and its relatives, and the dead man's switch."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken.errors import KrakenError, invalid
from brokers.simulator.kraken.limits import cancel_cost
from brokers.simulator.kraken.targets import find_order, require_open

if TYPE_CHECKING:
    from brokers.simulator.engine.orders import EngineOrder
    from brokers.simulator.kraken.face import KrakenPrivateCall

_CANCEL_BATCH = 50
_MAX_TIMEOUT = 86_400


def cancel_order(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only("txid", "cl_ord_id")
    text, client_id = arguments.text("txid"), arguments.text("cl_ord_id")
    if not text and not client_id:
        raise invalid("txid")
    if re.fullmatch(r"-?[0-9]{1,10}", text):
        orders = [order for order in call.account.open.values() if order.ticket.user_ref == int(text)]
        if not orders:
            raise KrakenError("EOrder:Unknown order")
    else:
        orders = [find_order(call, text, client_id)]
    for order in orders:
        call.charge(order.symbol, cancel_cost(call.now - order.last_change))
    return _cancelled(call, orders)


def _cancelled(call: KrakenPrivateCall, orders: list[EngineOrder]) -> dict[str, Any]:
    slow = call.seconds(FaultKind.SLOW_CANCEL)
    for order in orders:
        require_open(order)
        call.face.engine.cancel(call.account, order, after=slow)
    return {"count": len(orders)} | ({"pending": True} if slow else {})


def cancel_all(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only()
    return {"count": call.face.engine.cancel_all(call.account)}


def cancel_order_batch(call: KrakenPrivateCall) -> dict[str, Any]:
    """An exceeded counter does not prevent it: the exchange cancels anyway."""
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


def cancel_all_orders_after(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("timeout")
    timeout = call.arguments.integer("timeout", -1)
    if not 0 <= timeout < _MAX_TIMEOUT:
        raise invalid("timeout")
    moment = call.face.engine.set_dead_man(call.account, timeout)
    return {"currentTime": _iso(call.now), "triggerTime": _iso(moment) if moment is not None else "0"}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
