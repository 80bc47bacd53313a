"""The open part of the journal in memory: unsettled orders, open plans, held positions.

Every change is on disk before it is in memory, so all of it can be read again after a crash.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from brokers.clock import Clock, utc_now
from brokers.model import ZERO, Fill, Order
from nija.events import (
    RELEASED,
    Events,
    OrderFilled,
    PositionClosed,
    PositionIncreased,
    PositionOpened,
    PositionReduced,
    PositionWrittenOff,
)
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState, state_of
from nija.journal.positions import Position, fold
from nija.journal.records import Holding, Intent, PositionPlan, WriteOff

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from accounts.identity import AccountId
    from nija.journal.journal import Journal

# For `nija status`; the journal keeps all of them.
_WRITE_OFFS_KEPT = 20


class OpenState:
    def __init__(self, journal: Journal, clock: Clock, events: Events) -> None:
        self._journal = journal
        self._account = journal.account
        self._clock = clock
        self._events = events
        self._unsettled: dict[str, Intent] = {}
        self._booked: dict[str, Decimal] = {}
        self._plans: dict[str, PositionPlan] = {}
        self._positions: dict[str, Position] = {}
        self._held: Mapping[str, Position] = MappingProxyType({})
        self._written_off: tuple[tuple[str, WriteOff], ...] = ()
        # Ids of the positions whose opening was published, or happened before this process.
        self._announced: set[str] = set()
        self.load()

    def load(self, since: datetime | None = None) -> None:
        """Read everything open from disk. A position new to memory is published if it was opened after `since`."""
        settling = self._unsettled
        self._unsettled = {intent.client_id: intent for intent in self._journal.intents.unsettled()}
        self._booked = {client_id: self._journal.fills.booked(client_id) for client_id in self._unsettled}
        self._plans = {plan.market: plan for plan in self._journal.plans.open()}
        self._positions = {}
        self._hold()
        for plan in self._plans.values():
            self._fold(plan)
        self._publish_closed(self._announced - {plan.id for plan in self._plans.values()})
        for plan in self._plans.values():
            is_news = plan.id in settling or (since is not None and plan.opened >= since)
            if not is_news and plan.id not in self._unsettled:
                self._announced.add(plan.id)
            self._publish_opened(plan.market)
        for client_id in sorted(settling.keys() - self._unsettled.keys()):
            ended = self._journal.intents.get(client_id)
            if ended is not None:
                self._publish_increased(ended)

    def now(self) -> datetime:
        return utc_now(self._clock)

    # State.

    def unsettled(self) -> tuple[Intent, ...]:
        return tuple(self._unsettled.values())

    def orders(self, market: str, *purposes: Purpose) -> tuple[Intent, ...]:
        """The unsettled orders of one market, of these purposes or of all."""
        return tuple(
            intent
            for intent in self._unsettled.values()
            if intent.market == market and (not purposes or intent.purpose in purposes)
        )

    def plans(self) -> Mapping[str, PositionPlan]:
        """The open plans by market."""
        return dict(self._plans)

    def plan(self, market: str) -> PositionPlan | None:
        return self._plans.get(market)

    def positions(self) -> Mapping[str, Position]:
        """The held positions, by market."""
        return self._held

    def position(self, market: str) -> Position | None:
        return self._positions.get(market)

    def written_off(self) -> tuple[tuple[str, WriteOff], ...]:
        """Write-offs since the start, with their market, oldest first."""
        return self._written_off

    def current(self, intent: Intent) -> Intent:
        """The latest state of this order."""
        return self._unsettled.get(intent.client_id, intent)

    def booked(self, intent: Intent) -> Decimal:
        return self._booked.get(intent.client_id, ZERO)

    # Changes.

    def intend(self, intent: Intent, plan: PositionPlan | None = None) -> None:
        """Commit the decision to send an order, with the position plan if it is an entry."""
        with self._journal.transaction(CommitPoint.INTENDED):
            if plan is not None:
                self._journal.plans.add(plan)
            self._journal.intents.add(intent)
        if plan is not None:
            self._plans[plan.market] = plan
            self._fold(plan)
        self._unsettled[intent.client_id] = intent
        self._booked[intent.client_id] = ZERO

    def move(self, old: Intent, new: Intent, step: CommitPoint, note: str = "") -> Intent:
        with self._journal.transaction(step):
            self._journal.intents.save(old, new, self.now(), note)
        return self._keep(new)

    def apply(self, intent: Intent, order: Order) -> Intent:
        """Apply the exchange's report of an order."""
        new = progressed(intent, order, self.booked(intent))
        if new == intent:
            return intent
        with self._journal.transaction(CommitPoint.PROGRESS):
            self._journal.intents.save(intent, new, self.now(), order.reason)
        if new.state.is_final and not intent.state.is_final and new.filled > ZERO:
            self._events.publish(_filled(self._account, new, order.average_price))
        return self._keep(new)

    def book(self, intent: Intent, fills: Iterable[Fill]) -> Intent:
        """Book the new ones of `fills` that belong to this order."""
        new_ones = (
            fill for fill in fills if fill.order_id == intent.exchange_id and not self._journal.fills.has(fill.id)
        )
        mine = [in_market_of(intent, fill) for fill in new_ones]
        if not mine:
            return intent
        booked = self.booked(intent) + sum((fill.amount for fill in mine), ZERO)
        filled = max(intent.filled, booked)
        new = replace(intent, filled=filled, settled=intent.state.is_final and booked >= filled)
        now = self.now()
        with self._journal.transaction(CommitPoint.BOOKED):
            self._journal.intents.save(intent, new, now, "fills booked")
            for fill in mine:
                self._journal.fills.book(intent.client_id, fill, now)
        self._booked[intent.client_id] = booked
        plan = self._plans.get(intent.market)
        if plan is not None:
            self._fold(plan)
        return self._keep(new)

    def update_plan(self, plan: PositionPlan) -> None:
        with self._journal.transaction(CommitPoint.PLANNED):
            self._journal.plans.save(plan)
        self._plans[plan.market] = plan
        self._fold(plan)

    def end_reduction(self, plan: PositionPlan) -> None:
        """The position has been sold down to what its plan keeps, or nothing more of the rest can be sold."""
        self.update_plan(replace(plan, keep=None))
        sold = self._sold_for(plan)
        if sold:
            self._events.publish(_reduced(self._account, plan, sold, self._positions[plan.market]))

    def _sold_for(self, plan: PositionPlan) -> tuple[Fill, ...]:
        """The fills of the sales for the plan's reduction."""
        orders = self._journal.intents.of_position(plan.id)
        sales = (order for order in orders if order.purpose is Purpose.EXIT and order.signal_time == plan.keep_signal)
        of_sales = self._journal.fills.of_orders([sale.client_id for sale in sales])
        return tuple(fill for fills in of_sales.values() for fill in fills)

    def write_off(self, losses: Iterable[WriteOff], holdings: Iterable[Holding]) -> None:
        """Write off coins that left positions without a sale by NIJA, and save the owner's share after that."""
        losses = tuple(losses)
        markets = {plan.id: plan.market for plan in self._plans.values()}
        with self._journal.transaction(CommitPoint.CLOSED):
            for loss in losses:
                self._journal.plans.write_off(loss)
            self._journal.holdings.save(holdings)
        lost = [(markets[loss.position_id], loss) for loss in losses if loss.position_id in markets]
        self._written_off = (*self._written_off, *lost)[-_WRITE_OFFS_KEPT:]
        for plan in self._plans.values():
            self._fold(plan)
        for market, loss in lost:
            self._events.publish(
                PositionWrittenOff(self._account, market, loss.amount, loss.reason, position=loss.position_id)
            )

    def close(self, plan: PositionPlan, reason: str, price: Decimal | None = None) -> None:
        """End a position; the remainder is written off at `price` (quote), the last known one."""
        now = self.now()
        position = self._positions.get(plan.market)
        left = ZERO if position is None else position.amount
        with self._journal.transaction(CommitPoint.CLOSED):
            if left != ZERO:
                self._journal.plans.write_off(WriteOff(plan.id, left, reason, now, price))
            self._journal.plans.save(replace(plan, closed=now))
        self._forget(plan)
        if position is not None and (position.sold > ZERO or left > ZERO):
            self._events.publish(_closed(self._account, self._folded(plan), left))

    def release(self, plan: PositionPlan, kept: Iterable[Intent], price: Decimal | None) -> None:
        """Give a position to its owner, and with it the `kept` orders that rest. `price` (quote) is the last known."""
        now = self.now()
        position = self._positions.get(plan.market)
        left = ZERO if position is None else position.amount
        with self._journal.transaction(CommitPoint.CLOSED):
            for order in kept:
                given = replace(order, state=OrderState.RELEASED, settled=True, outcome=RELEASED)
                self._journal.intents.save(order, given, now, RELEASED)
                self._unsettled.pop(order.client_id, None)
            if left:
                self._journal.plans.write_off(WriteOff(plan.id, left, RELEASED, now, price))
            self._journal.plans.save(replace(plan, closed=now))
        self._forget(plan)
        if left > ZERO:
            self._events.publish(PositionWrittenOff(self._account, plan.market, left, RELEASED, position=plan.id))

    def _forget(self, plan: PositionPlan) -> None:
        self._plans.pop(plan.market, None)
        self._positions.pop(plan.market, None)
        self._hold()
        self._announced.discard(plan.id)

    def _publish_opened(self, market: str) -> None:
        """Publish each position once: when its entry, whose id it shares, has ended with all its fills booked."""
        position = self._positions.get(market)
        if position is None or position.id in self._announced or position.id in self._unsettled:
            return
        if position.amount > ZERO:
            self._announced.add(position.id)
            self._events.publish(_opened(self._account, position))

    def _publish_increased(self, entry: Intent) -> None:
        """Publish an increase when it has ended with all its fills booked."""
        position = self._positions.get(entry.market)
        if entry.purpose is not Purpose.ENTRY or entry.client_id == entry.position_id:
            return
        fills = self._journal.fills.of_orders([entry.client_id]).get(entry.client_id, ())
        if fills and position is not None and position.id == entry.position_id:
            self._events.publish(_increased(self._account, position, fills))

    def _publish_closed(self, positions: Iterable[str]) -> None:
        """Publish positions that a repair of the journal has closed."""
        for position_id in tuple(positions):
            self._announced.discard(position_id)
            plan = self._journal.plans.get(position_id)
            if plan is not None and (position := self._folded(plan)).sold > ZERO:
                self._events.publish(_closed(self._account, position, position.amount))

    def _keep(self, intent: Intent) -> Intent:
        if intent.settled:
            if self._unsettled.pop(intent.client_id, None) is not None:
                self._publish_increased(intent)
            self._publish_opened(intent.market)
        else:
            self._unsettled[intent.client_id] = intent
        return intent

    def _fold(self, plan: PositionPlan) -> None:
        self._positions[plan.market] = self._folded(plan)
        self._hold()

    def _folded(self, plan: PositionPlan) -> Position:
        journal = self._journal
        return fold(plan, journal.fills.of_position(plan.id), journal.plans.write_offs(plan.id))

    def _hold(self) -> None:
        held = {market: position for market, position in self._positions.items() if position.amount > ZERO}
        self._held = MappingProxyType(held)


