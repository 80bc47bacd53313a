"""What became of known orders: their progress and their fills, read from the exchange."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.errors import BudgetSpent, OrderNotFound
from brokers.model import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Order
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
        """Read these orders once, and their fills where something filled. Raises BrokerError.

        First how far each came, then the fills: also where these cannot be read now, it is known what to protect. Of an
        order that has ended only its fills can be news.
        """
        known = [intent for intent in intents if intent.exchange_id is not None]
        working = {intent.exchange_id: intent for intent in known if intent.exchange_id and not intent.state.is_final}
        orders = self._broker.orders(sorted(working)) if working else {}
        for exchange_id, order in orders.items():
            self._book.apply(working[exchange_id], order)
        self._read_fills([self._book.current(intent) for intent in known])

    def progress(self, intent: Intent) -> Intent:
        """Look at one order, and not yet at its fills, until something of it filled or it is final.

        One question tells how much there is to protect; the fills cost an exchange more, and can follow.
        """
        for wait in self._pace.polls:
            self._clock.sleep(wait)
            order = self._ask(intent)
            if order is not None:
                intent = self._book.apply(intent, order)
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
        if order is not None:
            intent = self._book.apply(intent, order)
        return self._read_fills([intent])[0]

    def _ask(self, intent: Intent) -> Order | None:
        if intent.exchange_id is None or intent.state.is_final:
            return None
        try:
            return self._broker.order(intent.exchange_id)
        except OrderNotFound:
            return None

    def _read_fills(self, intents: list[Intent]) -> list[Intent]:
        """The same orders, with whatever of their fills was not booked yet."""
        behind = [intent for intent in intents if intent.filled > self._book.booked(intent)]
        if not behind:
            return intents
        began = self._broker.exchange_time()
        since = min(self._quiet.get(intent.client_id, intent.created) for intent in behind)
        fills = self._broker.fills(since - _MARGIN)
        booked = [self._book.book(intent, fills) for intent in intents]
        for intent in booked:
            if intent.settled:
                self._quiet.pop(intent.client_id, None)
            elif self._book.booked(intent) >= intent.filled:
                self._quiet[intent.client_id] = began
        return booked


def unbooked(book: Book, intents: Iterable[Intent]) -> bool:
    """Whether something is known to have filled whose fills are not all booked yet."""
    return any(intent.filled - book.booked(intent) > ZERO for intent in intents)
