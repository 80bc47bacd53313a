"""Every position has a stop of its size at the planned price, resting on the exchange."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from brokers.errors import OrderNotFound, OrderRejected, OutcomeUnknown, RequestRefused
from brokers.model import ZERO
from nija.journal.steps import Step
from nija.orders.state import OrderState

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.base import Broker
    from brokers.clock import Clock
    from nija.journal.records import Intent, Plan
    from nija.orders.announce import Announcer
    from nija.orders.book import Book
    from nija.orders.holdings import Holdings
    from nija.orders.pace import Pace
    from nija.orders.sending import Sender
    from nija.orders.tracking import Tracker


class StopKeeper:
    def __init__(  # noqa: PLR0913 each is one collaborator of the desk
        self,
        broker: Broker,
        book: Book,
        clock: Clock,
        *,
        pace: Pace,
        sender: Sender,
        tracker: Tracker,
        holdings: Holdings,
        announcer: Announcer,
        on_exchange: bool,
    ) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._pace = pace
        self._sender = sender
        self._tracker = tracker
        self._holdings = holdings
        self._announcer = announcer
        self._on_exchange = on_exchange
        self._not_before: dict[str, float] = {}

    def live(self, market: str) -> tuple[Intent, ...]:
        """The stops known to rest on the exchange."""
        return tuple(stop for stop in self._book.orders(market, Purpose.STOP) if stop.state.is_live)

    def keep(self, plan: Plan) -> None:
        """Make the resting stop what the plan wants, if it is not and can be now. Raises BrokerError."""
        sales = self._book.orders(plan.market, Purpose.STOP, Purpose.EXIT)
        if plan.stop_price is None or any(sale.state.is_unresolved or not _rests(sale) for sale in sales):
            # A sale that may be on its way, or is filling, must end first: together they could sell too much.
            return
        amount = self._holdings.sellable(plan.market)
        live = self.live(plan.market)
        if live:
            self._adjust(plan, live[-1], amount)
        elif self._on_exchange and amount > ZERO and self._may_try(plan):
            self._place(plan, amount)

    def withdraw(self, stop: Intent) -> Intent:
        """Cancel a resting order and see what became of it. Raises BrokerError."""
        if stop.exchange_id is not None and not stop.state.is_final:
            self._broker.cancel(stop.exchange_id)
        return self._tracker.settle(stop)

    def _place(self, plan: Plan, amount: Decimal) -> None:
        stop_price = plan.stop_price or ZERO
        market = self._holdings.market(plan.market)
        if market is None or not market.allows(amount, stop_price):
            self._trouble(plan, f"{amount} is below the exchange's minimum for an order")
            return
        stop = self._sender.stop(plan, amount, stop_price)
        if stop.state is OrderState.REJECTED:
            free = self._holdings.refused_for(plan.market, amount)
            if ZERO < free < amount and market.allows(free, stop_price):
                stop = self._sender.stop(plan, free, stop_price)
        if stop.state is OrderState.REJECTED:
            self._trouble(plan, stop.outcome)
        elif stop.state is OrderState.OPEN:
            self._announcer.mended(plan.id)
            self._announcer.stop_placed(stop)

    def _adjust(self, plan: Plan, stop: Intent, amount: Decimal) -> None:
        stop_price = plan.stop_price
        request = stop.request
        if stop_price is None or (request.amount == amount and request.stop_price == stop_price):
            return
        if amount == ZERO or not self._may_try(plan):
            return
        if self._broker.can_amend_stops:
            self._amend(plan, stop, amount, stop_price)
        elif self.withdraw(stop).settled:
            self.keep(plan)

    def _amend(self, plan: Plan, stop: Intent, amount: Decimal, stop_price: Decimal) -> None:
        if stop.exchange_id is None:
            return
        try:
            self._broker.amend_stop(stop.exchange_id, plan.market, amount, stop_price)
        except (OutcomeUnknown, OrderNotFound):
            self._tracker.look_at(stop)
            return
        except (OrderRejected, RequestRefused) as error:
            self._trouble(plan, f"it could not be moved: {error}")
            return
        amended = replace(stop, request=replace(stop.request, amount=amount, stop_price=stop_price))
        self._book.move(stop, amended, Step.AMENDED)
        self._announcer.mended(plan.id)
        self._announcer.stop_moved(amended)

    def _may_try(self, plan: Plan) -> bool:
        return self._clock.monotonic() >= self._not_before.get(plan.id, 0.0)

    def _trouble(self, plan: Plan, reason: str) -> None:
        self._not_before[plan.id] = self._clock.monotonic() + self._pace.retry
        self._announcer.trouble(
            plan.id,
            f"{plan.market}: the protective stop is not as planned; the price is watched here meanwhile ({reason})",
            market=plan.market,
        )


def _rests(sale: Intent) -> bool:
    return sale.purpose is Purpose.STOP and sale.state is OrderState.OPEN
