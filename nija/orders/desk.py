"""The order desk of one account: everything that trades goes through it, and nothing it sent is ever forgotten."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from brokers.client_order_id import Purpose
from brokers.errors import BudgetSpent
from brokers.model import ZERO
from nija.orders.announce import Announcer
from nija.orders.attempts import Attempts
from nija.orders.book import Book
from nija.orders.exits import Closer
from nija.orders.holdings import Holdings
from nija.orders.outcomes import EntryOutcome, EntryStatus, ExitOutcome, ExitStatus
from nija.orders.pace import Pace
from nija.orders.resolution import Resolver
from nija.orders.sending import Sender
from nija.orders.state import OrderState
from nija.orders.stops import StopKeeper
from nija.orders.tracking import Tracker
from nija.reconcile.reconciler import Reconciler

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Market, OrderRequest
    from nija.journal.journal import Journal
    from nija.journal.records import Intent, Plan
    from nija.orders.positions import Position

_TRIES_PER_CANDLE = 5
_NEVER = float("-inf")
# A triggered stop-limit that the price has passed by this much, and that still rests, will not fill by itself.
_JUMPED = Decimal("0.995")


class OrderDesk:
    """Owned by one trader thread. Every call may raise a BrokerError; the journal is right whatever happens."""

    def __init__(  # noqa: PLR0913 the five that every trader has, and how it trades
        self,
        account: AccountId,
        broker: Broker,
        journal: Journal,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        protective_stops: Literal["exchange", "local"] = "exchange",
        pace: Pace | None = None,
    ) -> None:
        self.account = account
        self._broker = broker
        self._journal = journal
        self._clock = clock
        pace = pace or Pace()
        self._pace = pace
        self._announcer = Announcer(log)
        self._book = Book(journal, clock, self._announcer)
        self._sender = Sender(broker, self._book, pace)
        self._resolver = Resolver(broker, self._book, clock, pace, self._announcer)
        self._tracker = Tracker(broker, self._book, clock, pace)
        self._holdings = Holdings(broker, self._book, clock, pace)
        self._stops = StopKeeper(
            broker,
            self._book,
            clock,
            pace=pace,
            sender=self._sender,
            tracker=self._tracker,
            holdings=self._holdings,
            announcer=self._announcer,
            on_exchange=protective_stops == "exchange",
        )
        self._closer = Closer(
            self._book,
            clock,
            pace=pace,
            sender=self._sender,
            tracker=self._tracker,
            stops=self._stops,
            holdings=self._holdings,
            announcer=self._announcer,
        )
        self._reconciler = Reconciler(broker, journal, self._book, tracker=self._tracker, announcer=self._announcer)
        self._stops_read = _NEVER
        self._questions = Attempts()
        self._reconciled = False
        self._reconcile_at = _NEVER

    # What the trader asks.

    def positions(self) -> Mapping[str, Position]:
        """What NIJA holds, by market. Costs nothing: it is kept in memory."""
        return self._book.positions()

    def resting(self) -> tuple[OrderRequest, ...]:
        """NIJA's own orders that are known to work at the exchange, as last sent or amended."""
        return tuple(intent.request for intent in self._book.unsettled() if intent.state.is_live)

    def blocked(self, market: str) -> str | None:
        """Why nothing new may be opened in this market now, or None."""
        if not self._reconciled:
            return "the account has not been compared with the exchange yet"
        for intent in self._book.orders(market):
            purpose = intent.purpose.name.lower()
            if intent.state.is_unresolved:
                return f"it is not yet known what became of the {purpose} order of {intent.created:%H:%M:%S} UTC"
            if intent.purpose is not Purpose.STOP:
                return f"the {purpose} order of {intent.created:%H:%M:%S} UTC is still working"
        plan = self._book.plan(market)
        if plan is not None and plan.exit_reason is not None:
            return "the position is being sold"
        return None

    def acted_on(self, market: str, signal_time: datetime) -> bool:
        """Whether an entry was already sent for the candle that closed at `signal_time`.

        One that certainly never reached the exchange does not count, up to a few tries.
        """
        if self._journal.intents.entry_for(market, signal_time) is not None:
            return True
        return self._journal.intents.tries_for(market, signal_time) >= _TRIES_PER_CANDLE

    # What the trader does.

    def recover(self) -> None:
        """Before the first cycle: resolve what is unresolved, and compare everything with the exchange."""
        self._reconcile_at = _NEVER
        self.refresh()
        self._questions.finish()

    def refresh(self, prices: Mapping[str, Decimal] | None = None) -> None:
        """Once a cycle: resolve, read own live orders, book fills, go on selling, keep stops right.

        Asks the exchange only where something is live. `prices` are the last prices by market: with them,
        positions whose stop does not rest on the exchange are watched here. Everything is tried before the first
        BrokerError is raised. What could not be asked about an unknown order, or compared, is asked again later and
        stops nothing else: exits go on.
        """
        for market, price in (prices or {}).items():
            self._holdings.note_price(market, price)
        attempts, self._questions = Attempts(), Attempts()
        for intent in self._book.unsettled():
            if intent.state.is_unresolved and self._resolver.is_due(intent):
                with self._questions.attempt():
                    self._resolver.resolve(intent)
        with attempts.attempt():
            self._tracker.look(self._due())
        if self._clock.monotonic() >= self._reconcile_at:
            with self._questions.attempt():
                self._reconcile()
        for plan in self._book.plans().values():
            with attempts.attempt():
                self._keep(plan)
        for market, price in (prices or {}).items():
            with attempts.attempt():
                self.watch(market, price)
        self._say_unasked()
        attempts.finish()

    def enter(
        self, market: Market, amount: Decimal, stop_price: Decimal | None, signal_time: datetime, strategy: str
    ) -> EntryOutcome:
        """Buy `amount` (base) at market for the candle that closed at `signal_time`, and protect what was bought.

        `stop_price` is None for a strategy without stops. A refusal is an outcome, not an error.
        """
        refusal = self._refusal(market, amount, signal_time)
        if refusal is not None:
            return EntryOutcome(EntryStatus.REFUSED, refusal)
        planned = market.floor_price(stop_price) if stop_price is not None else None
        entry = self._sender.entry(market.symbol, market.floor_amount(amount), planned, signal_time, strategy)
        if entry.state is OrderState.OPEN:
            entry = self._tracker.progress(entry)
            self._protect(market.symbol)
            entry = self._tracker.settle(entry)
        self._protect(market.symbol)
        return self._entered(entry)

    def exit(self, market: str, reason: str) -> ExitOutcome:
        """Sell all of a position at market. The decision is kept: what does not succeed now goes on in `refresh`."""
        plan = self._book.plan(market)
        if plan is None:
            return ExitOutcome(ExitStatus.CLOSED, "nothing is held")
        self._closer.want(plan, reason)
        return self._proceed(market)

    def trail(self, market: str, stop_price: Decimal) -> bool:
        """Move the stop up to `stop_price` (never down); whether the plan has moved."""
        plan = self._book.plan(market)
        listed = self._holdings.market(market)
        if plan is None or listed is None:
            return False
        wanted = listed.floor_price(stop_price)
        if wanted <= ZERO or (plan.stop_price is not None and wanted <= plan.stop_price):
            return False
        moved = replace(plan, stop_price=wanted)
        self._book.replan(moved)
        self._keep(moved)
        return True

    def watch(self, market: str, last_price: Decimal) -> None:
        """Sell at market where the price is at or under the stop and no stop on the exchange does it."""
        self._holdings.note_price(market, last_price)
        plan = self._book.plan(market)
        position = self._book.positions().get(market)
        if plan is None or position is None or plan.stop_price is None or plan.exit_reason is not None:
            return
        covered = bool(self._stops.live(market))
        if not covered and last_price <= plan.stop_price:
            self.exit(market, f"price {last_price} reached the stop {plan.stop_price}")
        elif covered and not self._broker.stops_at_market and last_price <= plan.stop_price * _JUMPED:
            self.exit(market, f"price {last_price} jumped past the stop {plan.stop_price}")

    def cancel_entries(self) -> None:
        """Cancel every entry that still works at the exchange; what it filled stays a position."""
        attempts = Attempts()
        for intent in self._book.unsettled():
            if intent.purpose is Purpose.ENTRY and intent.state.is_live:
                with attempts.attempt():
                    self._stops.withdraw(intent)
        attempts.finish()

    def flatten(self, reason: str = "flatten") -> None:
        """Cancel NIJA's entries and sell NIJA's positions; what does not succeed now goes on in `refresh`."""
        attempts = Attempts()
        for market, plan in self._book.plans().items():
            self._closer.want(plan, reason)
            with attempts.attempt():
                self._proceed(market)
        attempts.finish()

    # How.

    def _refusal(self, market: Market, amount: Decimal, signal_time: datetime) -> str | None:
        blocked = self.blocked(market.symbol)
        if blocked is not None:
            return blocked
        if self._book.plan(market.symbol) is not None:
            return "a position is already open"
        if self.acted_on(market.symbol, signal_time):
            return f"the candle of {signal_time:%Y-%m-%d %H:%M} UTC was already acted upon"
        if not market.tradable or not market.takes_market_orders:
            return "the exchange takes no market orders for this market now"
        if market.floor_amount(amount) < market.min_amount:
            return f"{amount} {market.base} is below the exchange's minimum of {market.min_amount}"
        return None

    def _entered(self, entry: Intent) -> EntryOutcome:
        if entry.state is OrderState.UNKNOWN:
            return EntryOutcome(EntryStatus.UNKNOWN, entry.outcome)
        if entry.filled > ZERO or self._book.positions().get(entry.market) is not None:
            return EntryOutcome(EntryStatus.FILLED)
        if entry.passing:
            return EntryOutcome(EntryStatus.FAILED, entry.outcome)
        if entry.state.is_final:
            return EntryOutcome(EntryStatus.REFUSED, entry.outcome or f"the order was {entry.state.value}")
        return EntryOutcome(EntryStatus.WORKING)

    def _due(self) -> list[Intent]:
        """Resting stops are read every few seconds, everything else each time."""
        orders = [intent for intent in self._book.unsettled() if intent.exchange_id is not None]
        now = self._clock.monotonic()
        if now - self._stops_read < self._pace.stop_poll:
            return [intent for intent in orders if intent.purpose is not Purpose.STOP or intent.state.is_final]
        self._stops_read = now
        return orders

    def _say_unasked(self) -> None:
        error = self._questions.first
        if error is None or isinstance(error, BudgetSpent) or self._clock.stopping:
            self._announcer.mended("questions")
        else:
            self._announcer.trouble("questions", f"the exchange could not be asked and is asked again ({error})")

    def _reconcile(self) -> None:
        self._reconcile_at = self._clock.monotonic() + self._pace.reconcile_again
        try:
            findings = self._reconciler.run()
        except BudgetSpent as error:
            # What was asked before it has taken up room too: a shorter wait would never be enough.
            self._reconcile_at += 2 * error.retry_after
            raise
        if findings is not None:
            self._reconciled = True
            self._journal.tidy()
            self._reconcile_at = self._clock.monotonic() + self._pace.reconcile

    def _keep(self, plan: Plan) -> None:
        """One position's upkeep: closed when it is gone, sold on when it is to be sold, protected otherwise."""
        if self._closer.finish(plan):
            return
        if plan.exit_reason is not None and not self._closer.waits(plan):
            self._proceed(plan.market)
        else:
            self._stops.keep(plan)

    def _protect(self, market: str) -> None:
        plan = self._book.plan(market)
        if plan is not None:
            self._keep(plan)

    def _proceed(self, market: str) -> ExitOutcome:
        plan = self._book.plan(market)
        return ExitOutcome(ExitStatus.CLOSED) if plan is None else self._closer.proceed(plan)
