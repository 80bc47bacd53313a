"""The funds held for an order, rounded so that its fills never cost more than was held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.engine.markets import ceil_to, floor_to

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Fees
    from brokers.simulator.engine.markets import MarketSpec
    from brokers.simulator.engine.orders import EngineOrder, Ticket


def hold_currency(spec: MarketSpec, side: Side) -> str:
    return spec.quote if side is Side.BUY else spec.base


def hold_for(spec: MarketSpec, fees: Fees, ticket: Ticket, remaining: Decimal, price: Decimal) -> Decimal:
    """The funds that `remaining` base of this order needs at a price, including the taker fee, rounded up."""
    if remaining <= ZERO or ticket.on_margin:
        return ZERO
    if ticket.side is Side.SELL:
        fee = ceil_to(remaining * fees.taker, spec.amount_step) if ticket.fee_in_base else ZERO
        return remaining + fee
    rate = ZERO if ticket.fee_in_base else fees.taker
    return ceil_to(remaining * price * (1 + rate), spec.cost_step)


def affordable(spec: MarketSpec, fees: Fees, order: EngineOrder, free: Decimal, price: Decimal) -> Decimal:
    """The amount of base that `free` (quote for a buy, base for a sell) covers at a price, including the fee."""
    rate = fees.taker
    if order.side is Side.SELL:
        return floor_to(free / (1 + rate), spec.amount_step) if order.ticket.fee_in_base else free
    spent = price if order.ticket.fee_in_base else price * (1 + rate)
    return floor_to(free / spent, spec.amount_step)
