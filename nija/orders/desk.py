"""The order desk of one account: all trading goes through it, and it keeps track of every order it sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from brokers import figures
from brokers.client_order_id import Purpose
from brokers.errors import BrokerError, BudgetSpent, PermissionDenied, Unauthorized, Unavailable
from brokers.model import ZERO, Balance, Evidence, Market, Order, OrderRequest
from nija.events import AnotherProgram, AnotherProgramGone, Events
from nija.journal.open_state import OpenState
from nija.journal.order_state import OrderState
from nija.journal.records import Halt, HaltName, Intent, PositionPlan, WriteOff
from nija.log.event_log import EventLog
from nija.orders.execution import Executor
from nija.orders.ownership import OwnershipTracker
from nija.orders.policy import Close, Wait
from nija.orders.reconciliation import Reconciler
from nija.orders.release import Releaser
from nija.orders.sending import EntryRetries, Sender
from nija.orders.state import EntryOutcome, EntryStatus, ExitOutcome, ExitStatus, Protection, StopStage, Timings
from nija.orders.tracking import DeskContext, ErrorCollector, OrderTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from brokers.base import Broker
    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.journal.positions import Position

_NEVER = float("-inf")
_FINISH_POLL_SECONDS = 0.5
# After this many comparisons in a row cut short by the rate limit, say so in the log.
_REPORT_PARTIAL_AFTER = 3
_NOTHING_HELD = "nothing is held"
# Nothing is bought for a position that its stop may be selling, or that may have none.
_UNFIT_STOPS = {
    StopStage.SELLING: "its stop is selling",
    StopStage.ENDING: "its stop is being cancelled",
    StopStage.DENIED: "the exchange denies its stop",
}
_RELEASING = "NIJA's positions are being released to their owner"
ANOTHER_PROGRAM = "another NIJA or program trades this account"


class OrderDesk:
    """Owned by one trader thread. Every call may raise a BrokerError; the journal is right whatever happens."""

    def __init__(  # noqa: PLR0913 six collaborators that every trader has, and two settings
        self,
        account: AccountId,
        broker: Broker,
        journal: Journal,
        clock: Clock,
        log: FilteringBoundLogger,
        events: Events,
        *,
        protective_stops: Literal["exchange", "local"] = "exchange",
        timings: Timings | None = None,
    ) -> None:
        self.account = account
        self._broker = broker
        self._journal = journal
        self._clock = clock
        self._timings = timings or Timings()
        self._log = EventLog(log)
        self._events = events
        self._open = OpenState(journal, clock, events)
        context = DeskContext(broker, journal, self._open, clock, self._timings, self._log, events)
        self._retries = EntryRetries(context)
        self._sender = Sender(context, self._retries)
        self._tracker = OrderTracker(context)
        self._owner = OwnershipTracker(context, self._tracker, broker.exchange_time())
        self._executor = Executor(
            context, self._sender, self._tracker, self._owner, on_exchange=protective_stops == "exchange"
        )
        # Before the first cycle: a stop that was cancelled for a release is not placed again.
        self._releaser = Releaser(context, self._executor, journal.halts.all())
        self._reconciler = Reconciler(context, self._tracker, self._owner)
        self._stops_read = _NEVER
        self._questions = ErrorCollector()
        self._reconciled = False
        self._reconcile_at = _NEVER
        self._partial_reads = 0
        self._dealt_with: Evidence | None = None
        self._executor.paused = HaltName.ANOTHER_PROGRAM in journal.halts.all()

    # State.

    def positions(self) -> Mapping[str, Position]:
        """What NIJA holds, by market. From memory, without a request."""
        return self._open.positions()

    @property
    def is_empty(self) -> bool:
        """Whether every order and every position has ended, with all fills booked."""
        return not self._open.plans() and not self._open.unsettled()

    def resting(self) -> tuple[OrderRequest, ...]:
        """NIJA's own orders that are live at the exchange, as last sent or amended."""
        return tuple(intent.request for intent in self._open.unsettled() if intent.state.is_live)

    def pending_entries(self) -> Mapping[str, Decimal]:
        """By market, how much (base) an entry may have bought or may still buy beyond what is booked."""
        pending: dict[str, Decimal] = {}
        for intent in self._open.unsettled():
            if intent.purpose is Purpose.ENTRY:
                # Even filled amounts are in no position until their fills are booked.
                most = intent.filled if intent.state.is_final else intent.request.amount
                pending[intent.market] = pending.get(intent.market, ZERO) + most - self._open.booked(intent)
        return pending

    def unbooked_sale(self) -> str | None:
        """Why balances may hold what a sale brought in while its position is still counted; None if they cannot."""
        sales = (one for one in self._open.unsettled() if one.purpose is not Purpose.ENTRY)
        return next(filter(None, map(_unbooked, sales)), None)

    def protection(self) -> Mapping[str, Protection]:
        """How well each position is protected, by market."""
        return self._executor.protection()

    def written_off(self) -> tuple[tuple[str, WriteOff], ...]:
        """Amounts that left positions without a sale by NIJA since the start, with their market, oldest first."""
        return self._open.written_off()

    def foreign_orders(self) -> int:
        """How many of the owner's own orders were open at the last comparison."""
        return self._reconciler.foreign_orders

    def unread(self) -> int:
        """How many rows of the exchange's last answers were unreadable."""
        return len(self._broker.unread_rows())

    def refused_markets(self) -> Mapping[str, str]:
        """Markets that the exchange refuses to this account, with the remedy."""
        return self._retries.refused_markets()

    def blocked(self, market: str) -> str | None:
        """Why nothing new may be opened in this market now, or None."""
        if (halted := self._halted()) is not None:
            return halted
        if not self._reconciled:
            return "the account has not been compared with the exchange yet"
        working = next(filter(None, map(_working, self._open.orders(market))), None)
        if working is not None:
            return working
        if self._owner.in_doubt(market.partition("/")[0]):
            return "coins are missing, and it is not known yet whose they were"
        return _being_sold(self._open.plan(market))

    def acted_on(self, market: str, signal_time: datetime) -> bool:
        """Whether an entry was sent, or a sale in part decided, for the candle that closed at `signal_time`.

        An entry that certainly never reached the exchange does not count.
        """
        journal = self._journal
        return journal.intents.entry_for(market, signal_time) is not None or journal.plans.was_reduced(
            market, signal_time
        )

    def retries_later(self, market: str, signal_time: datetime) -> str | None:
        """Why an entry for this candle that could not be sent must still wait for its retry; or None."""
        return self._retries.wait_reason(market, signal_time)

    # Actions.

    def recover(self) -> None:
        """Before the first cycle: resolve unknown orders and compare everything with the exchange.

        A long history is read in parts: known positions are managed meanwhile, entries wait for it.
        """
        self._reconcile_at = _NEVER
        try:
            self.refresh()
            self._questions.raise_first()
        except BudgetSpent:
            if not self._open.plans():
                raise

    def refresh(self, prices: Mapping[str, Decimal] | None = None) -> None:
        """Once a cycle: resolve unknown orders, read live ones, book fills, continue sales, maintain stops.

        Requests are made only where something is live. `prices` are the fresh prices by market, used to watch positions
        whose stop does not rest on the exchange. Everything is attempted before the first BrokerError is raised. Failed
        look-ups of unknown orders and failed comparisons are retried later and never hold up exits.
        """
        self._executor.begin(prices or {})
        attempts, self._questions = ErrorCollector(), ErrorCollector()
        # A comparison also resolves unknown orders; searching for them first would double the cost.
        self._resolve(self._questions, only_unsent=self._clock.monotonic() >= self._reconcile_at)
        stops_read = self._stops_read
        with attempts:
            self._tracker.poll(self._due())
        self._compare()
        if self._stops_read > stops_read:
            self._drop_denied()
        for plan in self._open.plans().values():
            with attempts:
                self._manage(plan)
        self._watch_for_others()
        self._report_failed_requests()
        self._report_unreadable_rows()
        attempts.raise_first()

    def enter(
        self, market: Market, amount: Decimal, stop_price: Decimal | None, signal_time: datetime, strategy: str
    ) -> EntryOutcome:
        """Buy `amount` (base) at market for the candle that closed at `signal_time`, and protect what was bought.

        `stop_price` is None for a strategy without stops. A refusal is an outcome, not an error.
        """
        is_open = self._open.plan(market.symbol) is not None
        refusal = self._refusal(market, amount, signal_time, "a position is already open" if is_open else None)
        if refusal is not None:
            return EntryOutcome(EntryStatus.REFUSED, refusal)
        planned = market.floor_price(stop_price) if stop_price is not None else None
        floored = market.floor_amount(amount)
        return self._buy(
            market, signal_time, lambda: self._sender.entry(market.symbol, floored, planned, signal_time, strategy)
        )

    def increase(self, market: Market, amount: Decimal, signal_time: datetime, strategy: str) -> EntryOutcome:
        """Buy `amount` (base) more of an open position at market, and enlarge its stop to what is held then.

        For the candle that closed at `signal_time`. A refusal is an outcome, not an error.
        """
        plan = self._open.plan(market.symbol)
        refusal = self._refusal(market, amount, signal_time, self._unfit_for_more(plan))
        if refusal is not None or plan is None:
            return EntryOutcome(EntryStatus.REFUSED, refusal or _NOTHING_HELD)
        floored = market.floor_amount(amount)
        return self._buy(market, signal_time, lambda: self._sender.increase(plan, floored, signal_time, strategy))

    def reduce(self, market: str, keep: Decimal, signal_time: datetime, reason: str) -> ExitOutcome:
        """Sell a position down to `keep` (base) at market, for the candle that closed at `signal_time`.

        The decision is journaled: `refresh` continues an unfinished sale. If the exchange would not let NIJA protect or
        sell what is kept, everything is sold.
        """
        if (halted := self._halted()) is not None:
            return ExitOutcome(ExitStatus.REFUSED, halted)
        plan = self._open.plan(market)
        if plan is None or plan.exit_reason is not None:
            return self._sell(market, reason)
        if plan.keep is None or plan.keep_signal != signal_time:
            if self.acted_on(market, signal_time):
                return ExitOutcome(ExitStatus.REFUSED, _acted_on(signal_time))
            plan = replace(plan, keep=max(ZERO, keep), keep_reason=reason, keep_signal=signal_time)
            self._open.update_plan(plan)
        return self._reduced(plan, self._executor.run(plan))

    def exit(self, market: str, reason: str) -> ExitOutcome:
        """Sell a whole position at market. The decision is journaled: `refresh` continues an unfinished sale."""
        if (halted := self._halted()) is not None:
            return ExitOutcome(ExitStatus.WORKING, halted)
        return self._sell(market, reason)

    def trail(self, market: str, stop_price: Decimal) -> bool:
        """Move the stop up to `stop_price`, never down; returns whether the plan changed."""
        plan = self._open.plan(market)
        listed = self._broker.markets().get(market)
        if plan is None or listed is None or self._halted() is not None:
            return False
        wanted = listed.floor_price(stop_price)
        if wanted <= ZERO or (plan.stop_price is not None and wanted <= plan.stop_price):
            return False
        moved = replace(plan, stop_price=wanted)
        self._open.update_plan(moved)
        self._executor.run(moved)
        return True

    def protect(self, where: Literal["exchange", "local"]) -> None:
        """Where the stops of all positions rest from now on."""
        self._executor.on_exchange = where == "exchange"

    def cancel_entries(self) -> None:
        """Cancel every live entry; what it has filled stays a position."""
        attempts = ErrorCollector()
        for intent in self._open.unsettled():
            if intent.purpose is Purpose.ENTRY and intent.state.is_live:
                with attempts:
                    self._executor.withdraw(intent)
        attempts.raise_first()

    def flatten(self, reason: str = "flatten") -> None:
        """Sell all of NIJA's positions; `refresh` continues unfinished sales."""
        attempts = ErrorCollector()
        for market in self._open.plans():
            with attempts:
                self._sell(market, reason)
        attempts.raise_first()

    def close_commanded(self) -> None:
        """Sell each position that a command has closed: commands write their decision into the journal."""
        if self._releaser.is_active:
            # Whatever is being released is its owner's, and is never sold; a resume ends that.
            return
        attempts = ErrorCollector()
        for market, reason in self._journal.plans.to_sell().items():
            plan = self._open.plan(market)
            if plan is not None and plan.exit_reason is None:
                with attempts:
                    self._sell(market, reason)
        attempts.raise_first()

    def release(self, halts: Mapping[HaltName, Halt]) -> bool:
        """Take up, go on with or end a release, as the halts say; returns whether one is done. Raises BrokerError."""
        self._releaser.follow(halts)
        if not self._releaser.is_active:
            return False
        attempts = ErrorCollector()
        for plan in self._open.plans().values():
            with attempts:
                self._releaser.run(plan)
        attempts.raise_first()
        return self.is_empty

    def finish(self, seconds: float) -> bool:
        """On shutdown: bring all positions under protection within `seconds`; returns whether that is done.

        No new decisions are made and no stop is withdrawn.
        """
        until = self._clock.monotonic() + seconds
        self._tracker.reset_all_backoffs()
        while True:
            self._executor.retry_now()
            attempts = ErrorCollector()
            self._resolve(attempts)
            with attempts:
                self._tracker.poll([order for order in self._open.unsettled() if order.exchange_id is not None])
            for plan in self._open.plans().values():
                if not self._releaser.is_active:
                    with attempts:
                        self._executor.run(plan)
            # If the rate limit is spent, the next start books the remaining fills.
            if isinstance(attempts.first, BudgetSpent | None) and self._is_at_rest():
                return True
            if self._clock.monotonic() + _FINISH_POLL_SECONDS > until:
                return False
            self._clock.pause(_FINISH_POLL_SECONDS)

    def resumed(self) -> None:
        """The operator has confirmed that no other program trades this account: adopt what it left behind."""
        if not self._executor.paused:
            return
        self._executor.paused = False
        self._events.publish(AnotherProgramGone(self.account, ANOTHER_PROGRAM))
        self._owner.started = self._broker.exchange_time()
        self._owner.rival_orders.clear()
        self._reconcile_at = _NEVER

    def note_balances(self, balances: Mapping[str, Balance]) -> None:
        """Use balances that were read for another purpose, so that missing coins are noticed sooner."""
        self._owner.note_balances(balances)

    # Internals.

    def _buy(self, market: Market, signal_time: datetime, send: Callable[[], Intent]) -> EntryOutcome:
        later = self.retries_later(market.symbol, signal_time)
        if later is not None:
            return EntryOutcome(EntryStatus.FAILED, later)
        try:
            if not self._owner.is_fresh(market.base):
                self._owner.check(only=market.base)
            entry = send()
        except (Unauthorized, PermissionDenied):
            raise
        except BrokerError as error:
            return EntryOutcome(EntryStatus.FAILED, self._retries.schedule(market.symbol, signal_time, error))
        return self._follow(entry, signal_time)

    def _manage(self, plan: PositionPlan) -> None:
        if self._releaser.is_active:
            self._releaser.run(plan)
        else:
            self._executor.run(plan)

    def _halted(self) -> str | None:
        """Why no decision about any position is made now, or None."""
        if self._executor.paused:
            return ANOTHER_PROGRAM
        return _RELEASING if self._releaser.is_active else None

    def _resolve(self, attempts: ErrorCollector, *, only_unsent: bool = False) -> None:
        """`only_unsent`: only orders that were certainly never sent, which takes no request."""
        for intent in self._open.unsettled():
            if only_unsent and intent.state is not OrderState.INTENDED:
                continue
            if intent.state.is_unresolved and self._tracker.is_due(intent):
                with attempts:
                    self._tracker.resolve(intent)

    def _compare(self) -> None:
        """Compare journal and exchange every few minutes, currencies in doubt more often."""
        if self._clock.monotonic() >= self._reconcile_at:
            with self._questions:
                self._reconcile()
        elif self._owner.due():
            with self._questions:
                self._owner.check()
        self._watch_for_others()

    def _reconcile(self) -> None:
        self._reconcile_at = self._clock.monotonic() + self._timings.reconcile_again
        try:
            differences = self._reconciler.run(paused=self._executor.paused)
        except BudgetSpent as error:
            self._reconcile_at += error.retry_after
            self._partial_reads += 1
            if self._partial_reads == _REPORT_PARTIAL_AFTER:
                self._log.info(
                    "The rate limit allows reading the exchange's history only in parts; exits and stops continue"
                )
            raise
        self._partial_reads = 0
        if differences is None:
            self._reconcile_at = self._clock.monotonic() + self._reconciler.seconds_until_all_is_listed()
        else:
            self._reconciled = True
            self._journal.tidy()
            self._reconcile_at = self._clock.monotonic() + self._timings.reconcile

    def _watch_for_others(self) -> None:
        """Another NIJA on this account would buy twice, adopt our orders and fight over our stops."""
        rival_orders = (*self._reconciler.rival_orders, *self._owner.rival_orders)
        evidence = f"NIJA orders that this journal does not know: {_named(rival_orders)}" if rival_orders else None
        seen = self._broker.another_program()
        if seen is not None and seen != self._dealt_with:
            self._dealt_with = seen
            self._log.trouble("key", f"{seen.text}: give NIJA a key of its own")
            evidence = seen.text if seen.is_certain else evidence
        if evidence is None or self._executor.paused:
            return
        self._executor.paused = True
        now = self._broker.exchange_time()
        self._journal.halts.set(HaltName.ANOTHER_PROGRAM, ANOTHER_PROGRAM, now)
        self._events.publish(AnotherProgram(self.account, ANOTHER_PROGRAM, evidence))

    def _drop_denied(self) -> None:
        """Drop stops that the exchange has long denied, so that they are placed again."""
        for order in self._open.unsettled():
            denied = self._tracker.denied_for(order)
            if order.purpose is Purpose.STOP and denied is not None and denied >= self._timings.denial:
                with self._questions:
                    self._tracker.drop_if_denied(order)

    def _follow(self, entry: Intent, signal_time: datetime) -> EntryOutcome:
        """Protect what an entry bought, and book its fills."""
        plan = self._open.plan(entry.market)
        if plan is not None and (entry.client_id == plan.id or self._executor.is_guarded(plan)):
            self._executor.bought(plan.id)
        if entry.state is OrderState.OPEN:
            entry = self._tracker.await_fill(entry)
            self._protect(entry.market)
            entry = self._tracker.await_settled(entry)
        self._protect(entry.market)
        if entry.transient:
            return EntryOutcome(
                EntryStatus.FAILED, self._retries.schedule(entry.market, signal_time, Unavailable(entry.outcome))
            )
        self._retries.clear(entry.market)
        return self._entered(entry)

    def _entered(self, entry: Intent) -> EntryOutcome:
        if entry.state is OrderState.UNKNOWN:
            return EntryOutcome(EntryStatus.UNKNOWN, entry.outcome)
        if entry.filled > ZERO:
            return EntryOutcome(EntryStatus.FILLED)
        if entry.state.is_final:
            return EntryOutcome(EntryStatus.REFUSED, entry.outcome or f"the order was {entry.state.value}")
        return EntryOutcome(EntryStatus.WORKING)

    def _unfit_for_more(self, plan: PositionPlan | None) -> str | None:
        """Why a position cannot be increased, or None."""
        if plan is None or plan.market not in self._open.positions():
            return _NOTHING_HELD
        state = self._executor.state_of(plan)
        needs_none = state.wanted_stop is None or state.too_small or not state.rests_on_exchange
        if state.stop is StopStage.NONE and not needs_none:
            return "its stop is missing"
        return _UNFIT_STOPS.get(state.stop)

    def _reduced(self, plan: PositionPlan, outcome: Wait | Close) -> ExitOutcome:
        current = self._open.plan(plan.market)
        if current is None or isinstance(outcome, Close):
            return ExitOutcome(ExitStatus.CLOSED)
        if current.keep is None and current.exit_reason is None:
            return ExitOutcome(ExitStatus.REDUCED)
        return ExitOutcome(ExitStatus.WORKING, outcome.trouble or outcome.reason)

    def _refusal(self, market: Market, amount: Decimal, signal_time: datetime, unfit: str | None) -> str | None:
        """Why nothing can be bought now, or None. `unfit`: what the position, or its absence, says against it."""
        blocked = self.blocked(market.symbol)
        if blocked is not None or unfit is not None:
            return blocked or unfit
        if self.acted_on(market.symbol, signal_time):
            return _acted_on(signal_time)
        if not market.tradable or not market.takes_market_orders:
            return "the exchange accepts no market orders for this market now"
        if market.floor_amount(amount) < market.min_amount:
            least = figures.amount(market.min_amount)
            return f"{figures.amount(amount)} {market.base} is below the exchange's minimum of {least}"
        return None

    def _sell(self, market: str, reason: str) -> ExitOutcome:
        plan = self._open.plan(market)
        if plan is None:
            return ExitOutcome(ExitStatus.CLOSED, _NOTHING_HELD)
        if plan.exit_reason is None:
            plan = replace(plan, exit_reason=reason)
            self._open.update_plan(plan)
        outcome = self._executor.run(plan)
        if isinstance(outcome, Close):
            return ExitOutcome(ExitStatus.CLOSED)
        return ExitOutcome(ExitStatus.WORKING, outcome.trouble or outcome.reason)

    def _protect(self, market: str) -> None:
        plan = self._open.plan(market)
        if plan is not None:
            self._executor.run(plan)

    def _is_at_rest(self) -> bool:
        if any(order.state.is_unresolved for order in self._open.unsettled()):
            return False
        return self._releaser.is_active or all(map(self._executor.is_at_rest, self._open.plans().values()))

    def _due(self) -> list[Intent]:
        """The orders to read now: resting stops every few seconds, everything else each time."""
        orders = [intent for intent in self._open.unsettled() if intent.exchange_id is not None]
        now = self._clock.monotonic()
        if now - self._stops_read < self._timings.stop_poll:
            urgent = (order for order in orders if _is_urgent(order) or self._executor.is_ending(order))
            return [order for order in urgent if self._tracker.is_due(order)]
        self._stops_read = now
        return orders

    def _report_unreadable_rows(self) -> None:
        """Report unreadable rows once; the readable ones are used."""
        unread = self._broker.unread_rows()
        if not unread:
            self._log.settled("unread")
            return
        row, why = next(iter(unread.items()))
        count = "A row" if len(unread) == 1 else f"{len(unread)} rows"
        self._log.trouble("unread", f"{count} of the exchange's answers cannot be read ({row}: {why})")

    def _report_failed_requests(self) -> None:
        error = self._questions.first
        if error is None or isinstance(error, BudgetSpent) or self._clock.stopping:
            self._log.settled("questions")
        else:
            text = "a request to the exchange failed and will be retried"
            self._log.trouble("questions", text, detail=str(error))


