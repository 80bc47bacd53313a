"""Compares an account's journal with its exchange and repairs every difference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, is_increase, purpose_of
from brokers.errors import BudgetSpent
from brokers.model import ZERO, Balance, Fill, Order
from nija.events import DifferenceFound, JournalRebuilt
from nija.journal.connection import CommitPoint
from nija.journal.open_state import in_market_of
from nija.journal.order_state import OrderState
from nija.journal.positions import fold
from nija.journal.reconciled import Watermark
from nija.orders.adoption import Adopter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nija.journal.journal import Journal
    from nija.orders.ownership import OwnershipTracker
    from nija.orders.tracking import DeskContext, OrderTracker

_OVERLAP = timedelta(minutes=15)
# How far back an empty journal reads: further only while a stop rests whose entry was not found.
_LOOK_BACK = (timedelta(days=90), timedelta(days=365), timedelta(days=3650))
# An exchange may take this long to list a new order (exchanges.md A4: "below a minute").
LISTED_WITHIN = timedelta(seconds=75)
# Error of the measured exchange clock: Kraken reports whole seconds.
_CLOCK_ERROR = timedelta(seconds=1)
_EMPTY = "empty journal"
_UNLISTED = "unlisted market"
# Answers of an interrupted reading are reused for this long.
_READING_TTL = timedelta(minutes=2)


class DifferenceKind(StrEnum):
    """What can differ between exchange and journal. Each kind has exactly one repair.

    MISSING_FILL: a fill of a known order is not booked → book it.
    UNKNOWN_ORDER_OF_OURS: an order with NIJA's id is not in the journal, or was believed never placed → adopt it.
    STALE_ORDER: live in the journal, ended at the exchange → read it.
    LOST_ORDER: live in the journal, not listed by the exchange → report it and keep asking.
    ORPHAN_STOP: a NIJA stop without a position, or a second one for the same position → cancel it.
    POSITION_MISMATCH: the balance is below NIJA's positions plus the owner's coins → find out who sold, write it off.
    """

    MISSING_FILL = "MISSING_FILL"
    UNKNOWN_ORDER_OF_OURS = "UNKNOWN_ORDER_OF_OURS"
    STALE_ORDER = "STALE_ORDER"
    LOST_ORDER = "LOST_ORDER"
    ORPHAN_STOP = "ORPHAN_STOP"
    POSITION_MISMATCH = "POSITION_MISMATCH"


@dataclass(frozen=True, slots=True)
class Difference:
    """`subject` is the exchange's id of the order or fill."""

    kind: DifferenceKind
    market: str
    subject: str
    order: Order | None = None
    fill: Fill | None = None


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """What the exchange reports about an account, read in one pass.

    `began`: time of the first request. `since`: how far back closed orders and fills were read. Fills and balances are
    empty if they were not needed.
    """

    began: datetime
    since: datetime
    open_orders: tuple[Order, ...]
    closed_orders: tuple[Order, ...]
    fills: tuple[Fill, ...]
    balances: Mapping[str, Balance]

    def orders(self) -> tuple[Order, ...]:
        """Each order once; if it ended during the reading, the closed one counts."""
        by_id = {order.exchange_id: order for order in self.open_orders}
        by_id.update({order.exchange_id: order for order in self.closed_orders})
        return tuple(by_id.values())

    def foreign(self) -> int:
        """How many of the owner's own orders are open."""
        return sum(purpose_of(order.client_id) is None for order in self.open_orders)


@dataclass(slots=True)
class _Reading:
    """The answers so far: a reading that a rate limit interrupts resumes with the next request."""

    began: datetime
    since: datetime
    open_orders: tuple[Order, ...] | None = None
    closed_orders: tuple[Order, ...] | None = None
    fills: tuple[Fill, ...] | None = None


