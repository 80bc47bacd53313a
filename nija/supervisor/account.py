"""One account's thread: wait its turn, connect and trade; after a failure, wait and start again.

It runs until NIJA stops, until the supervisor ends it, or until a switched-off account has nothing open any more.
"""

from __future__ import annotations

import math
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.connect import ConnectRefused, connect_account, key_refused
from accounts.failures import FailureKind, failure_kind
from accounts.key_watch import KeyWatch
from accounts.manager import AccountState, SharedExchangeAccount
from accounts.market_advice import market_advice
from brokers.clock import PartClock, utc_now
from brokers.errors import (
    BrokerError,
    BudgetSpent,
    NonceRejected,
    PermissionDenied,
    Unauthorized,
)
from brokers.figures import duration
from brokers.model import Timeframe
from nija.events import (
    AccountConnected,
    AccountConnecting,
    AccountRegistered,
    BalanceRead,
    ConnectionFailed,
    TradingStarted,
)
from nija.journal.errors import JournalError
from nija.journal.identity import another_account
from nija.log import lines
from nija.log.change_filter import ChangeFilter
from nija.orders.desk import OrderDesk
from nija.risk.costs import cost_of, round_trip_cost, slippage
from nija.supervisor.backoff import Backoff
from nija.supervisor.listener import CommandListener
from nija.trader.context import TraderContext
from nija.trader.halts import HaltReporter
from nija.trader.trader import Trader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId
    from accounts.manager import AccountManager, AccountReport
    from brokers.base import Broker
    from brokers.model import KeyInfo
    from nija.events import Events
    from nija.journal.history_writer import HistoryWriter
    from nija.journal.journal import Journal
    from nija.journal.opening import Journals
    from nija.journal.records import Halt, HaltName
    from nija.market_data.snapshot import FeedSnapshot
    from nija.risk.portfolio import PortfolioState
    from nija.supervisor.exchange_runtime import ExchangeRuntime
    from nija.trader.commands import CommandQueue
    from nija.trader.plan import TradingPlan
    from nija.trader.view import TraderView

# The longest reaction time to a kill switch, a stop or an unknown order. A cycle without news costs next to nothing.
_CYCLE_SECONDS = 1.0
_TRANSIENT_BACKOFF = (2.0, 60.0)
# A refused key is retried in case it was fixed at the exchange, but not so often that the exchange locks it out.
_REFUSED_BACKOFF = (15.0, 900.0)
_TROUBLE_BACKOFF = (1.0, 15.0)
# With an unprotected position, the next try comes within this time.
_BARE_SECONDS = 2.0
# The supervisor waits 8 s for its threads after a stop signal.
_FINISH_SECONDS = 6.5
# Even the slowest rate-limit counter has decayed from full to empty by then.
_LONGEST_CAPACITY_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class AccountParts:
    """What one account's thread needs. `before_trading` is called before each start of trading.

    `plan` is the first one. `clock` is the account's own, with which it can be stopped alone. `portfolio` returns the
    state of all accounts together; None if there are no limits on that.
    """

    account: AccountId
    plan: TradingPlan
    broker: Broker
    runtime: ExchangeRuntime
    journals: Journals
    manager: AccountManager
    clock: PartClock
    log: FilteringBoundLogger
    events: Events
    history: HistoryWriter
    allow_withdrawal_keys: bool
    before_trading: Callable[[], None]
    portfolio: Callable[[], PortfolioState | None]


