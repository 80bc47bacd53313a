"""Starts, watches and stops everything: one thread per account, one feed per exchange."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.environment import RunMode
from accounts.failures import FailureKind
from accounts.manager import AccountManager, AccountState
from accounts.ownership import KeyInUse, KeyOwnership
from accounts.settings import Settings
from brokers.clock import PartClock, utc_now
from nija.candles.store import CandleStore, origin
from nija.control.commands import command_handlers, send_to
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME, ControlError
from nija.doctor.running import NOTICES, doctor_answer, facts_of_all, running_sections
from nija.events import DaemonStarted, DaemonStopped, Events, MonthlyReport
from nija.health.watcher import Watcher
from nija.journal.errors import JournalError
from nija.journal.history_writer import HistoryWriter
from nija.journal.opening import Journals
from nija.log import lines
from nija.log.change_filter import ChangeFilter
from nija.log.event_lines import EventLines
from nija.log.event_log import EventLog, get_log
from nija.log.grouped_stops import GroupedStops
from nija.notify.notifier import Notifier
from nija.performance.monthly import monthly_report
from nija.risk.portfolio import PortfolioLimits
from nija.supervisor.account import AccountParts, AccountThread
from nija.supervisor.changes import ChangeKind
from nija.supervisor.demo_ending import DemoEnding
from nija.supervisor.exchange_runtime import ExchangeRuntime
from nija.supervisor.explaining import explain_answer, traded_account
from nija.supervisor.open_positions import open_positions_first, switched_off_with_positions
from nija.supervisor.portfolio import Portfolio
from nija.supervisor.reload import Reloader
from nija.supervisor.report import ReportMoment, account_views, status_report
from nija.supervisor.roster import Roster, RosterTools
from nija.telegram.api import BotApi
from nija.telegram.bot import BotContext
from nija.telegram.notifications import audiences
from nija.telegram.poller import Poller
from nija.telegram.rights import chat_rights
from nija.version import nija_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import date

    from accounts.credentials import Credentials
    from accounts.identity import AccountId
    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Candles, Exchange, Timeframe
    from nija.doctor.facts import AccountFacts
    from nija.doctor.finding import Section
    from nija.journal.journal import Journal
    from nija.notify.audience import Audience
    from nija.risk.portfolio import PortfolioState
    from nija.status.report import AccountStatus, StatusReport
    from nija.supervisor.changes import Changes
    from nija.supervisor.configuration import AccountSetup, Configuration
    from nija.supervisor.source import ConfigurationSource
    from nija.trader.commands import CommandQueue

# Everything ends within 10 s of the first signal. A thread that has not ended by then is waiting for an answer.
_GRACE_SECONDS = 8.0
_LEAST_FLUSH_SECONDS = 1.0
_LONGEST_FLUSH_SECONDS = 3.0
_WATCH_SECONDS = 5.0
# How soon a request to reload is answered, and a thread that has ended gets its successor.
_TICK_SECONDS = 0.5
_REDEPLOY_SECONDS = 1.0
_STORE_PATIENCE = 2.0
# So that nobody mistakes made-up money in a notification for real money.
_SENDERS = MappingProxyType({RunMode.DEMO: "NIJA demo", RunMode.PAPER: "NIJA on paper"})


class Supervisor:
    """Runs in the main thread, until another thread or a signal handler sets `stop`."""

    def __init__(
        self,
        configuration: Configuration,
        clock: Clock,
        stop: threading.Event,
        redact: Callable[[str], str] = str,
        make_journals: Callable[..., Journals] = Journals,
        source: ConfigurationSource | None = None,
    ) -> None:
        """`source` is where edits of the configuration are read from; None if there will be none."""
        self._configuration = configuration
        self._clock = clock
        self._since = utc_now(clock)
        self._stop = stop
        self._make_journals = make_journals
        self._log = get_log("nija")
        self._reasons = ChangeFilter()
        self._started = threading.Lock()
        self._setups = configuration.traded()
        process = configuration.process
        self._notifier = Notifier(
            self._audiences(),
            process.heartbeat_url,
            clock,
            get_log("nija.notify"),
            sender=_SENDERS.get(configuration.mode, "NIJA"),
            redact=redact,
        )
        self._watcher = Watcher(clock, process.daily_summary_hour, self._report_month)
        self._history = HistoryWriter(clock)
        self._events = Events(self._log)
        self._stop_lines = GroupedStops(EventLines(self._log), clock)
        for listener in (self._stop_lines.on_event, self._notifier.on_event, self._history.on_event):
            self._events.listen(listener)
        self._demo: DemoEnding | None = None
        if configuration.mode is RunMode.DEMO:
            self._demo = DemoEnding(configuration.market_speed, clock)
            self._events.listen(self._demo.on_event)
        self._portfolio: Portfolio | None = None
        self._journals: Journals | None = None
        self._roster: Roster | None = None
        self._reloader = Reloader(source, configuration, self._apply, clock, self._log)
        self.manager = AccountManager(clock)

    @property
    def threads(self) -> tuple[AccountThread, ...]:
        """Those that run now."""
        return () if self._roster is None else self._roster.threads

    def run(self) -> int:
        """Trade until stopped. Returns the process's exit code.

        Raises KeyInUse, DataDirUnusable, ControlError or ConfigurationError before anything trades.
        """
        process = self._configuration.process
        with ExitStack() as stack:
            # Before the keys are locked: a platform stops the old instance, which holds them, once this one answers.
            stack.enter_context(self._web())
            locks = self._lock_keys(stack, self._setups)
            journals = self._make_journals(
                process.data_dir,
                self._clock,
                self._log,
                database_url=process.database_url,
                retention=self._configuration.retention,
            )
            stack.callback(journals.close)
            self._journals = journals
            self._log_left_out()
            switched_off = tuple(switched_off_with_positions(self._configuration, journals, self._log))
            locks |= self._lock_keys(stack, switched_off)
            setups = (*self._setups, *switched_off)
            self._list_accounts(setups)
            roster = self._make_roster(journals)
            self._follow_portfolio({setup.account: setup.plan.quote for setup in setups})
            # The accounts connect in this order.
            roster.prepare(open_positions_first(setups, journals), locks)
            self._roster = roster
            stack.enter_context(self._control())
            stack.callback(self._end, roster)
            stack.enter_context(self._telegram(journals))
            self._notifier.start()
            accounts = tuple(thread.account for thread in roster.threads)
            self._events.publish(DaemonStarted(self._configuration.mode.value, accounts))
            roster.start()
            self._watch(roster)
        return 0

    def _lock_keys(self, stack: ExitStack, setups: Iterable[AccountSetup]) -> dict[AccountId, KeyOwnership]:
        locks: dict[AccountId, KeyOwnership] = {}
        for setup in setups:
            locks[setup.account] = self._wait_for_key(setup.credentials)
            stack.callback(locks[setup.account].release)
        return locks

    def _lock_key(self, credentials: Credentials) -> KeyOwnership:
        """Raises KeyInUse, DataDirUnusable."""
        data_dir, fingerprint = self._configuration.process.data_dir, credentials.api_key.fingerprint
        return KeyOwnership(data_dir, fingerprint, self._clock, "nija run")

    def _wait_for_key(self, credentials: Credentials) -> KeyOwnership:
        """On a platform that starts the new instance before it stops the old one, wait for the old one."""
        while True:
            try:
                return self._lock_key(credentials)
            except KeyInUse as error:
                if not self._configuration.is_redeployed or self._clock.stopping:
                    raise
                if self._reasons.is_news("redeploy", "waits"):
                    self._log.info(f"Waiting for the previous instance to stop: {error}")
                self._clock.sleep(_REDEPLOY_SECONDS)

    @contextmanager
    def _control(self) -> Iterator[None]:
        """Serve commands while the daemon runs."""

        def status(_arguments: dict[str, object]) -> dict[str, object]:
            return self._report().to_json()

        def doctor(_arguments: dict[str, object]) -> dict[str, object]:
            return {**doctor_answer(self._facts()), NOTICES: list(self._reloader.last.notices)}

        def reload(_arguments: dict[str, object]) -> dict[str, object]:
            return self._reloader.request().to_json()

        def explain(_arguments: dict[str, object]) -> dict[str, object]:
            moment = ReportMoment(utc_now(self._clock), self._clock.monotonic())
            return explain_answer(self.manager, self.threads, self._candles, moment)

        path = self._configuration.home / SOCKET_NAME
        answers = {"status": status, "doctor": doctor, "reload": reload, "explain": explain}
        server = ControlServer(path, {**answers, **command_handlers(self._queues)})
        server.start()
        try:
            yield
        finally:
            server.stop()

    def _facts(self) -> tuple[AccountFacts, ...]:
        """What the doctor is told of every account."""
        prices = {thread.account: view.prices for thread in self.threads if (view := thread.view) is not None}
        credentials = self._configuration.discovery.credentials
        views = {one.id: one for one in self._views()}
        return facts_of_all(self.manager, credentials, self._configuration.settings, prices, views)

    def _findings(self) -> tuple[Section, ...]:
        settings, process = self._configuration.settings, self._configuration.process
        return running_sections(self._facts(), settings, process, utc_now(self._clock))

    def _queues(self) -> Mapping[AccountId, CommandQueue]:
        """Those of all accounts. Raises ControlError if a command could be lost."""
        if self._clock.stopping:
            raise ControlError("NIJA is stopping: repeat the command when it has stopped or restarted")
        taking_part = self.manager.accounts()
        return {thread.account: thread.commands for thread in self.threads if thread.account in taking_part}

    @contextmanager
    def _telegram(self, journals: Journals) -> Iterator[None]:
        """Answer on Telegram while the daemon runs. Off without a token."""
        process = self._configuration.process
        if process.telegram_token is None:
            yield
            return
        context = BotContext(
            report=self._report,
            journal=journals.read_current,
            command=lambda account, instruction: send_to(self._queues(), account, instruction),
            rights=lambda chat: chat_rights(chat, process.telegram_chats, self._configuration.settings),
        )
        api = BotApi(process.telegram_api_url, process.telegram_token)
        poller = Poller(api, context, process.telegram_chats, self._clock, get_log("nija.telegram"))
        poller.start()
        try:
            yield
        finally:
            poller.stop()

    @contextmanager
    def _web(self) -> Iterator[None]:
        """Serve the health pages and the page, if a port or the demo asks for them."""
        if not self._configuration.serves_web:
            yield
            return
        # The web server is imported only if it is used.
        from nija.health.health import Health  # noqa: PLC0415
        from nija.supervisor.web import web  # noqa: PLC0415
        from nija.web.context import WebContext  # noqa: PLC0415

        health = Health(self._views, self._events, self._clock)
        context = WebContext(
            report=self._report,
            verdict=health.verdict,
            journal=self._read_journal,
            candles=self._candles,
            findings=self._findings,
            notifications=self._notifier.sent.newest,
            traded=lambda account: traded_account(self.manager, self.threads, account),
            stored=self._stored_candles,
        )
        with web(self._configuration, context, health, self._queues, self._clock):
            yield

    def _read_journal(self, account: AccountId) -> Journal:
        if self._journals is None:
            raise JournalError("NIJA is starting: no journal is open yet")
        return self._journals.read(account)

    def _candles(self, exchange: Exchange, market: str, timeframe: Timeframe) -> Candles | None:
        runtime = None if self._roster is None else self._roster.runtime_of(exchange)
        return None if runtime is None else runtime.feed.candles(market, timeframe)

    def _stored_candles(self, exchange: Exchange, market: str, timeframe: Timeframe) -> Candles:
        """Raises CandleError."""
        process = self._configuration.process
        with CandleStore(process.candle_store, patience=_STORE_PATIENCE) as store:
            return store.read(origin(exchange, process.addresses[exchange]), market, timeframe)

    def _make_roster(self, journals: Journals) -> Roster:
        def make_runtime(exchange: Exchange, poll_seconds: float) -> ExchangeRuntime:
            return ExchangeRuntime(exchange, self._configuration.process, self._clock, poll_seconds)

        def make_thread(setup: AccountSetup, runtime: ExchangeRuntime) -> AccountThread:
            return AccountThread(self._parts(setup, runtime, journals))

        def lock_key(setup: AccountSetup) -> KeyOwnership:
            return self._lock_key(setup.credentials)

        tools = RosterTools(self.manager, journals, self._clock, self._log, lock_key, make_runtime, make_thread)
        return Roster(tools)

    def _log_left_out(self) -> None:
        configuration = self._configuration
        for warning in configuration.warnings:
            self._log.warning(f"⚠️  {warning}")
        for master in configuration.discovery.masters_not_configured():
            self._log.warning(lines.not_configured(master))
        for fault in configuration.discovery.faults:
            self._log.error(f"❌ {fault.message}", account=str(fault.account) if fault.account else None)

    def _list_accounts(self, setups: Iterable[AccountSetup]) -> None:
        for fault in self._configuration.discovery.faults:
            if fault.account is not None and fault.account not in self.manager.accounts():
                self.manager.add(fault.account)
                self.manager.transition(fault.account, AccountState.FAILED, fault.message, FailureKind.CREDENTIALS)
        for setup in setups:
            self.manager.add(setup.account)

    def _parts(self, setup: AccountSetup, runtime: ExchangeRuntime, journals: Journals) -> AccountParts:
        clock = PartClock(self._clock)
        return AccountParts(
            account=setup.account,
            plan=setup.plan,
            broker=self._broker(setup, runtime, clock),
            runtime=runtime,
            journals=journals,
            manager=self.manager,
            clock=clock,
            log=self._log.bind(account=str(setup.account)),
            events=self._events,
            history=self._history,
            allow_withdrawal_keys=self._configuration.process.allow_withdrawal_keys,
            before_trading=self._announce_start,
            portfolio=self._portfolio_state,
        )

    def _broker(self, setup: AccountSetup, runtime: ExchangeRuntime, clock: Clock) -> Broker:
        if self._configuration.mode is RunMode.PAPER:
            return runtime.paper_broker(setup.credentials, setup.plan.quote)
        return runtime.broker(setup.credentials, setup.plan.settings.own, clock)

    def _follow_portfolio(self, quotes: Mapping[AccountId, str]) -> None:
        """The loss limits over all accounts together, if nija.toml sets any. `quotes` are their quote currencies."""
        settings = self._configuration.settings.portfolio
        limits = PortfolioLimits(settings.max_daily_loss, settings.max_drawdown)
        if self._portfolio is not None:
            self._portfolio.change(limits, quotes)
        elif limits.any and quotes:
            self._portfolio = Portfolio(limits, quotes, self._clock, EventLog(self._log))

    def _portfolio_state(self) -> PortfolioState | None:
        if self._portfolio is None or not self._portfolio.state.limits.any:
            return None
        return self._portfolio.state

    def _announce_start(self) -> None:
        """Once, before the first trader starts; the lock is never released."""
        if self._started.acquire(blocking=False):
            self._log.info(lines.STARTING)

    def _watch(self, roster: Roster) -> None:
        look_at = self._clock.monotonic() + _WATCH_SECONDS
        while not self._stop.wait(_TICK_SECONDS):
            self._reloader.look()
            roster.look()
            if self._clock.monotonic() >= look_at:
                look_at = self._clock.monotonic() + _WATCH_SECONDS
                self._look_at_accounts(roster)

    def _look_at_accounts(self, roster: Roster) -> None:
        if self._portfolio is not None:
            self._follow_portfolio({account: setup.plan.quote for account, setup in roster.setups.items()})
            self._portfolio.look({thread.account: thread.view for thread in roster.threads})
        self._stop_lines.look()
        accounts = self._views()
        for event in self._watcher.look(accounts):
            self._events.publish(event)
        self._notifier.look(accounts)

    def _apply(self, after: Configuration, changes: Changes) -> None:
        """Make `after` the configuration in force. What a running process cannot take up stays as it is."""
        before, roster = self._configuration, self._roster
        self._configuration = replace(after, process=before.process, mode=before.mode, home=before.home)
        if roster is None:
            return
        self._notifier.follow(self._audiences())
        setups = after.setups()
        faulty = {fault.account for fault in before.discovery.faults}
        for account in faulty - {fault.account for fault in after.discovery.faults} - setups.keys():
            if account is not None:
                self.manager.remove(account)
        for change in changes.accounts:
            roster.want(change.account, setups.get(change.account))
        if any(change.kind in (ChangeKind.REMOVED, ChangeKind.NEW_KEY) for change in changes.accounts):
            # They may have failed because of a key that is no longer there.
            snapshots = self.manager.snapshots()
            roster.retry(one.account for one in snapshots if one.failure is FailureKind.SHARED_ACCOUNT)
        self._follow_portfolio({account: setup.plan.quote for account, setup in roster.setups.items()})

    def _audiences(self) -> tuple[Audience, ...]:
        """Who is notified: in a demo, only the owner of NIJA, since its accounts belong to nobody."""
        settings = self._configuration.settings
        if self._configuration.mode is RunMode.DEMO:
            settings = Settings()
        return audiences(self._configuration.process, settings)

    def _report(self) -> StatusReport:
        mode = self._configuration.mode.value
        report = status_report(
            self._views(),
            version=nija_version(),
            since=self._since,
            mode=mode,
            market_speed=self._configuration.market_speed,
        )
        return replace(report, notices=self._reloader.last.notices)

    def _report_month(self, month: date) -> MonthlyReport:
        """Read from the journals, which takes a moment; no trader waits for it."""
        if self._journals is None:
            return MonthlyReport(month, ())
        return monthly_report(self._journals.read, (thread.account for thread in self.threads), month)

    def _views(self) -> tuple[AccountStatus, ...]:
        """What is known of every account now."""
        moment = ReportMoment(utc_now(self._clock), self._clock.monotonic())
        return account_views(self.manager, self.threads, moment)

    def _end(self, roster: Roster) -> None:
        self._stop.set()
        self._log.info(lines.STOPPING)
        deadline = self._clock.monotonic() + _GRACE_SECONDS
        for thread in roster.end(deadline):
            self._log.warning(
                "⚠️  A request is still unanswered; the next start finds out what became of it",
                account=str(thread.account),
            )
        self._stop_lines.flush()
        self._events.publish(DaemonStopped())
        left = max(0.0, deadline - self._clock.monotonic())
        self._notifier.stop(min(_LONGEST_FLUSH_SECONDS, left + _LEAST_FLUSH_SECONDS))
        if self._demo is not None:
            for line in self._demo.lines(sum(len(account.positions) for account in self._views())):
                self._log.info(line)
        self._log.info(lines.STOPPED)
