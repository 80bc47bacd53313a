"""Selling a position: the stop is withdrawn first, so that stop and sale together never sell more than is held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.model import ZERO
from nija.orders.outcomes import ExitOutcome, ExitStatus
from nija.orders.state import OrderState
from nija.orders.tracking import unbooked

if TYPE_CHECKING:
    from brokers.clock import Clock
    from nija.journal.records import Plan
    from nija.orders.announce import Announcer
    from nija.orders.book import Book
    from nija.orders.holdings import Holdings
    from nija.orders.pace import Pace
    from nija.orders.sending import Sender
    from nija.orders.stops import StopKeeper
    from nija.orders.tracking import Tracker

_CLOSED = ExitOutcome(ExitStatus.CLOSED)


class Closer:
    def __init__(  # noqa: PLR0913 each is one collaborator of the desk
        self,
        book: Book,
        clock: Clock,
        *,
        pace: Pace,
        sender: Sender,
        tracker: Tracker,
        stops: StopKeeper,
        holdings: Holdings,
        announcer: Announcer,
    ) -> None:
        self._book = book
        self._clock = clock
        self._pace = pace
        self._sender = sender
        self._tracker = tracker
        self._stops = stops
        self._holdings = holdings
        self._announcer = announcer
        self._not_before: dict[str, float] = {}

    def want(self, plan: Plan, reason: str) -> None:
        """Commit the decision to sell; from here on every `refresh` goes on with it until it is done."""
        if plan.exit_reason is None:
            self._book.replan(replace(plan, exit_reason=reason))

    def waits(self, plan: Plan) -> bool:
        """Whether the next try is not due yet, so that the position must stay protected."""
        return self._clock.monotonic() < self._not_before.get(plan.id, 0.0)

    def proceed(self, plan: Plan) -> ExitOutcome:
        """Go as far as possible now. Raises BrokerError."""
        orders = self._book.orders(plan.market)
        if any(order.state.is_unresolved for order in orders):
            return _working("an order of this market is not resolved yet")
        if self.waits(plan):
            return _working("the last try was refused; it is tried again soon")
        for order in orders:
            self._stops.withdraw(order)
        orders = self._book.orders(plan.market)
        if any(not order.state.is_final for order in orders):
            return _working("the exchange has not yet said what became of an order")
        return self._sell(plan, settled=not unbooked(self._book, orders))

    def finish(self, plan: Plan) -> bool:
        """Close the position if nothing of it is left that could be sold; whether it is closed."""
        if self._book.orders(plan.market):
            return False
        position = self._book.position(plan.market)
        left = position.amount if position is not None else ZERO
        if left > ZERO and not (self._is_sold(plan) and self._holdings.is_dust(plan.market, left)):
            return False
        self._book.close(plan, left, "too little to be sold")
        self._not_before.pop(plan.id, None)
        return True

    def _is_sold(self, plan: Plan) -> bool:
        position = self._book.position(plan.market)
        return plan.exit_reason is not None or (position is not None and position.sold > ZERO)

    def _sell(self, plan: Plan, *, settled: bool) -> ExitOutcome:
        amount = self._holdings.sellable(plan.market)
        if self.finish(plan):
            return _CLOSED
        if not settled and (amount == ZERO or not self._holdings.counts_unbooked):
            return _working("the fills of an order are not booked yet")
        if amount == ZERO or self._holdings.is_dust(plan.market, amount):
            return self._refused(plan, f"only {amount} is free to be sold")
        sale = self._sender.sale(plan, amount, plan.exit_reason or "")
        if sale.state is OrderState.REJECTED:
            free = self._holdings.refused_for(plan.market, amount)
            if ZERO < free < amount and not self._holdings.is_dust(plan.market, free):
                sale = self._sender.sale(plan, free, plan.exit_reason or "")
        if sale.state is OrderState.REJECTED:
            return self._refused(plan, sale.outcome)
        if sale.state is OrderState.UNKNOWN:
            return _working("the answer to the sale was lost; the exchange is asked what became of it")
        self._tracker.settle(sale)
        return _CLOSED if self.finish(plan) else _working("the sale has not filled completely yet")

    def _refused(self, plan: Plan, reason: str) -> ExitOutcome:
        self._not_before[plan.id] = self._clock.monotonic() + self._pace.retry
        self._announcer.trouble(
            f"exit {plan.id}", f"{plan.market}: the sale was refused and is tried again ({reason})", market=plan.market
        )
        self._stops.keep(plan)
        return _working(reason)


def _working(reason: str) -> ExitOutcome:
    return ExitOutcome(ExitStatus.WORKING, reason)
