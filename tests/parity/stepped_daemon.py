"""The daemon, stepped: its own feed, brokers, desks, journals and traders, cycle by cycle in the test's thread.

Between it and the simulator there is a real socket. Time passes only as the test and the daemon's own waits move it.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.access import account_broker, open_access
from accounts.connect import connect_account
from accounts.credentials import Credentials
from accounts.environment import ProcessSettings
from accounts.identity import AccountId
from accounts.manager import AccountManager, AccountState
from brokers.clock import utc_now
from brokers.errors import BudgetSpent
from nija.feed import Feed
from nija.log.event_log import EventLog
from nija.orders.desk import OrderDesk
from nija.risk.no_trade import Rule
from nija.trader.commands import CommandQueue
from nija.trader.context import TraderContext
from nija.trader.halts import HaltReporter
from nija.trader.trader import Trader
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from brokers.base import Broker
    from brokers.description import ExchangeAccess
    from brokers.simulator.config import SimulatedAccount
    from nija.journal.journal import Journal
    from nija.journal.opening import Journals
    from nija.trader.plan import TradingPlan
    from tests.parity.played_exchange import PlayedExchange

# More than any candle needs: an entry a cycle, and a few for stops that are moved or cancelled.
_MOST_CYCLES = 15
_POLL_SECONDS = 30.0
_CYCLE_SECONDS = 1.0
# Coinbase counts a candle as final some seconds after its end.
_SETTLED_SECONDS = 4.0
# An entry that the rate limit held up is tried again after a few seconds, for as long as its candle is the last.
_WAITS = frozenset({Rule.ENTRY_FAILED, Rule.RETRY, Rule.UNKNOWN, Rule.BLOCKED})
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class SteppedAccount:
    name: str
    owner: str
    plan: TradingPlan
    broker: Broker
    desk: OrderDesk
    trader: Trader
    journal: Journal


@dataclass(frozen=True, slots=True)
class SteppedDaemon:
    """All accounts of one exchange, started and connected."""

    exchange: PlayedExchange
    feed: Feed
    accounts: tuple[SteppedAccount, ...]
    log: CapturedLog

    def act(self) -> None:
        """A candle has closed: the feed looks once, then every account runs cycles until it does nothing more."""
        self._look()
        for account in self.accounts:
            self._cycle(account)

    def follow(self) -> None:
        """Every account some of whose stops have filled takes notice, as the desk looks at them every few seconds."""
        sold = [one for one in self.accounts if one.desk.positions().keys() != self.exchange.stops(one.owner).keys()]
        if sold:
            # Without a price that is fresh nothing is bought: a daemon would, if a stop makes room for an entry that a
            # limit forbade at the open, but at a price in the middle of a candle that no backtest knows.
            self.exchange.clock.advance(self.feed.snapshot.price_max_age + 1)
            for account in sold:
                self._once(account)

    def watch(self) -> None:
        """Accounts that hold something see what it is worth now; the value of any other does not move."""
        holding = [account for account in self.accounts if account.desk.positions()]
        if holding:
            self._look()
            for account in holding:
                self._cycle(account)

    def _look(self) -> None:
        self.exchange.clock.advance(_SETTLED_SECONDS)
        self.feed.poll()

    def _cycle(self, account: SteppedAccount) -> None:
        for _ in range(_MOST_CYCLES):
            before = self._books(account)
            self._once(account)
            self.exchange.clock.advance(_CYCLE_SECONDS)
            if any(reason.rule in _WAITS for reason in account.trader.view.not_trading):
                self.exchange.clock.advance(_RETRY_SECONDS)
                self.feed.poll()
            elif self._books(account) == before:
                return
        raise AssertionError(f"{account.name} does not come to rest: {self.log.lines[-5:]}")

    def _once(self, account: SteppedAccount) -> None:
        """One cycle, as the account's thread runs it: if the rate limit ends one, the next makes what is left."""
        while True:
            try:
                account.trader.cycle()
            except BudgetSpent as spent:
                self.exchange.clock.advance(spent.retry_after)
            else:
                return

    def _books(self, account: SteppedAccount) -> object:
        books = self.exchange.account(account.owner)
        return len(books.orders), self.exchange.stops(account.owner), account.desk.pending_entries()


@dataclass(frozen=True, slots=True)
class _Process:
    """What the accounts of one process share."""

    exchange: PlayedExchange
    access: ExchangeAccess
    feed: Feed
    manager: AccountManager
    journals: Journals
    log: CapturedLog


@contextlib.contextmanager
def stepped_daemon(
    exchange: PlayedExchange, traders: Sequence[tuple[SimulatedAccount, TradingPlan]], folder: Path
) -> Iterator[SteppedDaemon]:
    log, clock = CapturedLog(), exchange.clock
    addresses = exchange.simulator.addresses.by_exchange
    settings = ProcessSettings(data_dir=folder, connect_delay=0.0, nonce_offset_max=0.01, addresses=addresses)
    with contextlib.ExitStack() as stack:
        access = open_access(exchange.exchange, settings, clock)
        stack.callback(access.close)
        journals = journals_in(folder, clock, log.logger)
        stack.callback(journals.close)
        feed = Feed(access.market_data(), clock, _POLL_SECONDS, EventLog(log.logger))
        process = _Process(exchange, access, feed, AccountManager(clock), journals, log)
        accounts = []
        for simulated, plan in traders:
            account = _started(process, simulated, plan)
            stack.callback(account.broker.close)
            stack.callback(account.journal.close)
            accounts.append(account)
        yield SteppedDaemon(exchange, feed, tuple(accounts), log)


def _started(process: _Process, simulated: SimulatedAccount, plan: TradingPlan) -> SteppedAccount:
    """Connected and reconciled, as an account's thread does it."""
    account, clock, log = AccountId(simulated.exchange, simulated.owner), process.exchange.clock, process.log
    credentials = Credentials(account, simulated.api_key, "", "")
    broker = account_broker(process.access, credentials, plan.settings.own, clock)
    process.manager.add(account)
    process.manager.transition(account, AccountState.CONNECTING)
    process.manager.register(account, broker, connect_account(account, broker, clock).info)
    journal = process.journals.open(account)
    desk = OrderDesk(account, broker, journal, clock, log.logger, log.events)
    trader = Trader(
        TraderContext(
            account=account,
            plan=plan,
            broker=broker,
            desk=desk,
            journal=journal,
            feed=process.feed,
            manager=process.manager,
            clock=clock,
            log=log.logger,
            events=log.events,
            halt_reporter=HaltReporter(account, log.events, utc_now(clock)),
            wake=threading.Event(),
            commands=CommandQueue(account, clock, log.logger, lambda: None),
        )
    )
    trader.start()
    return SteppedAccount(str(account), simulated.owner, plan, broker, desk, trader, journal)
