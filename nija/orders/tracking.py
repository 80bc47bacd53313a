"""Tracks orders at the exchange: their progress, their fills, and whether an order of unknown outcome exists."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.errors import BrokerError, BudgetSpent, LockedOut, OrderNotFound, PermissionDenied, Unauthorized
from brokers.model import ZERO, Absent, Found, Order, Resolution, Side, Undetermined
from nija.events import Events, StopPlaced
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from brokers.base import Broker
    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.journal.open_state import OpenState
    from nija.journal.records import Intent
    from nija.log.event_log import EventLog
    from nija.orders.state import Timings

# How far the exchange's clock and ours may differ, with a margin: fills are read from this much earlier.
_MARGIN = timedelta(minutes=2)
_FIRST_WAIT = 1.0
# Searching for an order is expensive at Kraken: below this share of the rate limit the rest is kept for stops.
_ENOUGH = 0.5
_SCARCE_WAIT = 4.0
_DENIED = "the exchange denies it: not listed, not found by its id, and no coins held for it"


@dataclass(frozen=True, slots=True)
class DeskContext:
    """What all parts of one desk share. `last_prices` are the last known ones by market, however old."""

    broker: Broker
    journal: Journal
    open: OpenState
    clock: Clock
    timings: Timings
    log: EventLog
    events: Events
    last_prices: dict[str, Decimal] = field(default_factory=dict)

    def unbooked_change(self, order: Intent) -> Decimal:
        """How fills that are not booked yet change this order's position (base), before fees taken in base."""
        unbooked = max(ZERO, order.filled - self.open.booked(order))
        return -unbooked if order.request.side is Side.SELL else unbooked

    def publish_stop(self, stop: Intent) -> None:
        """Publish that a stop rests at the exchange."""
        amount, price = stop.request.amount, stop.request.stop_price or ZERO
        self.events.publish(StopPlaced(self.journal.account, stop.market, amount, price, order=stop.exchange_id))

    def is_rival(self, order: Order) -> bool:
        """Whether another program made it with an id of NIJA's.

        Each of our own orders is in the journal before it is sent, whatever its outcome.
        """
        return purpose_of(order.client_id) is not None and self.journal.intents.get(order.client_id or "") is None