class Reconciler:
    def __init__(self, context: DeskContext, tracker: OrderTracker, owner: OwnershipTracker) -> None:
        self._context = context
        self._broker = context.broker
        self._journal = context.journal
        self._open = context.open
        self._tracker = tracker
        self._owner = owner
        self._log = context.log
        self._adopter = Adopter(context)
        self._began_empty = context.journal.watermarks.get(Watermark.RECONCILED) is None
        self._empty_since = context.journal.watermarks.get(Watermark.EMPTY_SINCE) if self._began_empty else None
        self._first_attempt: datetime | None = None
        self._reach: datetime | None = None
        self._reading: _Reading | None = None
        self._noted: set[tuple[DifferenceKind, str]] = set()
        self._is_rebuilding = False
        self.foreign_orders = 0
        self.rival_orders: tuple[Order, ...] = ()

    def run(self, *, paused: bool) -> tuple[Difference, ...] | None:
        """Compare and repair once; returns the differences. Raises BrokerError if the exchange could not be asked.

        None: the journal is empty, NIJA has traded here before, and the exchange may not list its last orders yet.
        `paused`: another program trades the account, so nothing is adopted or cancelled.
        """
        mark = self._journal.watermarks.get(Watermark.RECONCILED)
        if mark is None and self.seconds_until_all_is_listed() > 0:
            self._report_waiting()
            return None
        view = self._read_deep() if mark is None else self._read(mark - _OVERLAP)
        if mark is None and self._may_miss_orders(view):
            self._report_waiting()
            return None
        self._is_rebuilding = mark is None
        self._tracker.recognise(view.orders())
        unknown = [order for order in view.orders() if is_unknown(order, self._journal)]
        self.rival_orders = tuple(
            order for order in unknown if order.created > self._adoptable_until() and self._context.is_rival(order)
        )
        self.foreign_orders = view.foreign()
        unlisted = [order for order in unknown if _is_unlisted(order)]
        self._report_unlisted(unlisted)
        if not paused and not self.rival_orders:
            self._adopt([order for order in unknown if not _is_unlisted(order)], view)
        differences = compare(view, self._journal)
        for difference in differences:
            if not (difference.kind is DifferenceKind.ORPHAN_STOP and (paused or self.rival_orders)):
                self._repair(difference)
        self._check_ownership(view)
        if not unlisted:
            self._journal.watermarks.set(Watermark.RECONCILED, view.began)
        self._reach = None
        return differences

    def seconds_until_all_is_listed(self) -> float:
        """With an empty journal: how long until the exchange certainly lists everything the previous process sent."""
        if self._empty_since is None:
            return 0.0
        return max(0.0, (self._empty_since + LISTED_WITHIN - self._broker.exchange_time()).total_seconds())

    def _report_waiting(self) -> None:
        self._log.trouble(_EMPTY, "the journal is empty: waiting until the exchange lists all of NIJA's orders")

    def _check_ownership(self, view: ExchangeView) -> None:
        """A spent rate limit postpones this check; it does not fail the comparison."""
        if not self._open.positions():
            return
        try:
            self._owner.check(balances=view.balances or None)
        except BudgetSpent:
            self._owner.check_soon()

    def _adoptable_until(self) -> datetime:
        """Orders with NIJA's id made after this time and unknown to the journal belong to another program.

        With an empty journal the previous process may have sent them just before it ended.
        """
        return self._owner.started + (LISTED_WITHIN if self._began_empty else _CLOCK_ERROR)

    def _read(self, since: datetime) -> ExchangeView:
        """Read from `since`, or from further back if an interrupted comparison needed that.

        The rate limit may allow one reading of the histories but never two in a row, so each attempt starts with the
        reach that the last one needed.
        """
        since = since if self._reach is None else min(since, self._reach)
        reading = self._reading_from(since)
        # Open before closed, orders before fills: an order that moves on in between shows up in the later answer.
        if reading.open_orders is None:
            reading.open_orders = self._broker.open_orders()
        if reading.closed_orders is None:
            reading.closed_orders = self._broker.closed_orders(since)
        orders = (*reading.open_orders, *reading.closed_orders)
        if reading.fills is None:
            # Fills cost the most of the rate limit.
            reading.fills = self._broker.fills(since) if self._may_have_filled(orders) else ()
        balances = self._broker.balances() if self._may_hold(orders) else {}
        self._reading = None
        return ExchangeView(reading.began, since, reading.open_orders, reading.closed_orders, reading.fills, balances)

    def _reading_from(self, since: datetime) -> _Reading:
        """The interrupted reading, or a new one."""
        now, reading = self._broker.exchange_time(), self._reading
        if reading is None or reading.since != since or now - reading.began > _READING_TTL:
            reading = self._reading = _Reading(now, since)
        return reading

    def _may_have_filled(self, orders: Sequence[Order]) -> bool:
        """Whether the exchange reports more filled by a NIJA order than is booked."""
        ours = (order for order in orders if purpose_of(order.client_id) is not None)
        return any(order.filled > self._journal.fills.booked(order.client_id or "") for order in ours)

    def _may_hold(self, orders: Sequence[Order]) -> bool:
        return bool(self._open.positions()) or any(is_unknown(order, self._journal) for order in orders)

    def _read_deep(self) -> ExchangeView:
        """As far back as needed, counted from the first attempt so that every attempt asks the same."""
        self._first_attempt = first = self._first_attempt or self._broker.exchange_time()
        view = self._read(first - _LOOK_BACK[0])
        for span in _LOOK_BACK[1:]:
            if not _unexplained(view):
                break
            if first - span < view.since:
                self._reach = first - span
                view = self._read(first - span)
        return view

    def _may_miss_orders(self, view: ExchangeView) -> bool:
        """An empty journal sends nothing. The wait counts from the first attempt and survives a restart."""
        if self._empty_since is None and any(purpose_of(order.client_id) is not None for order in view.orders()):
            self._empty_since = self._first_attempt or view.began
            self._journal.watermarks.set(Watermark.EMPTY_SINCE, self._empty_since)
        return self.seconds_until_all_is_listed() > 0

    def _report_unlisted(self, orders: Sequence[Order]) -> None:
        """Not adopted: under another name nothing would protect the position once its market is listed again."""
        if not orders:
            self._log.settled(_UNLISTED)
            return
        named = ", ".join(sorted({order.market for order in orders}))
        self._log.trouble(
            _UNLISTED,
            f"NIJA has orders in a market that the exchange does not list now ({named}): "
            "they are adopted once it lists it again",
        )

    def _adopt(self, orders: Sequence[Order], view: ExchangeView) -> None:
        if not orders:
            return
        fills = self._fills_of(min(order.created for order in orders), view)
        now = self._open.now()
        left = self._adopter.adopt(orders, fills, now)
        self._open.load(self._owner.started)
        if self._is_rebuilding:
            held = tuple(sorted(self._open.positions()))
            adopted = len(orders) - len(left)
            self._context.events.publish(JournalRebuilt(self._journal.account, adopted, held, len(left)))
        for order in orders:
            difference = Difference(DifferenceKind.UNKNOWN_ORDER_OF_OURS, order.market, order.exchange_id, order=order)
            repair = "belongs to no known position" if order in left else "adopted"
            self._note(difference, repair)

    def _fills_of(self, since: datetime, view: ExchangeView) -> Sequence[Fill]:
        """The fills since the oldest of the orders, which may be older than the reading."""
        since -= _OVERLAP
        if since >= view.since:
            return view.fills
        self._reach = since
        fills = {fill.id: fill for fill in (*view.fills, *self._broker.fills(since))}
        return tuple(fills.values())

    def _repair(self, difference: Difference) -> None:
        match difference.kind:
            case DifferenceKind.MISSING_FILL:
                self._book_missing(difference)
            case DifferenceKind.STALE_ORDER:
                self._read_order(difference)
            case DifferenceKind.ORPHAN_STOP:
                self._cancel(difference)
            case DifferenceKind.LOST_ORDER:
                self._note(difference, "not listed by the exchange; NIJA keeps asking and assumes nothing")
            case DifferenceKind.UNKNOWN_ORDER_OF_OURS | DifferenceKind.POSITION_MISMATCH:
                pass  # Orders were adopted before, and coins are compared after.

    def _book_missing(self, difference: Difference) -> None:
        fill = difference.fill
        intent = self._journal.intents.by_exchange_id(fill.order_id) if fill is not None else None
        if fill is None or intent is None:
            return
        now = self._open.now()
        with self._journal.transaction(CommitPoint.PROGRESS):
            if not self._journal.fills.book(intent.client_id, in_market_of(intent, fill), now):
                return
            booked = self._journal.fills.booked(intent.client_id)
            filled = max(intent.filled, booked)
            settled = intent.state.is_final and booked >= filled
            self._journal.intents.save(intent, replace(intent, filled=filled, settled=settled), now, "missing fill")
            self._revive(intent.position_id)
        self._open.load(self._owner.started)
        self._note(difference, "booked")

    def _revive(self, position_id: str) -> None:
        """Reopen a closed position that turns out to hold something, unless the market has a new one."""
        plan = self._journal.plans.get(position_id)
        if plan is None or plan.closed is None or self._open.plan(plan.market) is not None:
            return
        held = fold(plan, self._journal.fills.of_position(plan.id), self._journal.plans.write_offs(plan.id))
        if held.amount > ZERO:
            self._journal.plans.save(replace(plan, closed=None))

    def _read_order(self, difference: Difference) -> None:
        intent = self._journal.intents.by_exchange_id(difference.subject)
        if intent is not None and not intent.settled:
            self._tracker.poll([intent])
            self._note(difference, "read")

    def _cancel(self, difference: Difference) -> None:
        self._broker.cancel(difference.subject)
        self._read_order(difference)
        self._note(difference, "cancelled")

    def _note(self, difference: Difference, repair: str) -> None:
        """Publish one event per difference, however often it is found."""
        key = (difference.kind, difference.subject)
        if key in self._noted:
            return
        self._noted.add(key)
        found = DifferenceFound(
            self._journal.account,
            difference.market,
            difference.kind.value,
            difference.subject,
            repair,
            is_logged=self._is_rebuilding and difference.kind is DifferenceKind.UNKNOWN_ORDER_OF_OURS,
        )
        self._context.events.publish(found)


