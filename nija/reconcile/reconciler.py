"""Comparing an account's journal with its exchange, and repairing what differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.model import ZERO
from nija.journal.marks import Mark
from nija.journal.records import WriteOff
from nija.journal.steps import Step
from nija.orders.positions import fold
from nija.reconcile.adoption import Adopter
from nija.reconcile.compare import compare, is_unknown
from nija.reconcile.findings import Finding, FindingKind
from nija.reconcile.view import Asks, read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from brokers.base import Broker
    from brokers.model import Fill, Order
    from nija.journal.journal import Journal
    from nija.orders.announce import Announcer
    from nija.orders.book import Book
    from nija.orders.tracking import Tracker
    from nija.reconcile.view import ExchangeView

_OVERLAP = timedelta(minutes=15)
# An empty journal looks back this far, and further while a stop rests whose entry is not found.
_LOOK_BACK = (timedelta(days=90), timedelta(days=365), timedelta(days=3650))
# An order may be shown so long after it was placed (exchanges.md A4: "below a minute").
_SHOWN_WITHIN = timedelta(seconds=75)
_EMPTY = "empty journal"
# A balance may lag behind a fill; only what is missing for so long is gone.
_MISSING_FOR = timedelta(minutes=2)


class Reconciler:
    def __init__(self, broker: Broker, journal: Journal, book: Book, *, tracker: Tracker, announcer: Announcer) -> None:
        self._broker = broker
        self._journal = journal
        self._book = book
        self._tracker = tracker
        self._announcer = announcer
        self._adopter = Adopter(broker, journal)
        self._first_look: datetime | None = None
        self._reach: datetime | None = None
        self._missing_since: dict[str, datetime] = {}
        self._noted: set[tuple[FindingKind, str]] = set()

    def run(self) -> tuple[Finding, ...] | None:
        """Compare and repair once; what was found. Raises BrokerError where the exchange could not be asked.

        None: the journal is empty, NIJA has traded here before, and the exchange may not show its last orders yet.
        """
        began = self._broker.exchange_time()
        mark = self._journal.marks.get(Mark.RECONCILED)
        view = self._read_deep(began) if mark is None else self._read(mark - _OVERLAP)
        if mark is None and self._may_miss_orders(view, began):
            self._announcer.trouble(
                _EMPTY, "the journal is empty: waiting until the exchange shows all of NIJA's orders"
            )
            return None
        self._adopt(view)
        findings = compare(view, self._journal, self._book.positions())
        for finding in findings:
            self._repair(finding)
        self._forget_mended(findings)
        self._journal.marks.set(Mark.RECONCILED, began)
        self._reach = None
        return findings

    def _read(self, since: datetime) -> ExchangeView:
        """From `since`, or from further back where an earlier comparison needed that and could not ask any more.

        A rate limit may leave room for one look at the histories, but never for two: so each look reaches as far as
        the last one had to.
        """
        asks = Asks(fills=self._may_have_filled, balances=self._may_hold)
        return read(self._broker, since if self._reach is None else min(since, self._reach), asks)

    def _may_have_filled(self, orders: Sequence[Order]) -> bool:
        """Whether the exchange tells of more filled by an order of NIJA's than is booked."""
        ours = (order for order in orders if purpose_of(order.client_id) is not None)
        return any(order.filled > self._journal.fills.booked(order.client_id or "") for order in ours)

    def _may_hold(self, orders: Sequence[Order]) -> bool:
        return bool(self._book.positions()) or any(is_unknown(order, self._journal) for order in orders)

    def _read_deep(self, now: datetime) -> ExchangeView:
        view = self._read(now - _LOOK_BACK[0])
        for span in _LOOK_BACK[1:]:
            if not _unexplained(view):
                break
            if now - span < view.since:
                self._reach = now - span
                view = self._read(now - span)
        return view

    def _may_miss_orders(self, view: ExchangeView, now: datetime) -> bool:
        self._first_look = self._first_look or now
        traded = any(purpose_of(order.client_id) is not None for order in view.orders())
        return traded and now - self._first_look < _SHOWN_WITHIN

    def _adopt(self, view: ExchangeView) -> None:
        orders = [order for order in view.orders() if is_unknown(order, self._journal)]
        if not orders:
            return
        fills = self._fills_of(min(order.created for order in orders), view)
        now = self._book.now()
        left = self._adopter.adopt(orders, fills, now)
        self._book.load()
        for order in orders:
            finding = Finding(FindingKind.UNKNOWN_ORDER_OF_OURS, order.market, order.exchange_id, order=order)
            repair = "belongs to no position of NIJA's that could be found" if order in left else "taken up"
            self._note(finding, repair)

    def _fills_of(self, since: datetime, view: ExchangeView) -> Sequence[Fill]:
        """The fills since the oldest of the orders, which may be older than what was read."""
        since -= _OVERLAP
        if since >= view.since:
            return view.fills
        self._reach = since
        fills = {fill.id: fill for fill in (*view.fills, *self._broker.fills(since))}
        return tuple(fills.values())

    def _repair(self, finding: Finding) -> None:
        match finding.kind:
            case FindingKind.MISSING_FILL:
                self._book_missing(finding)
            case FindingKind.STALE_ORDER:
                self._look(finding)
            case FindingKind.ORPHAN_STOP:
                self._cancel(finding)
            case FindingKind.POSITION_MISMATCH:
                self._write_off(finding)
            case FindingKind.FOREIGN_ORDER:
                self._note(finding, "the owner's own, left alone")
            case FindingKind.LOST_ORDER:
                self._note(finding, "not shown by the exchange; it is asked after on, and nothing is assumed")
            case FindingKind.UNKNOWN_ORDER_OF_OURS:
                pass  # Taken up before, where it belongs to a position.

    def _book_missing(self, finding: Finding) -> None:
        fill = finding.fill
        intent = self._journal.intents.by_exchange_id(fill.order_id) if fill is not None else None
        if fill is None or intent is None:
            return
        now = self._book.now()
        with self._journal.transaction(Step.PROGRESS):
            if not self._journal.fills.book(intent.client_id, fill, now):
                return
            booked = self._journal.fills.booked(intent.client_id)
            filled = max(intent.filled, booked)
            settled = intent.state.is_final and booked >= filled
            self._journal.intents.save(intent, replace(intent, filled=filled, settled=settled), now, "missing fill")
            self._revive(intent.position_id)
        self._book.load()
        self._note(finding, "booked")

    def _revive(self, position_id: str) -> None:
        """A closed position that turns out to hold something is open again, unless the market has a new one."""
        plan = self._journal.plans.get(position_id)
        if plan is None or plan.closed is None or self._book.plan(plan.market) is not None:
            return
        held = fold(plan, self._journal.fills.of_position(plan.id), self._journal.plans.write_offs(plan.id))
        if held.amount > ZERO:
            self._journal.plans.save(replace(plan, closed=None))

    def _look(self, finding: Finding) -> None:
        intent = self._journal.intents.by_exchange_id(finding.subject)
        if intent is not None and not intent.settled:
            self._tracker.look([intent])
            self._note(finding, "read")

    def _cancel(self, finding: Finding) -> None:
        self._broker.cancel(finding.subject)
        self._look(finding)
        self._note(finding, "cancelled")

    def _write_off(self, finding: Finding) -> None:
        plan = self._book.plan(finding.market)
        missing = finding.missing
        if plan is None or missing is None:
            return
        now = self._book.now()
        since = self._missing_since.setdefault(plan.id, now)
        if now - since < _MISSING_FOR or self._book.orders(finding.market, Purpose.ENTRY, Purpose.EXIT):
            return
        with self._journal.transaction(Step.CLOSED):
            self._journal.plans.write_off(WriteOff(plan.id, missing, "no longer in the account", now))
        self._book.load()
        self._missing_since.pop(plan.id, None)
        self._note(finding, f"{missing} is no longer in the account and was written off", again=True)

    def _forget_mended(self, findings: tuple[Finding, ...]) -> None:
        mismatched = {finding.market for finding in findings if finding.kind is FindingKind.POSITION_MISMATCH}
        for market, plan in self._book.plans().items():
            if market not in mismatched:
                self._missing_since.pop(plan.id, None)

    def _note(self, finding: Finding, repair: str, *, again: bool = False) -> None:
        """One line and one event per finding; what is found every time is said once."""
        key = (finding.kind, finding.subject)
        if key in self._noted and not again:
            return
        self._noted.add(key)
        detail = {"subject": finding.subject, "repair": repair}
        self._journal.events.add(finding.kind.value, self._book.now(), market=finding.market, detail=detail)
        self._announcer.found(finding.kind.value, finding.market, finding.subject, repair)


def _unexplained(view: ExchangeView) -> bool:
    """Whether a stop of NIJA's rests whose entry is not in sight."""
    entered = {order.market for order in view.orders() if purpose_of(order.client_id) is Purpose.ENTRY}
    stops = (order for order in view.open_orders if purpose_of(order.client_id) is Purpose.STOP)
    return any(order.market not in entered for order in stops)