class OrderTracker:
    """Used by one desk. Every request may raise a BrokerError; the known state then stays as it was."""

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._broker = context.broker
        self._open = context.open
        self._clock = context.clock
        self._timings = context.timings
        self._log = context.log
        self._waits: dict[str, tuple[float, float]] = {}
        self._quiet: dict[str, datetime] = {}
        self._denied: dict[str, float] = {}

    # Orders that are known.

    def poll(self, intents: Iterable[Intent]) -> None:
        """Read these orders once, and their fills if something filled.

        Progress comes first: if the fills cannot be read now, it is still known how much to protect. An order that has
        ended can only have new fills.
        """
        known = [intent for intent in intents if intent.exchange_id is not None]
        for intent in known:
            self._wait_longer(intent, self._timings.stop_poll)
        working = {intent.exchange_id: intent for intent in known if intent.exchange_id and not intent.state.is_final}
        orders = self._broker.orders(sorted(working)) if working else {}
        for exchange_id, intent in working.items():
            self._note_denial(intent, orders.get(exchange_id))
        for exchange_id, order in orders.items():
            self._open.apply(working[exchange_id], order)
        for before, after in zip(
            known, self._read_fills([self._open.current(intent) for intent in known]), strict=True
        ):
            if after != before:
                self.reset_backoff(after)

    def await_fill(self, intent: Intent) -> Intent:
        """Poll one order, without its fills, until something filled or it is final.

        That is enough to know how much to protect; reading fills costs more of the rate limit and can follow.
        """
        for wait in self._timings.polls:
            self._clock.sleep(wait)
            order = self._ask(intent)
            if order is not None:
                intent = self._open.apply(intent, order)
            if intent.filled > ZERO or intent.state.is_final:
                break
        return intent

    def await_settled(self, intent: Intent) -> Intent:
        """Poll one order, for a bounded time, until it is final with all its fills booked."""
        for wait in self._timings.polls:
            self._clock.sleep(wait)
            try:
                intent = self.poll_one(intent)
            except BudgetSpent:
                # A later `poll` books its fills, once the rate limit has capacity.
                return self._open.current(intent)
            if intent.settled:
                break
        return intent

    def poll_one(self, intent: Intent) -> Intent:
        """Read one order and its fills once; an order that the exchange does not list yet stays as it is."""
        order = self._ask(intent)
        if order is not None:
            intent = self._open.apply(intent, order)
        return self._read_fills([intent])[0]

    def is_due(self, intent: Intent) -> bool:
        """Whether it is time to ask again; the waits grow while nothing changes."""
        due, _ = self._waits.get(intent.client_id, (0.0, 0.0))
        return self._clock.monotonic() >= due

    def reset_backoff(self, intent: Intent) -> None:
        """Poll this order soon, because something is happening to it."""
        self._waits.pop(intent.client_id, None)

    def reset_all_backoffs(self) -> None:
        """Poll every order at once, because little time is left."""
        self._waits.clear()

    # Orders whose outcome is unknown.

    def resolve(self, intent: Intent) -> Intent:
        """Ask once about an order of unknown outcome; if that fails, the order stays unknown."""
        if intent.state is OrderState.INTENDED:
            # SENT is committed before anything is sent, so this order never was.
            never = replace(intent, state=OrderState.CANCELLED, settled=True, transient=True, outcome="never sent")
            return self._open.move(intent, never, CommitPoint.RESOLVED, "never sent")
        intent = self._without_answer(intent)
        scarce = self._broker.budget_left() < _ENOUGH
        self._wait_longer(
            intent, self._timings.resolve_max * (2 if scarce else 1), _SCARCE_WAIT if scarce else _FIRST_WAIT
        )
        return self._resolved(intent, self._broker.resolve(intent.request))

    def recognise(self, orders: Iterable[Order]) -> None:
        """Resolve the orders of unknown outcome that are among these: they were placed."""
        shown = {order.client_id: order for order in orders}
        for intent in self._open.unsettled():
            order = shown.get(intent.client_id)
            if order is not None and intent.state in (OrderState.SENT, OrderState.UNKNOWN):
                self._resolved(self._without_answer(intent), Found(order))

    def _without_answer(self, intent: Intent) -> Intent:
        if intent.state is not OrderState.SENT:
            return intent
        unknown = replace(intent, state=OrderState.UNKNOWN)
        return self._open.move(intent, unknown, CommitPoint.RESOLVED, "the process ended before the answer")

    def _resolved(self, intent: Intent, resolution: Resolution) -> Intent:
        match resolution:
            case Found(order):
                self._forget(intent)
                # Its progress and its fills are read next.
                found = replace(intent, state=OrderState.OPEN, exchange_id=order.exchange_id)
                known = self._open.move(intent, found, CommitPoint.RESOLVED, "found at the exchange")
                if intent.purpose is Purpose.STOP and not order.status.is_final:
                    self._context.publish_stop(known)
                return known
            case Absent(reason):
                self._forget(intent)
                absent = replace(intent, state=OrderState.EXPIRED, settled=True, transient=True, outcome=reason)
                return self._open.move(intent, absent, CommitPoint.RESOLVED, reason)
            case Undetermined(reason):
                self._log.trouble(
                    intent.client_id,
                    f"{intent.market}: it is not yet known whether the {intent.purpose.name.lower()} order "
                    "was placed; NIJA keeps asking",
                    market=intent.market,
                    detail=reason,
                )
                return intent

    # Orders that the exchange says do not exist.

    def denied_for(self, intent: Intent) -> float | None:
        """For how many seconds the exchange has said that there is no such order; None if it lists it."""
        since = self._denied.get(intent.client_id)
        return None if since is None else self._clock.monotonic() - since

    def drop_if_denied(self, intent: Intent) -> bool:
        """End an order if it is not listed, not found by id, and holds no balance; returns whether it was ended.

        If a balance is still held, the time of denial starts over.
        """
        if intent.exchange_id is None or self._ask(intent) is not None:
            self._denied.pop(intent.client_id, None)
            return False
        shown = {order.exchange_id for order in self._broker.open_orders()}
        if intent.exchange_id in shown or intent.exchange_id in self._broker.unread_rows():
            self._denied.pop(intent.client_id, None)
            return False
        balance = self._broker.balances(protects=True).get(intent.market.partition("/")[0])
        if balance is None or balance.held >= intent.request.amount - intent.filled:
            self._denied[intent.client_id] = self._clock.monotonic()
            return False
        self._denied.pop(intent.client_id, None)
        gone = replace(
            intent,
            state=OrderState.CANCELLED,
            settled=self._open.booked(intent) >= intent.filled,
            outcome=_DENIED,
        )
        self._open.move(intent, gone, CommitPoint.PROGRESS, _DENIED)
        return True

    # Internals.

    def _note_denial(self, intent: Intent, order: Order | None) -> None:
        """An unreadable row is no denial."""
        if order is not None or intent.exchange_id in self._broker.unread_rows():
            self._denied.pop(intent.client_id, None)
        else:
            self._denied.setdefault(intent.client_id, self._clock.monotonic())

    def _ask(self, intent: Intent) -> Order | None:
        if intent.exchange_id is None or intent.state.is_final:
            return None
        try:
            return self._broker.order(intent.exchange_id)
        except OrderNotFound:
            return None

    def _read_fills(self, intents: list[Intent]) -> list[Intent]:
        """Book the missing fills of these orders; returns the orders as they are then."""
        behind = [intent for intent in intents if intent.filled > self._open.booked(intent)]
        if not behind:
            return intents
        began = self._broker.exchange_time()
        since = min(self._quiet.get(intent.client_id, intent.created) for intent in behind)
        fills = self._broker.fills(since - _MARGIN)
        booked = [self._open.book(intent, fills) for intent in intents]
        for intent in booked:
            if intent.settled:
                self._quiet.pop(intent.client_id, None)
            elif self._open.booked(intent) >= intent.filled:
                self._quiet[intent.client_id] = began
        return booked

    def _wait_longer(self, intent: Intent, longest: float, first: float = _FIRST_WAIT) -> None:
        _, last = self._waits.get(intent.client_id, (0.0, 0.0))
        wait = min(max(first, last * 2), longest)
        self._waits[intent.client_id] = (self._clock.monotonic() + wait, wait)

    def _forget(self, intent: Intent) -> None:
        self.reset_backoff(intent)
        self._log.settled(intent.client_id)


class ErrorCollector:
    """Runs several independent actions even if one of them fails.

    Errors that make the account unusable are raised at once, any other after everything was tried.
    """

    def __init__(self) -> None:
        self.first: BrokerError | None = None

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, BrokerError) or isinstance(error, (Unauthorized, PermissionDenied, LockedOut)):
            return False
        self.first = self.first or error
        return True

    def raise_first(self) -> None:
        """Raises the first collected BrokerError, if any."""
        if self.first is not None:
            raise self.first
