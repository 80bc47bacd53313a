"""What became of known orders: their progress and their fills, read from the exchange."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.errors import BudgetSpent, OrderNotFound
from brokers.model import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Fill, Order
    from nija.journal.records import Intent
    from nija.orders.book import Book
    from nija.orders.pace import Pace

# How far the exchange's clock and ours may differ, with room: fills are read from so much earlier.
_MARGIN = timedelta(minutes=2)


class Tracker:
    def __init__(self, broker: Broker, book: Book, clock: Clock, pace: Pace) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._pace = pace
        self._quiet: dict[str, datetime] = {}

    def look(self, intents: Iterable[Intent]) -> None:
        """Read these orders once, and their fills where something filled. Raises BrokerError."""
        known = {intent.exchange_id: intent for intent in intents if intent.exchange_id is not None}
        if known:
            self._take(known, self._broker.orders(sorted(known)))

    def progress(self, intent: Intent) -> Intent:
        """Look at one order, and not yet at its fills, until something of it filled or it is final.

        One question tells how much there is to protect; the fills cost an exchange more, and can follow.
        """
        for wait in self._pace.polls:
            self._clock.sleep(wait)
            order = self._ask(intent)
            if order is not None:
                intent = self._book.apply(intent, order, ())
            if intent.filled > ZERO or intent.state.is_final:
                break
        return intent

    def settle(self, intent: Intent) -> Intent:
        """Look at one order again and again, for a bounded time, until it is final with its fills booked."""
        for wait in self._pace.polls:
            self._clock.sleep(wait)
            try:
                intent = self.look_at(intent)
            except BudgetSpent:
                # Its fills are booked by a later `look`, when there is room to ask for them.
                return self._book.current(intent)
            if intent.settled:
                break
        return intent

    def look_at(self, intent: Intent) -> Intent:
        """Raises BrokerError. An order that the exchange does not show yet stays as it is."""
        order = self._ask(intent)
        if order is None or intent.exchange_id is None:
            return intent
        return self._take({intent.exchange_id: intent}, {intent.exchange_id: order})[0]

    def _ask(self, intent: Intent) -> Order | None:
        if intent.exchange_id is None or intent.settled:
            return None
        try:
            return self._broker.order(intent.exchange_id)
        except OrderNotFound:
            return None

    def _take(self, known: Mapping[str, Intent], orders: Mapping[str, Order]) -> list[Intent]:
        began = self._broker.exchange_time()
        asked = [(intent, orders[exchange_id]) for exchange_id, intent in known.items() if exchange_id in orders]
        # First how far each order came, then its fills: also where these cannot be read now, what filled is protected.
        shown = [(self._book.apply(intent, order, ()), order) for intent, order in asked]
        fills = self._fills(shown)
        taken = []
        for intent, order in shown:
            now = self._book.apply(intent, order, fills)
            taken.append(now)
            if now.settled:
                self._quiet.pop(now.client_id, None)
            elif self._book.booked(now) >= now.filled:
                self._quiet[now.client_id] = began
        return taken

    def _fills(self, shown: list[tuple[Intent, Order]]) -> tuple[Fill, ...]:
        behind = [intent for intent, order in shown if order.filled > self._book.booked(intent)]
        if not behind:
            return ()
        since = min(self._quiet.get(intent.client_id, intent.created) for intent in behind)
        return self._broker.fills(since - _MARGIN)


def unbooked(book: Book, intents: Iterable[Intent]) -> bool:
    """Whether something is known to have filled whose fills are not all booked yet."""
    return any(intent.filled - book.booked(intent) > ZERO for intent in intents)
