"""Gives NIJA's positions of an account to their owner: by `nija release`, never by itself.

The command is in the journal until everything is given, so a restart at any point goes on with it. A stop is
cancelled before its position is booked out, and not placed again in between. A stop that is kept changes hands in the
same commit as its position.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from nija.journal.records import HaltName

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from nija.journal.records import Intent, PositionPlan
    from nija.orders.execution import Executor
    from nija.orders.tracking import DeskContext

# An entry and a stop may have to be cancelled, and then the position is booked out.
_STEPS_AT_ONCE = 6


@dataclass(frozen=True, slots=True)
class WaitForOrders:
    """An order's outcome, a sale or a fill is not known yet: more or less may be given than is booked now."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    order: Intent


@dataclass(frozen=True, slots=True)
class BookOut:
    """`kept` are the stops that stay at the exchange as the owner's."""

    kept: tuple[Intent, ...] = ()


def next_release_step(
    orders: Sequence[Intent], booked: Container[str], *, keep_stops: bool
) -> WaitForOrders | Withdraw | BookOut:
    """For one position. `orders` are its unsettled ones, `booked` the client ids of those whose fills all are."""
    if any(order.state.is_unresolved or order.client_id not in booked for order in orders):
        return WaitForOrders()
    live = [order for order in orders if order.state.is_live]
    stops = tuple(order for order in live if order.purpose is Purpose.STOP)
    if any(order.purpose is Purpose.EXIT for order in live):
        return WaitForOrders()
    withdrawn = [order for order in live if order.purpose is Purpose.ENTRY or not keep_stops]
    return Withdraw(withdrawn[0]) if withdrawn else BookOut(stops)


class Releaser:
    """Used by one desk. While it `is_active`, positions are given away instead of protected and sold."""

    def __init__(self, context: DeskContext, executor: Executor, halts: Container[HaltName]) -> None:
        self._context = context
        self._open = context.open
        self._executor = executor
        self.follow(halts)

    def follow(self, halts: Container[HaltName]) -> None:
        """Take up, change or end a release, as the halts say."""
        self.is_active = HaltName.RELEASE in halts or HaltName.RELEASE_KEEPING_STOPS in halts
        self._keep_stops = HaltName.RELEASE not in halts

    def run(self, plan: PositionPlan) -> None:
        """Go as far as possible now. Raises BrokerError."""
        for _ in range(_STEPS_AT_ONCE):
            orders = self._open.orders(plan.market)
            booked = {order.client_id for order in orders if order.filled <= self._open.booked(order)}
            step = next_release_step(orders, booked, keep_stops=self._keep_stops)
            match step:
                case WaitForOrders():
                    return
                case Withdraw(order) if self._executor.is_ending(order):
                    return
                case Withdraw(order):
                    self._executor.withdraw(order)
                case BookOut(kept):
                    self._open.release(plan, kept, self._context.last_prices.get(plan.market))
                    self._executor.forget(plan)
                    return
