"""Orders, fills and ledger entries as Kraken lists them: amounts as text with the right decimals, times as numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.simulator.engine.orders import EngineFill, EngineOrder, Kind, Status, Ticket
from brokers.simulator.kraken.symbols import (
    COST_DECIMALS,
    LOT_DECIMALS,
    Names,
    Pair,
    asset_decimals,
    balance_name,
)

if TYPE_CHECKING:
    from brokers.simulator.engine.accounts import LedgerEntry

_STATUS = {
    Status.PENDING: "pending",
    Status.OPEN: "open",
    Status.FILLED: "closed",
    Status.CANCELLED: "canceled",
    Status.EXPIRED: "expired",
}
_PROFITS = (Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT)


def fixed(number: Decimal, decimals: int) -> str:
    return f"{number:.{decimals}f}"


def precise(number: Decimal, decimals: int) -> str:
    """At least `decimals` decimals; prices of recorded candles keep all of theirs."""
    exponent = number.as_tuple().exponent
    return fixed(number, max(decimals, -exponent if isinstance(exponent, int) else 0))


def money(number: Decimal, currency: str) -> str:
    return fixed(number, asset_decimals(currency))


def order_text(ticket: Ticket, pair: Pair, amount: Decimal) -> str:
    """A description like `buy 0.01000000 XBTUSD @ limit 50000.0`."""
    words = f"{ticket.side} {fixed(amount, LOT_DECIMALS)} {pair.altname} @ "
    return words + _own_terms(ticket, pair, ticket.limit_price, ticket.stop_price)


def _own_terms(ticket: Ticket, pair: Pair, limit: Decimal | None, stop: Decimal | None) -> str:
    trail = ticket.face.get("trail")
    if not isinstance(trail, tuple):
        return _terms(ticket.kind, pair, limit, stop)
    offset, limit_offset = trail
    return f"trailing stop {offset}" + (f" -> limit {limit_offset}" if limit_offset else "")


def described(ticket: Ticket, pair: Pair, amount: Decimal) -> dict[str, str]:
    """The `descr` of an answer to AddOrder."""
    words = {"order": order_text(ticket, pair, amount)}
    if ticket.close is not None:
        words["close"] = close_text(ticket, pair)
    return words


def close_text(ticket: Ticket, pair: Pair) -> str:
    close = ticket.close
    if close is None:
        return ""
    return "close position @ " + _terms(close.kind, pair, close.limit_price, close.stop_price)


def _terms(kind: Kind, pair: Pair, limit: Decimal | None, stop: Decimal | None) -> str:
    name = kind.value.removesuffix("-limit").replace("-", " ")
    if kind in (Kind.MARKET, Kind.LIMIT) or stop is None:
        return kind.value if limit is None else f"{kind.value} {fixed(limit, pair.pair_decimals)}"
    behind = "" if limit is None else f" -> limit {fixed(limit, pair.pair_decimals)}"
    return f"{name} {fixed(stop, pair.pair_decimals)}{behind}"


def order_row(order: EngineOrder, names: Names, *, trades: bool) -> dict[str, Any]:
    """One value of OpenOrders, ClosedOrders and QueryOrders."""
    pair, ticket = names.of(order.symbol), order.ticket
    row: dict[str, Any] = {
        "refid": order.parent,
        "userref": ticket.user_ref,
        "status": _STATUS[order.status],
        "opentm": order.created,
        "starttm": ticket.starts or 0,
        "expiretm": ticket.expires or 0,
        "descr": _description(order, pair),
        "vol": fixed(order.amount, LOT_DECIMALS),
        "vol_exec": fixed(order.filled, LOT_DECIMALS),
        "cost": fixed(order.cost, max(COST_DECIMALS, pair.quote.decimals)),
        "fee": _fee(order.fee, pair, in_base=ticket.fee_in_base),
        "price": fixed(order.average_price or Decimal(0), pair.pair_decimals),
        "stopprice": fixed((order.stop_price if order.triggered else None) or Decimal(0), COST_DECIMALS),
        "limitprice": fixed((order.limit_price if order.triggered else None) or Decimal(0), COST_DECIMALS),
        "misc": _remarks(order),
        "oflags": str(ticket.face.get("oflags", "fciq")),
    }
    if ticket.client_id is not None:
        row["cl_ord_id"] = ticket.client_id
    if order.closed is not None:
        row |= {"closetm": order.closed, "reason": order.reason or None}
    if trades and order.fill_ids:
        row["trades"] = list(order.fill_ids)
    return row | _special(order)


def _special(order: EngineOrder) -> dict[str, str]:
    """The fields that only some kinds of order have."""
    face = order.ticket.face
    row = {"trigger": str(face["trigger"])} if face.get("trigger") else {}
    shown = face.get("displayvol")
    if isinstance(shown, Decimal):
        row |= {"displayvol": fixed(shown, LOT_DECIMALS), "displayvolremain": fixed(shown, LOT_DECIMALS)}
    return row


def _description(order: EngineOrder, pair: Pair) -> dict[str, str]:
    ticket = order.ticket
    stop, limit = order.stop_price, order.limit_price
    first, second = (stop, limit) if order.kind.has_trigger else (limit, None)
    prices = ["0" if price is None else fixed(price, pair.pair_decimals) for price in (first, second)]
    trail = ticket.face.get("trail")
    if isinstance(trail, tuple):
        prices = [offset or "0" for offset in trail]
    return {
        "pair": pair.altname,
        "aclass": "forex",
        "type": order.side.value,
        "ordertype": str(ticket.face.get("ordertype", order.kind.value)),
        "price": prices[0],
        "price2": prices[1],
        "leverage": f"{ticket.face['leverage']}:1" if ticket.on_margin else "none",
        "order": _order_words(order, pair),
        "close": close_text(ticket, pair),
    }


def _order_words(order: EngineOrder, pair: Pair) -> str:
    terms = _own_terms(order.ticket, pair, order.limit_price, order.stop_price)
    leverage = f" with {order.ticket.face['leverage']}:1 leverage" if order.ticket.on_margin else ""
    return f"{order.side} {fixed(order.amount, LOT_DECIMALS)} {pair.altname} @ {terms}{leverage}"


def _remarks(order: EngineOrder) -> str:
    remarks = []
    if order.triggered:
        remarks.append("touched" if order.kind in _PROFITS else "stopped")
    if order.filled and order.status in (Status.CANCELLED, Status.EXPIRED):
        remarks.append("partial")
    if order.amended is not None:
        remarks.append("amended")
    return ",".join(remarks)


def _fee(fee: Decimal, pair: Pair, *, in_base: bool) -> str:
    return fixed(fee, LOT_DECIMALS if in_base else max(COST_DECIMALS, pair.quote.decimals))


def fill_row(fill: EngineFill, order: EngineOrder, names: Names) -> dict[str, Any]:
    """One value of TradesHistory and QueryTrades."""
    ticket = order.ticket
    leverage = str(ticket.face["leverage"]) if ticket.on_margin else "0"
    pair = names.of(fill.symbol)
    money_decimals = max(COST_DECIMALS, pair.quote.decimals)
    in_base = fill.fee_currency == pair.spec.base
    return {
        "ordertxid": fill.order_id,
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": pair.id,
        "aclass": "forex",
        "time": fill.time,
        "type": fill.side.value,
        "ordertype": str(ticket.face.get("ordertype", order.kind.value)),
        "price": fixed(fill.price, max(COST_DECIMALS, pair.pair_decimals)),
        "cost": fixed(fill.cost, money_decimals),
        "fee": _fee(fill.fee, pair, in_base=in_base),
        "vol": fixed(fill.amount, LOT_DECIMALS),
        "margin": fixed(fill.cost / int(leverage) if ticket.on_margin else Decimal(0), COST_DECIMALS),
        "leverage": leverage,
        "misc": "",
        "trade_id": fill.number,
        "maker": fill.maker,
    }


def ledger_row(entry: LedgerEntry) -> dict[str, Any]:
    return {
        "refid": entry.reference,
        "time": entry.time,
        "type": entry.type,
        "subtype": entry.subtype,
        "aclass": "currency",
        "asset": balance_name(entry.currency),
        "amount": money(entry.amount, entry.currency),
        "fee": money(entry.fee, entry.currency),
        "balance": money(entry.balance, entry.currency),
    }