def _unexplained(view: ExchangeView) -> bool:
    """Whether a NIJA stop rests whose entry was not found; an increase alone does not explain it."""
    entries = (order for order in view.orders() if purpose_of(order.client_id) is Purpose.ENTRY)
    entered = {order.market for order in entries if not is_increase(order.client_id)}
    stops = (order for order in view.open_orders if purpose_of(order.client_id) is Purpose.STOP)
    return any(order.market not in entered for order in stops)


def compare(view: ExchangeView, journal: Journal) -> tuple[Difference, ...]:
    """The differences, in the order of their repair: orders, fills, stops."""
    found: list[Difference] = []
    for order in view.orders():
        found.extend(_order(order, journal))
    found.extend(_lost(view, journal))
    found.extend(_fills(view, journal))
    found.extend(_orphans(view.open_orders, journal))
    return tuple(found)


def _is_unlisted(order: Order) -> bool:
    """Whether the exchange does not list the market, so that its raw id stands where the name should be."""
    return "/" not in order.market


def is_unknown(order: Order, journal: Journal) -> bool:
    """Whether this is a NIJA order that the journal does not have, or believes was never placed."""
    if purpose_of(order.client_id) is None:
        return False
    intent = journal.intents.get(order.client_id or "")
    return intent is None or (intent.state.is_final and intent.exchange_id is None)


