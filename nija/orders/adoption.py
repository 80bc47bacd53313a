"""Adopts NIJA orders that the journal does not know, after its disk or its newest part was lost.

NIJA holds one position per market, so the order of time tells which orders belong together: a filled entry opens a
position, and the increases, stops and sales after it belong to it until the next entry.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, is_increase, purpose_of
from brokers.model import ZERO, Fill, Order, OrderRequest, Side
from nija.journal.connection import CommitPoint
from nija.journal.open_state import in_market_of, progressed
from nija.journal.order_state import OrderState
from nija.journal.ownership import BY_ANOTHER
from nija.journal.positions import fold
from nija.journal.records import Intent, PositionPlan, WriteOff

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from decimal import Decimal

    from nija.orders.tracking import DeskContext

# How far the exchange's clock and ours may differ, with a margin.
_MARGIN = timedelta(minutes=2)
_CLOCK_STEP = timedelta(seconds=5)
_RECOVERED = "found at the exchange"
_LEFT = "left over when the next position was opened"


class Adopter:
    def __init__(self, context: DeskContext) -> None:
        self._broker = context.broker
        self._journal = context.journal
        self._last_prices = context.last_prices

    def adopt(self, orders: Iterable[Order], fills: Sequence[Fill], now: datetime) -> tuple[Order, ...]:
        """Adopt these orders with their fills; return those that belong to no known position."""
        left: list[Order] = []
        ordered = sorted(orders, key=lambda order: (order.created, _rank(order), order.exchange_id))
        for market in sorted({order.market for order in ordered}):
            mine = [order for order in ordered if order.market == market]
            with self._journal.transaction(CommitPoint.ADOPTED):
                growing = _growing(mine)
                alone = [order for order in mine if not self._take(order, fills, now, growing)]
                left.extend(order for order in alone if not (self._came_first(order) and self._take(order, fills, now)))
        return tuple(left)

    def _take(self, order: Order, fills: Sequence[Fill], now: datetime, growing: Container[str] = frozenset()) -> bool:
        """`growing`: the orders after which the position was increased, so that it cannot have ended with them."""
        known = self._journal.intents.get(order.client_id or "")
        plan = self._open_plan(order.market)
        if known is not None:
            self._reopen(known, order, plan, fills, now)
            return True
        purpose = purpose_of(order.client_id)
        if purpose is Purpose.ENTRY:
            plan = self._begin(order, plan, now)
        if plan is None or purpose is None or self._was_booked_out(plan, order):
            return False
        intent = _intent(order, plan, purpose)
        self._journal.intents.add(intent)
        self._book(intent, order, fills, now)
        self._after(plan, order, now, is_growing=order.exchange_id in growing)
        return True

    def _came_first(self, order: Order) -> bool:
        """Whether it is dated before its entry because the exchange's clock was set back between the two.

        An order that sold something may belong to an earlier position; that is not guessed.
        """
        plan = self._open_plan(order.market)
        return plan is not None and order.filled == ZERO and plan.opened - order.created <= _CLOCK_STEP

    def _was_booked_out(self, plan: PositionPlan, order: Order) -> bool:
        """Whether the coins that this order sold were already written off as sold by another program."""
        if order.side is Side.BUY or order.filled == ZERO:
            return False
        losses = self._journal.plans.write_offs(plan.id)
        return any(loss.reason == BY_ANOTHER and loss.time >= order.created - _MARGIN for loss in losses)

    def _open_plan(self, market: str) -> PositionPlan | None:
        return next((plan for plan in self._journal.plans.open() if plan.market == market), None)

    def _begin(self, order: Order, former: PositionPlan | None, now: datetime) -> PositionPlan:
        """The plan of the position that this entry opened or increased, closed at once if it bought nothing."""
        bought = order.filled > ZERO or not order.status.is_final
        if former is not None and is_increase(order.client_id):
            return former
        if bought and former is not None and order.created < former.opened:
            # Listed late: it was never sold, and a market has one position.
            return former
        if bought and former is not None:
            self._end(former, _LEFT, now)
        plan = PositionPlan(order.client_id or "", order.market, order.created, "", closed=None if bought else now)
        self._journal.plans.add(plan)
        return plan

    def _reopen(
        self, known: Intent, order: Order, plan: PositionPlan | None, fills: Sequence[Fill], now: datetime
    ) -> None:
        """An order that was believed never placed: reopen its position, or add it to the one that is open now."""
        home = self._journal.plans.get(known.position_id)
        if plan is not None:
            home = plan
        elif home is not None and home.closed is not None:
            home = replace(home, closed=None)
            self._journal.plans.save(home)
        position_id = known.position_id if home is None else home.id
        again = replace(
            known,
            position_id=position_id,
            state=OrderState.UNKNOWN,
            settled=False,
            exchange_id=order.exchange_id,
            outcome=_RECOVERED,
        )
        self._journal.intents.save(known, again, now, _RECOVERED)
        self._book(again, order, fills, now)

    def _book(self, intent: Intent, order: Order, fills: Sequence[Fill], now: datetime) -> None:
        of_order = (fill for fill in fills if fill.order_id == order.exchange_id)
        mine = [in_market_of(intent, fill) for fill in of_order if not self._journal.fills.has(fill.id)]
        booked = self._journal.fills.booked(intent.client_id) + sum((fill.amount for fill in mine), ZERO)
        self._journal.intents.save(intent, progressed(intent, order, booked), now, _RECOVERED)
        for fill in mine:
            self._journal.fills.book(intent.client_id, fill, now)

    def _after(self, plan: PositionPlan, order: Order, now: datetime, *, is_growing: bool) -> None:
        """The plan follows its stops and ends with the sale that left nothing to sell.

        A stop from before the entry may be a former position's: it never changes a stop price that is known.
        """
        is_its_own = order.created >= plan.opened
        if order.stop_price is not None and (is_its_own or plan.stop_price is None):
            self._journal.plans.save(replace(plan, stop_price=order.stop_price))
        opens = order.side is Side.BUY and not is_increase(order.client_id)
        if opens or is_growing or any(not intent.state.is_final for intent in self._orders(plan)):
            return
        if self._is_dust(plan, self._held(plan)):
            self._end(plan, "too little to be sold", now)

    def _orders(self, plan: PositionPlan) -> tuple[Intent, ...]:
        return self._journal.intents.of_position(plan.id)

    def _end(self, plan: PositionPlan, reason: str, now: datetime) -> None:
        left = self._held(plan)
        # Negative if the owner had enlarged a stop, which then sold his coins too.
        if left != ZERO:
            self._journal.plans.write_off(WriteOff(plan.id, left, reason, now, self._last_prices.get(plan.market)))
        current = self._journal.plans.get(plan.id) or plan
        self._journal.plans.save(replace(current, closed=now))

    def _held(self, plan: PositionPlan) -> Decimal:
        return fold(plan, self._journal.fills.of_position(plan.id), self._journal.plans.write_offs(plan.id)).amount

    def _is_dust(self, plan: PositionPlan, amount: Decimal) -> bool:
        market = self._broker.markets().get(plan.market)
        return amount <= ZERO or (market is not None and amount < market.min_amount)


def _growing(orders: Sequence[Order]) -> frozenset[str]:
    """The orders after which their position was increased: a stop that was enlarged later sold the increase too."""
    growing: list[str] = []
    grows = False
    for order in reversed(orders):
        if grows:
            growing.append(order.exchange_id)
        if purpose_of(order.client_id) is Purpose.ENTRY:
            grows = is_increase(order.client_id)
    return frozenset(growing)


def _rank(order: Order) -> int:
    """Which of two orders with the same time came first."""
    return {Purpose.ENTRY: 0, Purpose.STOP: 1, Purpose.EXIT: 2, None: 3}[purpose_of(order.client_id)]


def _intent(order: Order, plan: PositionPlan, purpose: Purpose) -> Intent:
    """Unknown at first, like any order whose answer was lost; the exchange's report of it follows at once."""
    return Intent(
        request=OrderRequest(
            client_id=order.client_id or "",
            market=order.market,
            side=order.side,
            type=order.type,
            amount=order.amount,
            deadline=order.created,
            limit_price=order.limit_price if order.stop_price is None else None,
            stop_price=order.stop_price,
        ),
        position_id=plan.id,
        purpose=purpose,
        state=OrderState.UNKNOWN,
        created=order.created,
        filled=ZERO,
        reason=_RECOVERED,
    )
