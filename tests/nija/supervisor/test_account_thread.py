"""One account's thread from outside: which keys it accepts, and how it obeys commands while it does not trade."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from accounts.failures import FailureKind
from accounts.identity import AccountId
from accounts.manager import AccountManager, AccountState
from brokers.clock import PartClock, utc_now
from brokers.errors import BudgetSpent, InvalidSignature, LockedOut, Unauthorized, Unavailable
from brokers.model import Exchange
from nija.feed import Feed
from nija.journal.history_writer import HistoryWriter
from nija.journal.identity import fingerprint_of
from nija.journal.records import HaltName
from nija.log import lines
from nija.log.event_log import EventLog
from nija.supervisor.account import AccountParts, AccountThread
from nija.supervisor.connect_queue import ConnectQueue
from nija.trader.commands import Command, CommandStatus, Instruction
from nija.trader.plan import trading_plan
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import BTC, ExchangeModel
from tests.nija.risk.settings_of import settings_of
from tests.nija.trader.trader_rig import Candlestick

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from brokers.model import KeyInfo
    from nija.supervisor.exchange_runtime import ExchangeRuntime

ACCOUNT = AccountId.parse("kraken:daivon_frazier")


class EventfulClock(ManualClock):
    """Each sleep runs the next of the given steps; after the last one, everything stops."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        else:
            self.stopping = True


class KeyOf(ExchangeModel):
    """An exchange account with an id of its own, whose key may be refused."""

    def __init__(self, clock: ManualClock, uid: str) -> None:
        super().__init__(clock)
        self.uid = uid
        self.refusal: Exception | None = None
        self.names_account = True

    def connect(self) -> KeyInfo:
        if self.refusal is not None:
            raise self.refusal
        return replace(super().connect(), account_uid=self.uid, names_account=self.names_account)


class Daemon:
    """The environment of one account; every `run` is a new process on the same disk."""

    def __init__(self, folder: Path) -> None:
        self.clock = EventfulClock()
        self.log = CapturedLog()
        self.journals = journals_in(folder, self.clock, self.log.logger)
        self.manager = AccountManager(self.clock)
        self.is_switched_off = False
        self.history = HistoryWriter(self.clock)
        self.log.events.listen(self.history.on_event)

    def thread(self, exchange: KeyOf, before_trading: Callable[[], None] | None = None) -> AccountThread:
        """By default, it stops as soon as it would start to trade."""
        self.clock.stopping = False
        self.manager = AccountManager(self.clock)
        self.manager.add(ACCOUNT)
        feed = Feed(Candlestick(exchange), self.clock, 30.0, EventLog(self.log.logger))
        return AccountThread(
            AccountParts(
                account=ACCOUNT,
                plan=trading_plan(settings_of(enabled=not self.is_switched_off)),
                broker=exchange,
                runtime=cast(
                    "ExchangeRuntime", SimpleNamespace(connect_queue=ConnectQueue(self.clock, 0.0), feed=feed)
                ),
                journals=self.journals,
                manager=self.manager,
                clock=PartClock(self.clock),
                log=self.log.logger,
                events=self.log.events,
                history=self.history,
                allow_withdrawal_keys=False,
                before_trading=before_trading or self._stop_where_it_would_trade,
                portfolio=lambda: None,
            )
        )

    def _stop_where_it_would_trade(self) -> None:
        self.clock.stopping = not self.is_switched_off

    def run(self, exchange: KeyOf) -> AccountState:
        self.thread(exchange).run()
        return self.manager.snapshot(ACCOUNT).state

    def halts(self) -> set[HaltName]:
        with closing(self.journals.read(ACCOUNT)) as journal:
            return set(journal.halts.all())

    def kept(self) -> list[str]:
        """The kinds of the history's rows."""
        with closing(self.journals.read(ACCOUNT)) as journal:
            return [row.kind for row in journal.history.latest(100)]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    daemon.journals.close()