class AccountThread:
    """Nothing that goes wrong here affects another account."""

    def __init__(self, parts: AccountParts) -> None:
        self._parts = parts
        self._clock = parts.clock
        # Replaced by the supervisor's thread, read by the account's.
        self._plan = parts.plan
        self._broker = parts.broker
        self._reasons = ChangeFilter()
        self._transient = Backoff(*_TRANSIENT_BACKOFF)
        self._refused = Backoff(*_REFUSED_BACKOFF)
        self._wake = threading.Event()
        self._listener = CommandListener(parts.account, parts.journals, self._clock, parts.log, self._wake.set)
        self._trader: Trader | None = None
        self._key_watch = KeyWatch(
            parts.account, self._broker, self._clock, allow_withdrawal_keys=parts.allow_withdrawal_keys
        )
        self._halt_reporter = HaltReporter(parts.account, parts.events, utc_now(self._clock))
        self._turn = parts.runtime.connect_queue.reserve()
        self._has_started = False
        self._has_left = False
        self._thread = threading.Thread(target=self.run, name=str(parts.account), daemon=True)

    @property
    def account(self) -> AccountId:
        return self._parts.account

    @property
    def commands(self) -> CommandQueue:
        return self._listener.queue

    @property
    def view(self) -> TraderView | None:
        """The view that the account's trader last published; None before it first trades."""
        return self._trader.view if self._trader is not None else None

    @property
    def halts(self) -> Mapping[HaltName, Halt] | None:
        """The halts as last read or commanded, also before it first trades; None while they are unknown."""
        return self._listener.queue.halts

    @property
    def feed(self) -> FeedSnapshot:
        """The market data of the account's exchange."""
        return self._parts.runtime.feed.snapshot

    @property
    def has_ended(self) -> bool:
        return self._has_started and not self._thread.is_alive()

    def start(self) -> None:
        # Followed early, so that the candles are there when the account has connected.
        self._parts.runtime.feed.follow(map(self._plan.subscription, self._plan.markets), self._wake)
        self._has_started = True
        try:
            self._thread.start()
        except RuntimeError:
            # The machine has no thread left. Whoever waits behind this turn must not wait for it.
            self._parts.runtime.connect_queue.cancel(self._turn)
            raise

    def change(self, plan: TradingPlan) -> None:
        """Trade by another plan from the next cycle on."""
        self._plan = plan
        self._wake.set()

    def end(self) -> None:
        """End this thread alone: it protects what is open, which its successor or the next start takes over."""
        self._clock.stop()
        self._wake.set()

    def join(self, timeout: float) -> bool:
        """Whether the thread has ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def run(self) -> None:
        wait = self._attempt(self._turn)
        while not self._clock.stopping:
            self._listener.pause(wait)
            wait = self._attempt(self._parts.runtime.connect_queue.reserve())
        self._parts.runtime.feed.unfollow(self._wake)
        self._listener.close()
        self._write_rest_of_history()
        self._broker.close()
        if self._has_left:
            self._parts.manager.remove(self.account)

    def _attempt(self, turn: int) -> float:
        """Wait for the turn, then run one session. Returns the seconds to wait before the next try."""
        with self._parts.runtime.connect_queue.turn(turn, self._listener.pause, self._clock) as connect_done:
            return math.inf if self._clock.stopping else self._session(connect_done)

    def _session(self, connect_done: Callable[[], None]) -> float:
        """Connect and trade until something ends it. Returns the seconds to wait before the next try.

        The last clause is the thread's outermost handler: unexpected errors are reported, and the account restarts.
        """
        try:
            with self._listener.session() as journal:
                self._connect_and_trade(journal, connect_done)
        except SharedExchangeAccount as error:
            self._parts.log.warning(f"❌ {error}")
        except ConnectRefused as error:
            return self._refuse(error)
        except (Unauthorized, PermissionDenied) as error:
            return self._refuse(key_refused(self.account, error))
        except BrokerError as error:
            return self._fail(failure_kind(error), _short(error), str(error), self._transient)
        except JournalError as error:
            return self._fail(FailureKind.OTHER, "the journal cannot be used", str(error), self._transient)
        except Exception:
            self._parts.log.exception("❌ This account's thread failed unexpectedly and is started again")
            self._transition(AccountState.FAILED, "an unexpected error; see nija.log")
            return self._transient.wait()
        return math.inf

    def _refuse(self, refusal: ConnectRefused) -> float:
        backoff = self._refused if refusal.permanent else self._transient
        return self._fail(refusal.kind, refusal.reason, refusal.remedy, backoff)

    def _fail(self, kind: FailureKind, reason: str, detail: str, backoff: Backoff) -> float:
        wait = backoff.wait()
        self._parts.manager.transition(self.account, AccountState.FAILED, reason, kind)
        # Failures while NIJA stops are not worth reporting.
        if not self._clock.stopping and self._reasons.is_news("failure", reason):
            self._parts.events.publish(ConnectionFailed(self.account, kind, reason, detail))
        return wait

    def _write_rest_of_history(self) -> None:
        """Write the events published since the last session ended."""
        parts = self._parts
        if parts.history.is_waiting(self.account):
            with suppress(JournalError), closing(parts.journals.open(self.account)) as journal:
                parts.history.write(journal)

    def _connect_and_trade(self, journal: Journal, connect_done: Callable[[], None]) -> None:
        self._connect(journal)
        connect_done()
        trader = Trader(self._context(journal))
        self._trader = trader
        try:
            self._start_and_trade(trader, journal)
        finally:
            self._finish(trader)
            self._parts.history.write(journal)

    def _start_and_trade(self, trader: Trader, journal: Journal) -> None:
        self._once_capacity_allows(trader.start)
        self._once_capacity_allows(lambda: self._report_balance(trader))
        self._once_capacity_allows(self._warn_of_cost)
        self._parts.before_trading()
        self._parts.events.publish(TradingStarted(self.account))
        self._transition(AccountState.TRADING)
        self._trade(trader, journal)

    def _connect(self, journal: Journal) -> None:
        parts, account = self._parts, self.account
        self._transition(AccountState.CONNECTING)
        parts.events.publish(AccountConnecting(account))
        connected = connect_account(
            account,
            self._broker,
            self._clock,
            allow_withdrawal_keys=parts.allow_withdrawal_keys,
            allow_clock_skew=self._trader is not None,
        )
        self._key_watch.looked()
        self._check_identity(journal, connected.info)
        parts.events.publish(AccountConnected(account))
        self._log_warnings(connected.warnings)
        parts.manager.register(account, self._broker, connected.info)
        parts.events.publish(AccountRegistered(account))

    def _check_identity(self, journal: Journal, info: KeyInfo) -> None:
        """Before reconciling: positions of one exchange account must not be looked up in another.

        Raises ConnectRefused.
        """
        if refusal := another_account(journal.identity, self.account, info):
            nothing_done = "nothing was compared, and no order was placed or withdrawn"
            raise ConnectRefused(FailureKind.ANOTHER_ACCOUNT, refusal, nothing_done, permanent=True)
        if info.names_account and journal.identity.fingerprint() is None:
            journal.identity.remember(info.account_uid, utc_now(self._clock))

    def _log_warnings(self, warnings: Iterable[str]) -> None:
        for warning in warnings:
            self._parts.log.warning(f"⚠️  {warning}")

    def _once_capacity_allows(self, ask: Callable[[], None]) -> None:
        """Call `ask`, waiting for rate-limit capacity as long as it takes. For use before trading. Raises BrokerError.

        Each try uses up capacity too, so the waits grow until all of its requests fit.
        """
        growth = 1.0
        while True:
            try:
                return ask()
            except BudgetSpent as error:
                if self._clock.stopping:
                    raise
                wait = min(error.retry_after * growth, _LONGEST_CAPACITY_WAIT)
                self._parts.log.info(f"Waiting {duration(wait)} for rate-limit capacity before trading")
                self._listener.pause(wait)
                growth *= 2

    def _report_balance(self, trader: Trader) -> None:
        """NIJA's own positions count as funds."""
        money = trader.money()
        report = trader.report(money)
        self._parts.manager.report(self.account, report)
        minimum = self._plan.settings.risk.min_balance
        read = BalanceRead(self.account, money.total, money.invested, minimum, money.quote)
        self._parts.events.publish(read)
        if not read.is_funded:
            self._suggest_markets(report, minimum)

    def _suggest_markets(self, report: AccountReport, minimum: Decimal) -> None:
        held = {currency: balance.total for currency, balance in report.balances.items()}
        advice = market_advice(self.account, held, self._broker.markets(), self._plan.markets, minimum)
        if advice is not None:
            self._parts.log.warning(f"   → {advice}", account=str(self.account))

    def _warn_of_cost(self) -> None:
        """Log what fast candles cost at this account's fees."""
        plan = self._plan
        market = self._broker.markets().get(plan.markets[0])
        if market is None or plan.timeframe.seconds >= Timeframe.H4.seconds:
            return
        fee = self._broker.fees(market.symbol).taker
        cost = cost_of(plan.timeframe, fee, round_trip_cost(fee, fee, slippage(market)))
        self._parts.log.warning(f"⚠️  {cost}")

    def _context(self, journal: Journal) -> TraderContext:
        parts, plan = self._parts, self._plan
        desk = OrderDesk(
            parts.account,
            self._broker,
            journal,
            self._clock,
            parts.log,
            parts.events,
            protective_stops=plan.settings.risk.protective_stops,
        )
        return TraderContext(
            account=parts.account,
            plan=plan,
            broker=self._broker,
            desk=desk,
            journal=journal,
            feed=parts.runtime.feed,
            manager=parts.manager,
            clock=self._clock,
            log=parts.log,
            events=parts.events,
            halt_reporter=self._halt_reporter,
            wake=self._wake,
            commands=self._listener.queue,
            portfolio=parts.portfolio,
        )

    def _trade(self, trader: Trader, journal: Journal) -> None:
        """Run cycles. Transient errors of the exchange are retried; permanent ones are raised."""
        trouble = Backoff(*_TROUBLE_BACKOFF)
        while not self._clock.stopping and self._state() is not AccountState.FAILED:
            if trader.plan.is_switched_off and trader.has_nothing_open:
                self._leave()
                return
            pause = _CYCLE_SECONDS
            self._listener.obey()
            try:
                self._follow_plan(trader)
                trader.cycle()
                self._log_warnings(self._key_watch.look())
            except (Unauthorized, PermissionDenied):
                raise
            except BudgetSpent:
                # Not a failure: the next cycles make the remaining requests.
                trouble.reset()
            except BrokerError as error:
                pause = min(trouble.wait(), _BARE_SECONDS) if trader.is_bare else trouble.wait()
                self._log_trouble(error)
            else:
                trouble.reset()
                self._transient.reset()
                self._refused.reset()
                self._reasons.clear("failure")
                if self._reasons.clear("trouble"):
                    self._parts.log.info("The exchange answers again")
            self._parts.history.write(journal)
            self._wake.wait(pause)
            self._wake.clear()

    def _follow_plan(self, trader: Trader) -> None:
        """Take up the plan that the supervisor set meanwhile, if it did."""
        plan, former = self._plan, trader.plan
        if plan is former:
            return
        trader.change(plan)
        if plan.timeframe != former.timeframe:
            self._warn_of_cost()

    def _finish(self, trader: Trader) -> None:
        """Complete the protection of positions before stopping; the next start does the rest."""
        if not self._clock.stopping:
            return
        try:
            at_rest = trader.finish(_FINISH_SECONDS)
        except BrokerError as error:
            self._parts.log.warning(f"⚠️  Protection could not be completed before the end: {error}")
            return
        if not at_rest:
            self._parts.log.warning("⚠️  Protection could not be completed before the end; the next start completes it")

    def _leave(self) -> None:
        """A switched-off account is managed only while it has something open."""
        self._parts.log.info(f"{self.account} is switched off and has nothing open any more: NIJA stops managing it")
        self._has_left = True
        self._clock.stop()

    def _log_trouble(self, error: BrokerError) -> None:
        """Failures while NIJA stops are not worth reporting."""
        if self._clock.stopping or not self._reasons.is_news("trouble", type(error).__name__):
            return
        if isinstance(error, NonceRejected):
            self._parts.log.error(lines.INVALID_NONCE, detail=str(error))
        else:
            self._parts.log.warning(f"⚠️  The exchange does not respond properly: {error}; trying again")

    def _state(self) -> AccountState:
        return self._parts.manager.snapshot(self.account).state

    def _transition(self, state: AccountState, reason: str = "") -> None:
        self._parts.manager.transition(self.account, state, reason)


def _short(error: BrokerError) -> str:
    """The words that users search the log for."""
    return "Invalid nonce" if isinstance(error, NonceRejected) else str(error)
