"""Orders and fills, from and to Kraken's JSON.

NIJA's own orders must have every field. All others belong to the account's owner and may be of any kind: they are read
as far as needed to know what moved which coins when, and other unreadable fields stay unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.client_order_id import purpose_of
from brokers.errors import OrderRejected
from brokers.kraken.json_fields import UNREADABLE, decimal_of, moment_of, plain, rfc3339
from brokers.model import ZERO, Fill, Order, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from decimal import Decimal

    from brokers.kraken.symbols import Symbols
    from brokers.model import Market, OrderRequest

_STATUSES = {
    "pending": OrderStatus.PENDING,
    "open": OrderStatus.OPEN,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELLED,
    "expired": OrderStatus.EXPIRED,
}
_ORDER_TYPES = {OrderType.MARKET: "market", OrderType.LIMIT: "limit", OrderType.STOP: "stop-loss"}
_TYPES = {name: kind for kind, name in _ORDER_TYPES.items()}
_PRICED = (OrderType.LIMIT, OrderType.STOP)
_RELATIVE = ("+", "-", "#")
_NUMBERS = ("vol", "vol_exec", "cost", "fee", "price")
_NO_LEVERAGE = ("", "none", "0")


def order_params(request: OrderRequest, market: Market, pair_id: str, deadline: datetime) -> dict[str, str]:
    """The parameters of AddOrder. Raises OrderRejected if the amount rounds down to nothing."""
    amount = market.floor_amount(request.amount)
    if amount <= ZERO:
        raise OrderRejected(
            f"{plain(request.amount)} {market.base} is less than one step of {plain(market.amount_step)}",
            "below one step",
        )
    params = {
        "pair": pair_id,
        "type": request.side.value,
        "ordertype": _ORDER_TYPES[request.type],
        "volume": plain(amount),
        # Fees in the quote currency; by default the currency depends on the side.
        "oflags": "fciq,post" if request.post_only else "fciq",
        "cl_ord_id": request.client_id,
        "deadline": rfc3339(deadline),
    }
    if request.limit_price is not None:
        params["price"] = plain(_limit_on_tick(request.side, request.limit_price, market))
    if request.stop_price is not None:
        params["price"] = plain(market.floor_price(request.stop_price))
        params["trigger"] = "last"
    return params


def _limit_on_tick(side: Side, price: Decimal, market: Market) -> Decimal:
    """Never worse than requested: a buy limit is rounded down, a sell limit up."""
    return market.floor_price(price) if side is Side.BUY else market.ceil_price(price)


def order_of(exchange_id: str, row: Mapping[str, Any], symbols: Symbols) -> Order:
    """Raises one of `UNREADABLE`. The top-level `price` is the average of the fills; the order's own is in `descr`."""
    client_id = row.get("cl_ord_id") or None
    if purpose_of(client_id) is not None:
        _require_all_fields(row)
    described = row["descr"]
    kind = _TYPES.get(described.get("ordertype"), OrderType.OTHER)
    own_price = _price(described.get("price"))
    filled = _in_base(row, decimal_of(row["vol_exec"]))
    wanted = _number(row.get("vol"))
    closed = _moment(row.get("closetm"))
    return Order(
        exchange_id=exchange_id,
        client_id=client_id,
        market=symbols.symbol(str(described["pair"])),
        side=Side(described["type"]),
        type=kind,
        status=_status(row, ended=closed is not None),
        amount=_in_base(row, wanted) if wanted else filled,
        filled=filled,
        average_price=_average(row, filled),
        fee=_number(row.get("fee")) or ZERO,
        created=moment_of(row["opentm"]),
        closed=closed,
        limit_price=own_price if kind is OrderType.LIMIT else None,
        stop_price=(_price(row.get("stopprice")) or own_price) if kind is OrderType.STOP else None,
        reason="; ".join(str(row[name]) for name in ("reason", "misc") if row.get(name)),
        margin=str(described.get("leverage") or "") not in _NO_LEVERAGE,
    )


def fill_of(fill_id: str, row: Mapping[str, Any], symbols: Symbols) -> Fill:
    """Raises one of `UNREADABLE`. Here `pair` is the pair's id; in orders it is the altname."""
    market = symbols.symbol(str(row["pair"]))
    return Fill(
        id=fill_id,
        order_id=str(row.get("ordertxid") or ""),
        market=market,
        side=Side(row["type"]),
        amount=decimal_of(row["vol"]),
        price=decimal_of(row["price"]),
        fee=decimal_of(row["fee"]),
        fee_currency=symbols.quote(market),
        time=moment_of(row["time"]),
        maker=row.get("maker") is True,
    )


def is_margin_trade(row: Mapping[str, Any]) -> bool:
    """Whether a row of TradesHistory moved borrowed coins, which never become part of a balance."""
    return bool(_number(row.get("margin"))) or str(row.get("leverage") or "") not in _NO_LEVERAGE


def _require_all_fields(row: Mapping[str, Any]) -> None:
    described, status = row["descr"], _STATUSES[row["status"]]
    for name in _NUMBERS:
        decimal_of(row[name])
    if _TYPES.get(described["ordertype"]) in _PRICED:
        decimal_of(described["price"])
    if status.is_final:
        moment_of(row["closetm"])


def _status(row: Mapping[str, Any], *, ended: bool) -> OrderStatus:
    return _STATUSES.get(str(row.get("status")), OrderStatus.CANCELLED if ended else OrderStatus.OPEN)


def _average(row: Mapping[str, Any], filled: Decimal) -> Decimal | None:
    if filled == ZERO:
        return None
    price, cost = _number(row.get("price")), _number(row.get("cost"))
    return price or (cost / filled if cost is not None else None)


def _in_base(row: Mapping[str, Any], volume: Decimal) -> Decimal:
    """Owners may place orders by quote amount (`viqc`); their volumes are, or once were, in quote currency."""
    price, cost, filled = (_number(row.get(name)) for name in ("price", "cost", "vol_exec"))
    if "viqc" not in str(row.get("oflags")) or not price or not cost or not filled:
        return volume
    is_base = abs(filled * price - cost) <= cost / 100
    return volume if is_base else volume / price


def _number(value: object) -> Decimal | None:
    try:
        return decimal_of(value)
    except UNREADABLE:
        return None


def _price(value: object) -> Decimal | None:
    """None also for a price relative to the market, such as `+5%` or `#2`."""
    return None if str(value).startswith(_RELATIVE) else _number(value) or None


def _moment(value: object) -> datetime | None:
    return moment_of(value) if _number(value) else None
