"""When a resting conditional order triggers, by the last price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import Side
from brokers.simulator.engine.markets import MarketSpec, ceil_to, floor_to
from brokers.simulator.engine.orders import EngineOrder, Kind

if TYPE_CHECKING:
    from decimal import Decimal

_PROFITS = (Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT)


def is_hit(order: EngineOrder, price: Decimal) -> bool:
    """A stop triggers when the price moves against the order's side, a take-profit when it moves with it."""
    trigger = order.stop_price
    if trigger is None:
        return False
    falls = (order.side is Side.SELL) != (order.kind in _PROFITS)
    return price <= trigger if falls else price >= trigger


def update_trail(order: EngineOrder, price: Decimal, spec: MarketSpec) -> None:
    """Move a trailing stop with the price, in one direction only."""
    trail = order.ticket.trail
    if trail is None:
        return
    distance = trail.distance(price)
    if order.side is Side.SELL:
        follows = floor_to(price - distance, spec.price_step)
        order.stop_price = follows if order.stop_price is None else max(order.stop_price, follows)
    else:
        follows = ceil_to(price + distance, spec.price_step)
        order.stop_price = follows if order.stop_price is None else min(order.stop_price, follows)


def triggered_limit(order: EngineOrder, spec: MarketSpec) -> Decimal | None:
    """The limit price of an order that has just triggered; for trailing orders it is relative to the trigger."""
    trail = order.ticket.trail
    if trail is None or order.stop_price is None:
        return order.limit_price
    return max(spec.price_step, floor_to(order.stop_price + trail.limit_offset, spec.price_step))