def _filled(account: AccountId, intent: Intent, average_price: Decimal | None) -> OrderFilled:
    return OrderFilled(
        account,
        intent.market,
        intent.request.side,
        intent.filled,
        average_price or ZERO,
        order=intent.exchange_id,
        purpose=intent.purpose,
    )


def _opened(account: AccountId, position: Position) -> PositionOpened:
    return PositionOpened(
        account, position.market, position.amount, position.entry_price, position.stop_price, position=position.id
    )


def _increased(account: AccountId, position: Position, fills: Sequence[Fill]) -> PositionIncreased:
    amount, price = _together(fills)
    return PositionIncreased(
        account, position.market, amount, price, held=position.amount, stop=position.stop_price, position=position.id
    )


def _reduced(account: AccountId, plan: PositionPlan, fills: Sequence[Fill], left: Position) -> PositionReduced:
    amount, price = _together(fills)
    quote = plan.market.partition("/")[2]
    fees = sum((fill.fee for fill in fills if fill.fee_currency == quote), ZERO)
    # What was sold cost as much a unit as what is left.
    cost = left.cost * amount / left.amount if left.amount > ZERO else ZERO
    return PositionReduced(
        account,
        plan.market,
        amount,
        price,
        net=amount * price - fees - cost,
        held=left.amount,
        stop=plan.stop_price,
        reason=plan.keep_reason or "",
        position=plan.id,
    )