def test_the_first_connect_ties_the_journal_to_the_exchange_account(daemon: Daemon) -> None:
    assert daemon.run(KeyOf(daemon.clock, "AA00")) is AccountState.TRADING
    with closing(daemon.journals.read(ACCOUNT)) as journal:
        assert journal.identity.fingerprint() == fingerprint_of("AA00")


def test_another_key_of_the_same_exchange_account_goes_on_with_its_journal(daemon: Daemon) -> None:
    daemon.run(KeyOf(daemon.clock, "AA00"))
    assert daemon.run(KeyOf(daemon.clock, "AA00")) is AccountState.TRADING


def test_the_key_of_another_exchange_account_is_refused_before_anything_is_compared(daemon: Daemon) -> None:
    daemon.run(KeyOf(daemon.clock, "AA00"))
    other = KeyOf(daemon.clock, "BB11")
    other.book.total["BTC"] = Decimal(5)
    assert daemon.run(other) is AccountState.FAILED
    reason = daemon.manager.snapshot(ACCOUNT).reason
    assert "another exchange account than the journal of kraken:daivon_frazier" in reason
    assert "KRAKEN_USER_DAIVON_FRAZIER_API_KEY" in reason
    assert "nija forget kraken:daivon_frazier" in reason
    assert f"⚠️  Kraken USER daivon_frazier connection failed: {reason}" in daemon.log.lines
    assert other.calls == []
    assert other.book.total["BTC"] == 5
    # As after any refused key, the next try comes only after a while.
    assert sum(daemon.clock.sleeps) >= 1


def test_coins_of_another_exchange_account_are_not_sold_for_the_position_of_the_first(tmp_path: Path) -> None:
    world = DeskWorld(Exchange.KRAKEN, local=True)
    world.desk.enter(BTC, Decimal(1), Decimal(90), world.candle, "trend")
    world.journal.identity.remember("AA00", utc_now(world.clock))
    world.journal.close()
    daemon = Daemon(world.folder)
    other = KeyOf(daemon.clock, "BB11")
    other.book.total["BTC"] = Decimal(5)
    other.set_price("BTC/USD", Decimal(50))
    assert daemon.run(other) is AccountState.FAILED
    assert other.book.requests == []
    with closing(daemon.journals.read(ACCOUNT)) as journal:
        assert [plan.market for plan in journal.plans.open()] == ["BTC/USD"]
    daemon.journals.close()


def test_an_exchange_that_does_not_name_the_account_decides_nothing(daemon: Daemon) -> None:
    unnamed = KeyOf(daemon.clock, "key 12345678")
    unnamed.names_account = False
    assert daemon.run(unnamed) is AccountState.TRADING
    assert daemon.run(KeyOf(daemon.clock, "AA00")) is AccountState.TRADING
    assert daemon.run(unnamed) is AccountState.TRADING
    with closing(daemon.journals.read(ACCOUNT)) as journal:
        assert journal.identity.fingerprint() == fingerprint_of("AA00")


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (Unauthorized("EAPI:Invalid key"), FailureKind.KEY),
        (InvalidSignature("EAPI:Invalid signature"), FailureKind.SIGNATURE),
        (Unavailable("no route"), FailureKind.UNAVAILABLE),
        (LockedOut("EGeneral:Temporary lockout", 900.0), FailureKind.LOCKED_OUT),
        (BudgetSpent("our own count", 5.0), FailureKind.OTHER),
        (RuntimeError("a fault of NIJA's own"), FailureKind.OTHER),
    ],
)
def test_a_failed_account_carries_the_kind_of_its_failure(
    daemon: Daemon, refusal: Exception, kind: FailureKind
) -> None:
    exchange = KeyOf(daemon.clock, "AA00")
    exchange.refusal = refusal
    assert daemon.run(exchange) is AccountState.FAILED
    assert daemon.manager.snapshot(ACCOUNT).failure is kind