def _being_sold(plan: PositionPlan | None) -> str | None:
    if plan is not None and plan.exit_reason is not None:
        return "the position is being sold"
    return None if plan is None or plan.keep is None else "a part of the position is being sold"


def _acted_on(signal_time: datetime) -> str:
    return f"the candle of {signal_time:%Y-%m-%d %H:%M} UTC was already acted upon"


def _unbooked(sale: Intent) -> str | None:
    if sale.purpose is Purpose.STOP:
        # Before it has ended, it has most likely sold nothing.
        return _unread_fills(sale) if sale.state.is_final else None
    return _working(sale)


def _unread_fills(order: Intent) -> str:
    return f"the fills of the {order.purpose.name.lower()} order of {order.created:%H:%M:%S} UTC have not been read yet"


def _working(order: Intent) -> str | None:
    purpose = order.purpose.name.lower()
    if order.state.is_unresolved:
        return f"the outcome of the {purpose} order of {order.created:%H:%M:%S} UTC is not known yet"
    if order.purpose is Purpose.STOP:
        return None
    if order.state.is_final:
        return _unread_fills(order)
    return f"the {purpose} order of {order.created:%H:%M:%S} UTC is still working"


def _is_urgent(order: Intent) -> bool:
    return order.purpose is not Purpose.STOP or order.state.is_final


def _named(orders: tuple[Order, ...]) -> str:
    return ", ".join(sorted({order.exchange_id for order in orders})[:3])
