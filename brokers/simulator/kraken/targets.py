"""Finds the order that a request refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.engine.refusals import EngineRefusal, RefusedError
from brokers.simulator.kraken.errors import invalid, refusal

if TYPE_CHECKING:
    from brokers.simulator.engine.orders import EngineOrder
    from brokers.simulator.kraken.face import KrakenPrivateCall


def find_order(call: KrakenPrivateCall, txid: str, client_id: str) -> EngineOrder:
    """An order by its id, or the open one with a client id; distinguishes ended orders from unknown ones."""
    if txid:
        order = call.account.orders.get(txid)
        if order is None:
            raise refusal(RefusedError(EngineRefusal.INVALID_ORDER))
        return order
    if not client_id:
        raise invalid("txid")
    by_client = [order for order in call.account.orders.values() if order.client_id == client_id]
    if not by_client:
        raise refusal(RefusedError(EngineRefusal.UNKNOWN_ORDER))
    return next((order for order in by_client if not order.status.is_final), by_client[-1])


def require_open(order: EngineOrder) -> None:
    if order.status.is_final:
        raise refusal(RefusedError(EngineRefusal.UNKNOWN_ORDER))