def _together(fills: Sequence[Fill]) -> tuple[Decimal, Decimal]:
    """The amount and the average price of some fills."""
    amount = sum((fill.amount for fill in fills), ZERO)
    return amount, sum((fill.amount * fill.price for fill in fills), ZERO) / amount


def _closed(account: AccountId, position: Position, left: Decimal) -> PositionClosed:
    return PositionClosed(
        account,
        position.market,
        position.sold,
        net=position.realised,
        left=left,
        reason=position.exit_reason or "",
        position=position.id,
    )


def in_market_of(intent: Intent, fill: Fill) -> Fill:
    """A fill in its order's market: for a market that is not listed now the exchange may give only a raw id."""
    if fill.market == intent.market:
        return fill
    return replace(fill, market=intent.market, fee_currency=fill.fee_currency or intent.market.partition("/")[2])


def progressed(intent: Intent, order: Order, booked: Decimal) -> Intent:
    """The intent after this answer; an answer older than the known state changes only what was booked."""
    filled = max(intent.filled, order.filled, booked)
    said = state_of(order)
    state = intent.state
    stale = order.filled < intent.filled or state.is_final
    if not stale and said is not state:
        state = said
    if state is OrderState.OPEN and filled > ZERO:
        state = OrderState.PARTLY_FILLED
    request = intent.request
    if state.is_live and not stale and order.stop_price is not None:
        request = replace(request, amount=order.amount, stop_price=order.stop_price)
    return replace(
        intent,
        request=request,
        state=state,
        exchange_id=order.exchange_id,
        filled=filled,
        settled=state.is_final and booked >= filled,
    )