def _order(order: Order, journal: Journal) -> Iterator[Difference]:
    if purpose_of(order.client_id) is None:
        return
    intent = journal.intents.get(order.client_id or "")
    if is_unknown(order, journal):
        yield Difference(DifferenceKind.UNKNOWN_ORDER_OF_OURS, order.market, order.exchange_id, order=order)
    elif intent is not None and intent.state.is_live and order.status.is_final:
        yield Difference(DifferenceKind.STALE_ORDER, order.market, order.exchange_id, order=order)


def _lost(view: ExchangeView, journal: Journal) -> Iterator[Difference]:
    shown = {order.exchange_id for order in view.orders()}
    for intent in journal.intents.unsettled():
        if intent.state.is_live and intent.exchange_id is not None and intent.exchange_id not in shown:
            yield Difference(DifferenceKind.LOST_ORDER, intent.market, intent.exchange_id)


def _fills(view: ExchangeView, journal: Journal) -> Iterator[Difference]:
    for fill in view.fills:
        intent = journal.intents.by_exchange_id(fill.order_id)
        # What an order of the owner's sells is his.
        if intent is not None and intent.state is not OrderState.RELEASED and not journal.fills.has(fill.id):
            yield Difference(DifferenceKind.MISSING_FILL, fill.market, fill.id, fill=fill)


def _orphans(open_orders: Iterable[Order], journal: Journal) -> Iterator[Difference]:
    """Stops without an open position, and all but the newest of each position."""
    kept: set[str] = set()
    for order in sorted(open_orders, key=lambda order: order.created, reverse=True):
        intent = journal.intents.get(order.client_id or "")
        if purpose_of(order.client_id) is not Purpose.STOP or intent is None or intent.state is OrderState.RELEASED:
            continue
        plan = journal.plans.get(intent.position_id)
        if plan is None or plan.closed is not None or plan.id in kept:
            yield Difference(DifferenceKind.ORPHAN_STOP, order.market, order.exchange_id, order=order)
        else:
            kept.add(plan.id)
