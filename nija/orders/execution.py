"""Carries out the policy's steps for each position, through the journal, until nothing more can be done now."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from brokers.errors import BudgetSpent, MarketRefused, OrderNotFound, OrderRejected, OutcomeUnknown, RequestRefused
from brokers.model import ZERO, Market
from nija.events import StopMoved, StopSetByHand
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.orders import policy
from nija.orders.state import BareTimer, MarketMode, PositionState, Protection, Reduction, SaleStage, StopStage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nija.journal.records import Intent, PositionPlan
    from nija.orders.ownership import OwnershipTracker
    from nija.orders.sending import Sender
    from nija.orders.tracking import DeskContext, OrderTracker

# Without any known price, the exchange's minimum in money cannot be checked.
_UNPRICED = Decimal("Infinity")
# A position needs a handful of steps; more in one pass would be a fault of the policy.
_STEPS_AT_ONCE = 12
# Balances are read before a history and use rate limit too, so a wait for the history alone is too short by this.
_BALANCES_CAPACITY_SECONDS = 5.0


class Executor:
    """Used by one desk. Every step may raise a BrokerError; the journal is right whatever happens."""

    def __init__(
        self, context: DeskContext, sender: Sender, tracker: OrderTracker, owner: OwnershipTracker, *, on_exchange: bool
    ) -> None:
        self._context = context
        self._broker = context.broker
        self._open = context.open
        self._sender = sender
        self._tracker = tracker
        self._owner = owner
        self.on_exchange = on_exchange
        self.paused = False
        self.prices: Mapping[str, Decimal] = {}
        self._new: set[str] = set()
        self._ending: dict[str, float] = {}
        self._stop_due: dict[str, float] = {}
        self._sale_due: dict[str, float] = {}
        self._refusals: dict[str, str] = {}
        self._troubles: dict[str, str] = {}
        self._timers: dict[str, BareTimer] = {}
        self._resting: dict[str, frozenset[str]] = {}
        self._withdrawn: set[str] = set()

    # Between the steps.

    def begin(self, prices: Mapping[str, Decimal]) -> None:
        """Start a pass with the fresh prices by market; no other price is used."""
        self.prices = prices
        self._context.last_prices.update(prices)
        if self._ending:
            confirmed = self._context.clock.monotonic() - self._context.timings.retry
            working = {order.client_id for order in self._open.unsettled() if not order.state.is_final}
            # A cancellation that is not confirmed is sent again.
            self._ending = {key: asked for key, asked in self._ending.items() if key in working and asked > confirmed}

    def is_ending(self, order: Intent) -> bool:
        """Whether its cancellation was sent and is not confirmed."""
        return order.client_id in self._ending

    def bought(self, position_id: str) -> None:
        """Mark a position as bought by this process, which knows what the owner held before."""
        self._new.add(position_id)

    def protection(self) -> Mapping[str, Protection]:
        """The protection of each open position, by market."""
        now = self._context.clock.monotonic()
        return {market: self._protection(market, now) for market in self._open.positions()}

    def is_at_rest(self, plan: PositionPlan) -> bool:
        """Whether nothing is under way for this position and it is as protected as it can be."""
        state = self.state_of(plan)
        step = policy.next_step(replace(state, stopping=True))
        return isinstance(step, policy.Wait) and (state.is_covered or state.too_small or bool(step.trouble))

    # Actions.

    def retry_now(self) -> None:
        """Retry refused stops and sales at once, because little time is left."""
        self._stop_due.clear()
        self._sale_due.clear()

    def run(self, plan: PositionPlan) -> policy.Wait | policy.Close:
        """Carry out steps until the position must wait or is closed; returns that step. Raises BrokerError."""
        for _ in range(_STEPS_AT_ONCE):
            current = self._open.plan(plan.market)
            if current is None or current.id != plan.id:
                return policy.Close()
            self._watch_stops(current)
            state = self.state_of(current)
            self._measure(current, state)
            step = policy.next_step(state)
            if isinstance(step, policy.Wait):
                self._report(current, step)
                return step
            self._do(current, step)
        return policy.Wait("it continues in the next cycle")

    def _do(self, plan: PositionPlan, step: policy.Step) -> None:
        match step:
            case policy.Close():
                self._close(plan)
            case policy.ReadMarket():
                self._broker.refresh_markets(self._context.timings.market_age)
            case policy.ReadOwner():
                self._read_owner(plan)
            case policy.BeginSale(reason):
                self._open.update_plan(replace(plan, exit_reason=reason))
            case policy.EndReduction():
                self._open.end_reduction(plan)
            case policy.Sell(amount):
                self._sell(plan, amount)
            case _:
                self._do_stop(plan, step)

    def _do_stop(self, plan: PositionPlan, step: policy.Step) -> None:
        match step:
            case policy.AdoptStop(price):
                self._open.update_plan(replace(plan, stop_price=price))
                self._context.events.publish(StopSetByHand(self._context.journal.account, plan.market, price))
            case policy.WithdrawSpare():
                for stop in self._stops(plan)[:-1]:
                    self._withdraw(stop)
            case policy.WithdrawStop():
                if not self._is_sale_refused(plan):
                    self._withdraw(self._stops(plan)[-1])
            case policy.PlaceStop(amount, price):
                self._place(plan, amount, price)
            case policy.MoveStop() | policy.ReplaceStop():
                self._change_stop(plan, self._stops(plan)[-1], step)
            case _:
                return

    def withdraw(self, order: Intent) -> None:
        """Cancel a live order; what an entry bought stays a position."""
        self._withdraw(order)

    # State.

    def state_of(self, plan: PositionPlan) -> PositionState:
        """Everything known about one position."""
        broker, timings, now = self._broker, self._context.timings, self._context.clock.monotonic()
        market = broker.markets().get(plan.market)
        orders = self._open.orders(plan.market)
        stops = [order for order in orders if order.purpose is Purpose.STOP]
        stage = self._stop_stage(stops)
        resting = next((stop for stop in reversed(stops) if stop.state.is_live), None)
        held, sellable = self._amounts(plan, market, orders)
        position = self._open.position(plan.market)
        currency = plan.market.partition("/")[0]
        reference = self._reference(plan)
        counts = not self._unbooked(orders) or broker.fees_in_quote
        return PositionState(
            market=plan.market,
            held=held,
            sellable=sellable,
            booked=counts,
            settled=not any(order.state.is_final for order in orders),
            is_dust=market is not None and not market.allows(market.floor_amount(held), reference),
            too_small=market is not None and not market.allows(sellable, plan.stop_price or reference),
            was_sold=position is not None and position.sold + position.lost > ZERO,
            entry_is_open=any(order.purpose is Purpose.ENTRY and not order.state.is_final for order in orders),
            planned_stop=plan.stop_price,
            wanted_stop=_on_tick(plan.stop_price, market),
            selling=plan.exit_reason,
            reduction=self._reduction(plan, market, held, sellable),
            stop=stage,
            stop_amount=ZERO if resting is None else resting.request.amount - resting.filled,
            stop_price=None if resting is None else resting.request.stop_price,
            spare_stops=sum(stop.state is OrderState.OPEN for stop in stops) > 1,
            sale=_sale_stage([order for order in orders if order.purpose is Purpose.EXIT]),
            mode=_mode(market),
            market_is_fresh=broker.markets_age() <= timings.market_age,
            price=self.prices.get(plan.market),
            owner_is_fresh=self._owner.is_fresh(currency),
            owner_is_due=self._owner.is_due(currency),
            in_doubt=self._owner.in_doubt(currency),
            is_new=plan.id in self._new,
            stop_is_due=now >= self._stop_due.get(plan.id, now),
            sale_is_due=now >= self._sale_due.get(plan.id, now),
            was_refused=plan.id in self._refusals,
            stopping=self._context.clock.stopping,
            paused=self.paused,
            rests_on_exchange=self.on_exchange,
            stops_at_market=broker.stops_at_market,
            can_amend=broker.can_amend_stops,
        )

    def _reference(self, plan: PositionPlan) -> Decimal:
        """The best known price, for the exchange's minimum in money."""
        position = self._open.position(plan.market)
        bought_at = ZERO if position is None else position.entry_price
        return self._context.last_prices.get(plan.market) or bought_at or plan.stop_price or _UNPRICED

    def _reduction(
        self, plan: PositionPlan, market: Market | None, held: Decimal, sellable: Decimal
    ) -> Reduction | None:
        """Measured in what is held, so that the amount sold does not depend on how often it was interrupted."""
        if plan.keep is None:
            return None
        price, left, excess = self._reference(plan), held - plan.keep, sellable - plan.keep
        if market is not None:
            left, excess = market.floor_amount(left), market.floor_amount(excess)
        return Reduction(
            reason=plan.keep_reason or "",
            excess=excess if excess > ZERO and (market is None or market.allows(excess, price)) else ZERO,
            is_done=left <= ZERO or (market is not None and not market.allows(left, price)),
            rest_too_small=not self._is_worth_keeping(plan, plan.keep),
            stop_sold=self._has_stop_sold(plan),
        )

    def _is_worth_keeping(self, plan: PositionPlan, amount: Decimal) -> bool:
        """Whether the exchange would take a stop for, and a sale of, this amount of the position."""
        market = self._broker.markets().get(plan.market)
        price = plan.stop_price or self._reference(plan)
        return market is None or market.allows(market.floor_amount(amount), price)

    def is_guarded(self, plan: PositionPlan) -> bool:
        """Whether a stop at the exchange covers all of it."""
        state = self.state_of(plan)
        return state.stop is StopStage.RESTING and state.is_covered

    def _stop_stage(self, stops: list[Intent]) -> StopStage:
        if any(stop.state.is_unresolved for stop in stops):
            return StopStage.UNRESOLVED
        live = [stop for stop in stops if stop.state.is_live]
        if any(stop.state is OrderState.PARTLY_FILLED for stop in live):
            return StopStage.SELLING
        if any(stop.client_id in self._ending for stop in live):
            return StopStage.ENDING
        if not live:
            return StopStage.NONE
        return StopStage.RESTING if self._tracker.denied_for(live[-1]) is None else StopStage.DENIED

    def _amounts(
        self, plan: PositionPlan, market: Market | None, orders: tuple[Intent, ...]
    ) -> tuple[Decimal, Decimal]:
        """The amount held, and how much of it can be sold; filled amounts count even before their fills are booked."""
        position = self._open.position(plan.market)
        held = (ZERO if position is None else position.amount) + sum(map(self._context.unbooked_change, orders), ZERO)
        sellable = self._owner.sellable(plan.market.partition("/")[0], max(ZERO, held))
        return held, sellable if market is None else market.floor_amount(sellable)

    def _unbooked(self, orders: tuple[Intent, ...]) -> bool:
        return any(order.filled > self._open.booked(order) for order in orders)

    def _stops(self, plan: PositionPlan) -> list[Intent]:
        return [stop for stop in self._open.orders(plan.market, Purpose.STOP) if stop.state.is_live]

    def _has_stop_sold(self, plan: PositionPlan) -> bool:
        """Whether a stop of this position has sold since the candle of its reduction."""
        since = plan.keep_signal or plan.opened
        orders = self._context.journal.intents.of_position(plan.id)
        stops = {order.exchange_id: order for order in orders if order.purpose is Purpose.STOP and order.filled > ZERO}
        fills = self._context.journal.fills.of_position(plan.id) if stops else ()
        unbooked = any(order.filled > self._open.booked(order) for order in stops.values() if not order.settled)
        return unbooked or any(fill.order_id in stops and fill.time >= since for fill in fills)

    def _watch_stops(self, plan: PositionPlan) -> None:
        """A resting stop keeps anyone else from selling the coins; once it is gone, ownership must be checked again."""
        resting = frozenset(stop.client_id for stop in self._stops(plan))
        gone = self._resting.get(plan.id, frozenset()) - resting
        if gone:
            self._new.discard(plan.id)
            self._owner.expire(plan.market.partition("/")[0], unguarded=not gone <= self._withdrawn)
            self._withdrawn -= gone
        self._resting[plan.id] = resting

    # Steps.

    def _read_owner(self, plan: PositionPlan) -> None:
        """Check ownership; if the rate limit is spent, postpone stop and sale so that it recovers."""
        try:
            self._owner.check(only=plan.market.partition("/")[0], protects=True)
        except BudgetSpent as error:
            due = self._context.clock.monotonic() + error.retry_after + _BALANCES_CAPACITY_SECONDS
            self._stop_due[plan.id] = self._sale_due[plan.id] = due
            self._refusals[plan.id] = f"waiting to check whose coins these are: {error}"

    def _close(self, plan: PositionPlan) -> None:
        self._open.close(plan, "too little to be sold", self._context.last_prices.get(plan.market))
        self.forget(plan)

    def forget(self, plan: PositionPlan) -> None:
        """The position has ended."""
        for known in (self._stop_due, self._sale_due, self._refusals, self._troubles, self._timers, self._resting):
            known.pop(plan.id, None)
        self._new.discard(plan.id)
        self._context.log.settled(f"stop {plan.id}")

    def _withdraw(self, order: Intent) -> None:
        """Cancel an order and wait briefly for the result; until it is confirmed, the order counts as ending."""
        if order.exchange_id is None or order.state.is_final or self.is_ending(order):
            return
        self._new.discard(order.position_id)
        if self._tracker.poll_one(order).state.is_final:
            return
        self._broker.cancel(order.exchange_id)
        self._ending[order.client_id] = self._context.clock.monotonic()
        self._tracker.reset_backoff(order)
        self._withdrawn.add(order.client_id)
        if self._tracker.await_settled(order).state.is_final:
            self._ending.pop(order.client_id, None)

    def _place(self, plan: PositionPlan, amount: Decimal, price: Decimal) -> OrderState:
        stop = self._sender.stop(plan, amount, price)
        if stop.state is OrderState.REJECTED:
            self._stop_refused(plan, stop.outcome)
        elif stop.state is OrderState.OPEN:
            self._clear_refusal(plan)
            self._context.publish_stop(stop)
        self._new.discard(plan.id)
        return stop.state

    def _change_stop(self, plan: PositionPlan, stop: Intent, step: policy.MoveStop | policy.ReplaceStop) -> None:
        if self._is_shrinking_in_vain(plan, step.amount):
            return
        change = self._amend if isinstance(step, policy.MoveStop) else self._replace
        change(plan, stop, step.amount, step.price)

    def _amend(self, plan: PositionPlan, stop: Intent, amount: Decimal, price: Decimal) -> None:
        if stop.exchange_id is None:
            return
        try:
            self._broker.amend_stop(stop.exchange_id, plan.market, amount, price)
        except (OutcomeUnknown, OrderNotFound) as error:
            self._retry_stop_later(plan, str(error))
            self._tracker.poll_one(stop)
            return
        except (OrderRejected, RequestRefused, MarketRefused) as error:
            self._stop_refused(plan, f"the stop could not be moved: {error}")
            return
        amended = replace(stop, request=replace(stop.request, amount=amount, stop_price=price))
        self._open.move(stop, amended, CommitPoint.AMENDED)
        self._clear_refusal(plan)
        self._new.discard(plan.id)
        if plan.keep is not None and amount < stop.request.amount:
            # Nothing locks the rest any more.
            self._owner.expire(plan.market.partition("/")[0], unguarded=False)
        account = self._context.journal.account
        self._context.events.publish(StopMoved(account, plan.market, amount, price, order=stop.exchange_id))

    def _replace(self, plan: PositionPlan, stop: Intent, amount: Decimal, price: Decimal) -> None:
        """Preview the new stop before the old one is cancelled; if it is refused even so, place the old one again."""
        try:
            self._sender.preview_stop(plan, amount, price)
        except (OrderRejected, RequestRefused, MarketRefused) as error:
            self._stop_refused(plan, f"the stop could not be moved: {error}")
            return
        self._withdraw(stop)
        if stop.client_id not in self._withdrawn:
            return
        state = self.state_of(plan)
        if state.stop is not StopStage.NONE or state.sellable == ZERO or state.too_small:
            return
        old, amount = stop.request.stop_price, min(amount, state.sellable)
        if self._place(plan, amount, price) is OrderState.REJECTED and old is not None:
            self._place(plan, state.sellable, old)

    def _sell(self, plan: PositionPlan, amount: Decimal) -> None:
        sale = self._sender.sale(plan, amount)
        self._new.discard(plan.id)
        if sale.state is OrderState.REJECTED:
            self._owner.expire(plan.market.partition("/")[0])
            self._sale_refused(plan, sale.outcome)
        elif sale.state is not OrderState.UNKNOWN:
            self._tracker.await_settled(sale)

    def _is_sale_refused(self, plan: PositionPlan) -> bool:
        """Whether the exchange would refuse the sale for which the stop is about to be cancelled or shrunk."""
        state = self.state_of(plan)
        amount = state.excess if plan.exit_reason is None else state.sellable
        if amount <= ZERO:
            return False
        try:
            self._sender.preview_sale(plan, amount)
        except (OrderRejected, RequestRefused, MarketRefused) as error:
            self._sale_refused(plan, str(error))
            return True
        return False

    def _is_shrinking_in_vain(self, plan: PositionPlan, amount: Decimal) -> bool:
        """Whether the stop is to be shrunk for a sale that the exchange would refuse."""
        state = self.state_of(plan)
        shrinks = state.excess > ZERO and amount == state.kept
        return shrinks and self._is_sale_refused(plan)

    def _sale_refused(self, plan: PositionPlan, reason: str) -> None:
        self._sale_due[plan.id] = self._context.clock.monotonic() + self._context.timings.retry
        text = f"{plan.market}: the sale was refused and will be retried ({reason})"
        self._context.log.trouble(f"exit {plan.id}", text, market=plan.market)

    # Reports.

    def _stop_refused(self, plan: PositionPlan, reason: str) -> None:
        if plan.id not in self._new:
            self._retry_stop_later(plan, reason)
            return
        # Someone may have taken some of the coins just bought: check ownership before the next attempt.
        self._new.discard(plan.id)
        self._owner.expire(plan.market.partition("/")[0])

    def _retry_stop_later(self, plan: PositionPlan, reason: str) -> None:
        self._stop_due[plan.id] = self._context.clock.monotonic() + self._context.timings.retry
        self._refusals[plan.id] = reason

    def _clear_refusal(self, plan: PositionPlan) -> None:
        self._refusals.pop(plan.id, None)

    def _report(self, plan: PositionPlan, step: policy.Wait) -> None:
        """Report every position that is not protected as planned."""
        refusal = self._refusals.get(plan.id, "")
        self._troubles[plan.id] = step.trouble or refusal
        about = f"stop {plan.id}"
        if not self._troubles[plan.id] or self._context.clock.stopping:
            self._context.log.settled(about)
        elif step.trouble:
            text = f"{plan.market} is not protected as it should be: {step.trouble}"
            self._context.log.trouble(about, text, market=plan.market)
        else:
            watched = f"the protective stop is not as planned; the price is watched here meanwhile ({refusal})"
            self._context.log.trouble(about, f"{plan.market}: {watched}", market=plan.market)

    def _measure(self, plan: PositionPlan, state: PositionState) -> None:
        """Time how long anything that could be protected is not."""
        now = self._context.clock.monotonic()
        timer = self._timers.get(plan.id)
        # Sold amounts need no stop, even before their fills are booked.
        covered = state.held <= ZERO or state.is_covered or state.too_small
        if timer is None and state.held <= ZERO:
            return
        if timer is None:
            timer = self._timers[plan.id] = BareTimer()
            age = (self._broker.exchange_time() - plan.opened).total_seconds()
            timer.note(now, covered=covered, began=now - max(0.0, age) if plan.id in self._new else now)
        else:
            timer.note(now, covered=covered)

    def _protection(self, market: str, now: float) -> Protection:
        plan = self._open.plan(market)
        position_id = "" if plan is None else plan.id
        timer = self._timers.get(position_id, BareTimer())
        doubt = self._owner.in_doubt(market.partition("/")[0])
        return Protection(
            market=market,
            covered=not timer.is_bare,
            bare=timer.bare(now),
            bare_total=timer.total(now),
            longest=timer.longest(now),
            doubt="coins are missing, and it is not known yet whose they were" if doubt else "",
            trouble=self._troubles.get(position_id, ""),
        )


def _sale_stage(sales: list[Intent]) -> SaleStage:
    if any(sale.state.is_unresolved for sale in sales):
        return SaleStage.UNRESOLVED
    return SaleStage.WORKING if any(not sale.state.is_final for sale in sales) else SaleStage.NONE


def _mode(market: Market | None) -> MarketMode:
    if market is None:
        return MarketMode.ABSENT
    return MarketMode.OPEN if market.tradable and market.takes_market_orders else MarketMode.CLOSED


def _on_tick(price: Decimal | None, market: Market | None) -> Decimal | None:
    """The one place where a planned stop is rounded down to the market's tick."""
    return price if price is None or market is None else market.floor_price(price)
