"""The comparison itself: pure, from what the exchange says and what the journal says to findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO
from nija.reconcile.findings import Finding, FindingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from decimal import Decimal

    from brokers.model import Order
    from nija.journal.journal import Journal
    from nija.orders.positions import Position
    from nija.reconcile.view import ExchangeView


def compare(view: ExchangeView, journal: Journal, positions: Mapping[str, Position]) -> tuple[Finding, ...]:
    """In the order in which they are to be repaired: orders, fills, stops, positions."""
    found: list[Finding] = []
    for order in view.orders():
        found.extend(_order(order, journal))
    found.extend(_lost(view, journal))
    found.extend(_fills(view, journal))
    found.extend(_orphans(view.open_orders, journal))
    found.extend(_positions(view, positions))
    return tuple(found)


def is_unknown(order: Order, journal: Journal) -> bool:
    """Whether this is an order of NIJA's that the journal does not have, or thinks was never placed."""
    if purpose_of(order.client_id) is None:
        return False
    intent = journal.intents.get(order.client_id or "")
    return intent is None or (intent.state.is_final and intent.exchange_id is None)


def _order(order: Order, journal: Journal) -> Iterator[Finding]:
    if purpose_of(order.client_id) is None:
        if not order.status.is_final:
            yield Finding(FindingKind.FOREIGN_ORDER, order.market, order.exchange_id, order=order)
        return
    intent = journal.intents.get(order.client_id or "")
    if is_unknown(order, journal):
        yield Finding(FindingKind.UNKNOWN_ORDER_OF_OURS, order.market, order.exchange_id, order=order)
    elif intent is not None and intent.state.is_live and order.status.is_final:
        yield Finding(FindingKind.STALE_ORDER, order.market, order.exchange_id, order=order)


def _lost(view: ExchangeView, journal: Journal) -> Iterator[Finding]:
    shown = {order.exchange_id for order in view.orders()}
    for intent in journal.intents.unsettled():
        if intent.state.is_live and intent.exchange_id is not None and intent.exchange_id not in shown:
            yield Finding(FindingKind.LOST_ORDER, intent.market, intent.exchange_id)


def _fills(view: ExchangeView, journal: Journal) -> Iterator[Finding]:
    for fill in view.fills:
        if journal.intents.by_exchange_id(fill.order_id) is not None and not journal.fills.has(fill.id):
            yield Finding(FindingKind.MISSING_FILL, fill.market, fill.id, fill=fill)


def _orphans(open_orders: Iterable[Order], journal: Journal) -> Iterator[Finding]:
    """Of several stops of one position the newest stays."""
    kept: set[str] = set()
    for order in sorted(open_orders, key=lambda order: order.created, reverse=True):
        intent = journal.intents.get(order.client_id or "")
        if purpose_of(order.client_id) is not Purpose.STOP or intent is None:
            continue
        plan = journal.plans.get(intent.position_id)
        if plan is None or plan.closed is not None or plan.id in kept:
            yield Finding(FindingKind.ORPHAN_STOP, order.market, order.exchange_id, order=order)
        else:
            kept.add(plan.id)


def _positions(view: ExchangeView, positions: Mapping[str, Position]) -> Iterator[Finding]:
    """What was bought was paid for: where no currency at all is told, the exchange has not said what is there."""
    if not view.balances:
        return
    free: dict[str, Decimal] = {currency: balance.total for currency, balance in view.balances.items()}
    for market, position in positions.items():
        base = market.partition("/")[0]
        left = free.get(base, ZERO) - position.amount
        free[base] = max(left, ZERO)
        if left < ZERO:
            yield Finding(FindingKind.POSITION_MISMATCH, market, market, missing=-left)