@pytest.mark.parametrize("refusal", [Unauthorized("EAPI:Invalid key"), Unavailable("no route")])
def test_an_account_that_cannot_connect_obeys_within_a_second(daemon: Daemon, refusal: Exception) -> None:
    exchange = KeyOf(daemon.clock, "AA00")
    exchange.refusal = refusal
    thread = daemon.thread(exchange)
    halts: list[set[HaltName]] = []
    daemon.clock.meanwhile = [
        lambda: thread.commands.send(Instruction(Command.STOP_TRADING)),
        lambda: halts.append(daemon.halts()),
    ]
    thread.run()
    assert halts == [{HaltName.STOP_TRADING}]
    assert max(daemon.clock.sleeps) <= 1.0


def test_a_key_that_is_refused_while_trading_and_again_at_the_next_connect_is_reported_once(daemon: Daemon) -> None:
    exchange = KeyOf(daemon.clock, "AA00")

    def refuse() -> None:
        exchange.refusal = Unauthorized("EAPI:Invalid key (check that the API key was copied whole)")
        raise exchange.refusal

    daemon.clock.meanwhile = [lambda: None] * 60
    daemon.thread(exchange, refuse).run()
    told = [line for line in daemon.log.lines if "connection failed" in line]
    assert told == ["⚠️  Kraken USER daivon_frazier connection failed: Invalid key"]
    assert daemon.log.lines.count(lines.connecting(ACCOUNT)) > 2


def test_a_command_that_came_before_the_connect_counts_from_the_first_cycle_on(daemon: Daemon) -> None:
    thread = daemon.thread(KeyOf(daemon.clock, "AA00"))
    receipt = thread.commands.send(Instruction(Command.STOP_TRADING))
    thread.run()
    assert receipt.result(0).became is CommandStatus.DONE
    assert daemon.halts() == {HaltName.STOP_TRADING}


def test_a_thread_that_the_machine_cannot_start_holds_up_no_connect_behind_it(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = daemon.thread(KeyOf(daemon.clock, "AA00"))
    queue = thread._parts.runtime.connect_queue
    assert queue._waiting

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError):
        thread.start()
    assert queue._waiting == []


def test_a_command_outlives_sessions_whose_journal_cannot_be_opened(daemon: Daemon) -> None:
    path = daemon.journals.path(ACCOUNT)
    path.mkdir(parents=True)
    thread = daemon.thread(KeyOf(daemon.clock, "AA00"))
    receipt = thread.commands.send(Instruction(Command.STOP_TRADING))
    quiet: Callable[[], None] = lambda: None  # noqa: E731  a second in which nothing happens
    daemon.clock.meanwhile = [quiet, quiet, path.rmdir, *[quiet] * 100]
    thread.run()
    assert receipt.result(0).became is CommandStatus.IN_MEMORY
    assert daemon.manager.snapshot(ACCOUNT).state is AccountState.TRADING
    assert daemon.halts() == {HaltName.STOP_TRADING}


def test_a_switched_off_account_with_nothing_open_is_no_longer_managed(daemon: Daemon) -> None:
    daemon.is_switched_off = True
    exchange = KeyOf(daemon.clock, "AA00")
    daemon.thread(exchange).run()
    assert daemon.manager.accounts() == ()
    assert any("NIJA stops managing it" in line for line in daemon.log.lines)
    assert exchange.book.requests == []


def test_a_start_is_said_in_the_fixed_lines_and_kept_in_the_history(daemon: Daemon) -> None:
    daemon.run(KeyOf(daemon.clock, "AA00"))
    fixed = [
        lines.connecting(ACCOUNT),
        lines.connected(ACCOUNT),
        lines.registered(ACCOUNT),
        lines.balance(ACCOUNT, daemon.manager.snapshot(ACCOUNT).balances["USD"].total),
        lines.FUNDED,
        lines.thread_started(ACCOUNT),
    ]
    assert [line for line in daemon.log.lines if line in fixed] == fixed
    assert daemon.kept() == ["account_connected", "balance_read", "trading_started"]


def test_a_failure_after_the_last_session_is_kept_in_the_history_too(daemon: Daemon) -> None:
    exchange = KeyOf(daemon.clock, "AA00")
    exchange.refusal = Unauthorized("EAPI:Invalid key")
    assert daemon.run(exchange) is AccountState.FAILED
    assert daemon.kept() == ["connection_failed"]
