"""AddOrder and AddOrderBatch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken.errors import KrakenError, invalid, refusal
from brokers.simulator.kraken.render import described
from brokers.simulator.kraken.tickets import ORDER_ARGUMENTS, TicketReader

if TYPE_CHECKING:
    from brokers.simulator.kraken.arguments import Arguments
    from brokers.simulator.kraken.face import KrakenPrivateCall
    from brokers.simulator.kraken.symbols import Pair

_BATCH = (2, 15)


def add_order(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only(*ORDER_ARGUMENTS)
    pair = call.face.pair(call.arguments.needed("pair"))
    call.charge(pair.spec.symbol, 1)
    return _add(call, pair, call.arguments, call.arguments.text("deadline"), validate=call.arguments.flag("validate"))


def add_order_batch(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only("pair", "asset_class", "deadline", "validate", "orders", "broker")
    pair = call.face.pair(arguments.needed("pair"))
    rows = arguments.rows("orders")
    if not _BATCH[0] <= len(rows) <= _BATCH[1]:
        raise invalid("orders")
    call.charge(pair.spec.symbol, len(rows) / 2)
    return {"orders": [_batch_row(call, pair, row) for row in rows]}


def _batch_row(call: KrakenPrivateCall, pair: Pair, row: Arguments) -> dict[str, Any]:
    try:
        row.only(*ORDER_ARGUMENTS)
        deadline, validate = call.arguments.text("deadline"), call.arguments.flag("validate")
        added = _add(call, pair, row, deadline, validate=validate)
    except KrakenError as error:
        return {"error": error.text}
    return added | ({"txid": added["txid"][0]} if "txid" in added else {})


def _add(call: KrakenPrivateCall, pair: Pair, arguments: Arguments, deadline: str, *, validate: bool) -> dict[str, Any]:
    engine = call.face.engine
    try:
        reader = TicketReader(pair, engine.exchange.price(pair.spec.symbol), call.received)
        ticket = reader.read(arguments, deadline)
        call.account.balance_lag = call.seconds(FaultKind.BALANCE_LAG)
        if validate:
            engine.check(call.account, ticket)
            return {"descr": described(ticket, pair, ticket.amount)}
        order = engine.place(call.account, ticket, late_by=call.seconds(FaultKind.LATE_VISIBLE))
    except RefusedError as refused:
        raise refusal(refused, pair, injected=engine.exchange.changed_lately(pair.spec.symbol)) from None
    return {"descr": described(ticket, pair, order.amount), "txid": [order.id]}
