"""Reading orders and fills, a page at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.simulator.coinbase.arguments import parse_moment
from brokers.simulator.coinbase.errors import invalid_argument, order_not_found
from brokers.simulator.coinbase.paging import page
from brokers.simulator.coinbase.render import (
    fill_fields,
    order_fields,
    source_of,
    status_of,
    time_in_force_of,
    type_of,
)
from brokers.simulator.coinbase.text import rfc3339
from brokers.simulator.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brokers.simulator.coinbase.arguments import Query
    from brokers.simulator.coinbase.face import Answer, CoinbasePrivateCall
    from brokers.simulator.engine.orders import EngineFill, EngineOrder

_STATUSES = (
    "PENDING", "OPEN", "QUEUED", "FILLED", "CANCELLED", "EXPIRED", "FAILED", "CANCEL_QUEUED", "EDIT_QUEUED",
    "UNKNOWN_ORDER_STATUS",
)  # fmt: skip
_ORDER_LISTS = (
    "order_ids", "product_ids", "order_status", "time_in_forces", "order_types", "asset_filters",
)  # fmt: skip
_ORDER_NAMES = (
    "product_id", "product_type", "order_side", "start_date", "end_date", "order_placement_source",
    "contract_expiry_type", "retail_portfolio_id", "limit", "cursor", "sort_by",
)  # fmt: skip
_FILL_LISTS = ("order_ids", "trade_ids", "product_ids")
_FILL_NAMES = (
    "order_id", "product_id", "start_sequence_timestamp", "end_sequence_timestamp", "retail_portfolio_id", "limit",
    "cursor", "sort_by",
)  # fmt: skip
_MOST_ORDERS = 1_000
_FILL_PAGE, _MOST_FILLS = 100, 1_000


def get_order(call: CoinbasePrivateCall) -> Answer:
    call.query.only("client_order_id", "user_native_currency")
    order = call.account.orders.get(call.path["order_id"])
    if order is None or order.visible_from > call.face.clock.time():
        raise order_not_found()
    return {"order": order_fields(call, order)}


def list_orders(call: CoinbasePrivateCall) -> Answer:
    query = call.query
    query.only(*_ORDER_NAMES, lists=_ORDER_LISTS)
    wanted = _OrderFilter.read(query)
    call.own_portfolio(query.text("retail_portfolio_id"))
    query.choice("sort_by", ("LAST_FILL_TIME", "LIMIT_PRICE", "CREATED_TIME", "LAST_UPDATE_TIME"))
    orders = [order for order in call.visible_orders() if wanted.matches(order)]
    source = query.text("order_placement_source", "RETAIL_ADVANCED")
    orders = [order for order in orders if source_of(order) == source]
    rows, cursor = page(orders, query, default=_MOST_ORDERS, largest=_MOST_ORDERS, identity=lambda order: order.id)
    return {
        "orders": [order_fields(call, order) for order in rows],
        "sequence": "0",
        "has_next": bool(cursor),
        "cursor": cursor,
    }


def list_fills(call: CoinbasePrivateCall) -> Answer:
    query = call.query
    query.only(*_FILL_NAMES, lists=_FILL_LISTS)
    call.own_portfolio(query.text("retail_portfolio_id"))
    query.choice("sort_by", ("PRICE", "TRADE_TIME"))
    hidden = {order.id for order in call.account.orders.values()} - {order.id for order in call.visible_orders()}
    fills = [
        fill
        for fill in reversed(call.account.fills.values())
        if fill.order_id not in hidden and _fill_matches(query, fill)
    ]
    if call.context.fault(FaultKind.DUPLICATE_FILLS) is not None:
        fills = [*reversed(fills), *fills]
    rows, cursor = page(fills, query, default=_FILL_PAGE, largest=_MOST_FILLS, identity=lambda fill: fill.id)
    return {"fills": [fill_fields(call, fill) for fill in rows], "cursor": cursor}


@dataclass(frozen=True, slots=True)
class _OrderFilter:
    """OPEN excludes PENDING and QUEUED, although those can still be cancelled."""

    ids: Sequence[str]
    products: Sequence[str]
    statuses: Sequence[str]
    forces: Sequence[str]
    types: Sequence[str]
    assets: Sequence[str]
    side: str
    product_type: str
    start: float
    end: float

    @classmethod
    def read(cls, query: Query) -> _OrderFilter:
        statuses = query.listed("order_status")
        if unknown := [status for status in statuses if status not in _STATUSES]:
            raise invalid_argument(f"order_status cannot be {unknown[0]}")
        if "OPEN" in statuses and len(statuses) > 1:
            raise invalid_argument("order_status OPEN cannot be mixed with others")
        return cls(
            ids=query.listed("order_ids"),
            products=_products(query),
            statuses=statuses,
            forces=query.listed("time_in_forces"),
            types=query.listed("order_types"),
            assets=query.listed("asset_filters"),
            side=query.choice("order_side", ("BUY", "SELL")),
            product_type=query.choice("product_type", ("SPOT", "FUTURE", "UNKNOWN_PRODUCT_TYPE"), "SPOT"),
            start=_or(query.moment("start_date"), -math.inf),
            end=_or(query.moment("end_date"), math.inf),
        )

    def matches(self, order: EngineOrder) -> bool:
        base, quote = order.symbol.split("/")
        return (
            self.product_type != "FUTURE"
            and _any(self.ids, order.id)
            and _any(self.products, f"{base}-{quote}")
            and _any(self.statuses, status_of(order))
            and _any(self.forces, time_in_force_of(order))
            and _any(self.types, type_of(order))
            and (not self.assets or base in self.assets or quote in self.assets)
            and self.side in ("", order.side.value.upper())
            and self.start <= order.created < self.end
        )


def _fill_matches(query: Query, fill: EngineFill) -> bool:
    orders = [*query.listed("order_ids"), *query.listed("order_id")]
    start = _or(query.moment("start_sequence_timestamp"), -math.inf)
    end = _or(query.moment("end_sequence_timestamp"), math.inf)
    # Compared as rendered: clients send the text they were given.
    when = parse_moment(rfc3339(fill.time), "trade_time")
    return (
        _any(orders, fill.order_id)
        and _any(query.listed("trade_ids"), fill.id)
        and _any(_products(query), fill.symbol.replace("/", "-"))
        and start <= when <= end
    )


def _products(query: Query) -> list[str]:
    return [*query.listed("product_ids"), *query.listed("product_id")]


def _any(wanted: Sequence[str], value: str) -> bool:
    return not wanted or value in wanted


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
