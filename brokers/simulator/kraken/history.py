"""Orders, fills and ledger entries, page by page and newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from brokers.simulator.faults import FaultKind
from brokers.simulator.kraken.arguments import parse_number
from brokers.simulator.kraken.errors import KrakenError, invalid
from brokers.simulator.kraken.render import fill_row, ledger_row, order_row
from brokers.simulator.kraken.symbols import find_asset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brokers.simulator.engine.orders import EngineFill, EngineOrder
    from brokers.simulator.kraken.arguments import Arguments
    from brokers.simulator.kraken.face import KrakenPrivateCall

T = TypeVar("T")

_PAGE = 50
_MAX_ORDERS = 50
_MAX_TRADES = 20
_TRADE_TYPES = ("", "all", "no position")


def open_orders(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("trades", "userref", "cl_ord_id", "rebase_multiplier")
    newest_first = reversed(call.account.open.values())
    orders = [order for order in newest_first if _shown(call, order) and _wanted(call.arguments, order)]
    return {"open": _rows(call, orders)}


def closed_orders(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only(
        "trades", "userref", "cl_ord_id", "start", "end", "ofs", "closetime", "consolidate_taker", "without_count",
        "rebase_multiplier",
    )  # fmt: skip
    which = arguments.text("closetime", "both") or "both"
    if which not in ("open", "close", "both"):
        raise invalid("closetime")
    start, end = _bounds(call)
    orders = [
        order
        for order in reversed(call.account.orders.values())
        if order.status.is_final
        and call.key.shows(order.closed or 0.0)
        and _shown(call, order)
        and _wanted(arguments, order)
        and any(start < moment <= end for moment in _times(order, which))
    ]
    orders.sort(key=lambda order: order.closed or 0.0, reverse=True)
    return {"closed": _rows(call, _page(call, orders))} | _count(call, orders)


def _times(order: EngineOrder, which: str) -> list[float]:
    closed = order.closed or 0.0
    return {"open": [order.created], "close": [closed], "both": [order.created, closed]}[which]


def query_orders(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("txid", "trades", "userref", "cl_ord_id", "consolidate_taker", "rebase_multiplier")
    txids = call.arguments.listed("txid")
    if not 1 <= len(txids) <= _MAX_ORDERS:
        raise invalid("txid")
    orders = [call.account.orders.get(txid) for txid in txids]
    known = [order for order in orders if order is not None and _shown(call, order) and _readable(call, order)]
    if len(known) < len(txids):
        raise KrakenError("EOrder:Invalid order")
    _may_see(call, known)
    return _rows(call, [order for order in known if _wanted(call.arguments, order)])


def _may_see(call: KrakenPrivateCall, orders: Iterable[EngineOrder]) -> None:
    """Open and closed orders need separate permissions."""
    for order in orders:
        right = "query-closed-trades" if order.status.is_final else "query-open-trades"
        if right not in call.key.permissions:
            raise KrakenError("EGeneral:Permission denied")


def trades_history(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only(
        "type", "trades", "start", "end", "ofs", "consolidate_taker", "ledgers", "without_count", "rebase_multiplier"
    )
    if arguments.text("type") not in _TRADE_TYPES:
        raise invalid("type")
    start, end = _bounds(call)
    fills = [fill for fill in _shown_fills(call) if start < fill.time <= end]
    if arguments.text("consolidate_taker", "true").lower() not in ("false", "0"):
        fills = _consolidated(fills)
    fills.sort(key=lambda fill: (fill.time, fill.number), reverse=True)
    page = _page(call, fills)
    if call.context.fault(FaultKind.DUPLICATE_FILLS) is not None:
        page = [*reversed(page), *fills[:1]]
    return {"trades": {fill.id: _fill_row(call, fill) for fill in page}} | _count(call, fills)


def query_trades(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("txid", "trades", "rebase_multiplier")
    txids = call.arguments.listed("txid")
    if not 1 <= len(txids) <= _MAX_TRADES:
        raise invalid("txid")
    shown = {fill.id: fill for fill in _shown_fills(call)}
    if not shown.keys() >= set(txids):
        raise KrakenError("EQuery:Unknown trade")
    return {txid: _fill_row(call, shown[txid]) for txid in txids}


def ledgers(call: KrakenPrivateCall) -> dict[str, Any]:
    arguments = call.arguments
    arguments.only("asset", "aclass", "type", "start", "end", "ofs", "without_count", "rebase_multiplier")
    assets = [find_asset(name) for name in arguments.listed("asset") if name != "all"]
    if None in assets:
        raise KrakenError("EQuery:Unknown asset")
    currencies = {asset.currency for asset in assets if asset is not None}
    kind = arguments.text("type", "all") or "all"
    start, end = _bounds(call)
    entries = [
        entry
        for entry in reversed(call.account.ledger.values())
        if start < entry.time <= end
        and call.key.shows(entry.time)
        and (not currencies or entry.currency in currencies)
        and kind in ("all", entry.type)
    ]
    return {"ledger": {entry.id: ledger_row(entry) for entry in _page(call, entries)}} | _count(call, entries)


def query_ledgers(call: KrakenPrivateCall) -> dict[str, Any]:
    call.arguments.only("id", "trades", "rebase_multiplier")
    ids = call.arguments.listed("id")
    if not 1 <= len(ids) <= _MAX_TRADES or any(entry not in call.account.ledger for entry in ids):
        raise invalid("id")
    return {entry: ledger_row(call.account.ledger[entry]) for entry in ids}


def open_positions(call: KrakenPrivateCall) -> dict[str, Any]:
    """Margin only, so always empty."""
    call.arguments.only("txid", "docalcs", "consolidation", "rebase_multiplier")
    return {}


def _rows(call: KrakenPrivateCall, orders: Iterable[EngineOrder]) -> dict[str, Any]:
    trades = call.arguments.flag("trades")
    return {order.id: order_row(order, call.face.names, trades=trades) for order in orders}


def _fill_row(call: KrakenPrivateCall, fill: EngineFill) -> dict[str, Any]:
    return fill_row(fill, call.account.orders[fill.order_id], call.face.names)


def _shown(call: KrakenPrivateCall, order: EngineOrder) -> bool:
    return order.visible_from <= call.now


def _readable(call: KrakenPrivateCall, order: EngineOrder) -> bool:
    """Open orders are not history."""
    return not order.status.is_final or call.key.shows(order.closed or 0.0)


def _shown_fills(call: KrakenPrivateCall) -> list[EngineFill]:
    orders = call.account.orders
    fills = call.account.fills.values()
    return [fill for fill in fills if _shown(call, orders[fill.order_id]) and call.key.shows(fill.time)]


def _wanted(arguments: Arguments, order: EngineOrder) -> bool:
    client_id, reference = arguments.text("cl_ord_id"), arguments.text("userref")
    if client_id and order.client_id != client_id:
        return False
    return not reference or order.ticket.user_ref == arguments.integer("userref")


def _consolidated(fills: Iterable[EngineFill]) -> list[EngineFill]:
    """The taker fills of one order combined, under the id of the first."""
    merged: dict[str, EngineFill] = {}
    for fill in fills:
        key = fill.id if fill.maker else fill.order_id
        first = merged.get(key)
        if first is None:
            merged[key] = fill
            continue
        amount, cost = first.amount + fill.amount, first.cost + fill.cost
        merged[key] = replace(first, amount=amount, cost=cost, fee=first.fee + fill.fee, price=cost / amount)
    return list(merged.values())


def _bounds(call: KrakenPrivateCall) -> tuple[float, float]:
    """`start` is exclusive, `end` inclusive; each is a Unix time or an id."""
    return _moment(call, "start", 0.0), _moment(call, "end", float("inf"))


def _moment(call: KrakenPrivateCall, name: str, default: float) -> float:
    text = call.arguments.text(name)
    if not text:
        return default
    for book in (_order_times(call), _entry_times(call.account.fills), _entry_times(call.account.ledger)):
        if text in book:
            return book[text]
    return float(parse_number(text, name))


def _order_times(call: KrakenPrivateCall) -> dict[str, float]:
    return {order.id: order.closed or order.created for order in call.account.orders.values()}


def _entry_times(book: Mapping[str, Any]) -> dict[str, float]:
    return {key: entry.time for key, entry in book.items()}


def _page(call: KrakenPrivateCall, entries: list[T]) -> list[T]:
    offset = call.arguments.integer("ofs")
    if offset < 0:
        raise invalid("ofs")
    return entries[offset : offset + _PAGE]


def _count(call: KrakenPrivateCall, entries: list[T]) -> dict[str, int]:
    return {} if call.arguments.flag("without_count") else {"count": len(entries)}
