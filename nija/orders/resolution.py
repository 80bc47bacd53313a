"""Orders whose outcome is unknown: asked after until the exchange has said what became of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from brokers.model import Absent, Found, Undetermined
from nija.journal.steps import Step
from nija.orders.state import OrderState

if TYPE_CHECKING:
    from brokers.base import Broker
    from brokers.clock import Clock
    from nija.journal.records import Intent
    from nija.orders.announce import Announcer
    from nija.orders.book import Book
    from nija.orders.pace import Pace

_FIRST_WAIT = 1.0


class Resolver:
    def __init__(self, broker: Broker, book: Book, clock: Clock, pace: Pace, announcer: Announcer) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._pace = pace
        self._announcer = announcer
        self._waits: dict[str, tuple[float, float]] = {}

    def is_due(self, intent: Intent) -> bool:
        due, _ = self._waits.get(intent.client_id, (0.0, 0.0))
        return self._clock.monotonic() >= due

    def resolve(self, intent: Intent) -> Intent:
        """One question to the exchange. Raises BrokerError where it could not be asked; the order stays unknown."""
        if intent.state is OrderState.INTENDED:
            # SENT is committed before anything is sent, so this one never was.
            never = replace(intent, state=OrderState.CANCELLED, settled=True, passing=True, outcome="never sent")
            return self._book.move(intent, never, Step.RESOLVED, "never sent")
        if intent.state is OrderState.SENT:
            unknown = replace(intent, state=OrderState.UNKNOWN)
            intent = self._book.move(intent, unknown, Step.RESOLVED, "the process ended before the answer")
        self._wait_longer(intent)
        match self._broker.resolve(intent.request):
            case Found(order):
                self._waits.pop(intent.client_id, None)
                self._announcer.mended(intent.client_id)
                # The tracker then reads how far it came, and books its fills.
                found = replace(intent, state=OrderState.OPEN, exchange_id=order.exchange_id)
                known = self._book.move(intent, found, Step.RESOLVED, "found at the exchange")
                if intent.purpose is Purpose.STOP and not order.status.is_final:
                    self._announcer.stop_placed(known)
                return known
            case Absent(reason):
                self._waits.pop(intent.client_id, None)
                self._announcer.mended(intent.client_id)
                absent = replace(intent, state=OrderState.EXPIRED, settled=True, passing=True, outcome=reason)
                return self._book.move(intent, absent, Step.RESOLVED, reason)
            case Undetermined(reason):
                self._announcer.trouble(
                    intent.client_id,
                    f"{intent.market}: it is not yet known whether the {intent.purpose.name.lower()} order "
                    "was placed; asking on",
                    market=intent.market,
                    detail=reason,
                )
                return intent

    def _wait_longer(self, intent: Intent) -> None:
        _, last = self._waits.get(intent.client_id, (0.0, 0.0))
        wait = min(max(_FIRST_WAIT, last * 2), self._pace.resolve_max)
        self._waits[intent.client_id] = (self._clock.monotonic() + wait, wait)
