"""If a daemon runs, doctor queries it: no key is used, and each failure gets its remedy."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.credentials import Credentials, discover
from accounts.environment import process_settings
from accounts.failures import FailureKind
from accounts.identity import AccountId
from accounts.manager import AccountManager, AccountReport, AccountState
from accounts.settings import Settings
from brokers.clock import utc_now
from brokers.kraken.broker import KrakenBroker
from brokers.model import Balance
from brokers.nonce import Nonce
from brokers.simulator.config import SimulatorConfig
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.doctor.facts import AccountFacts
from nija.doctor.finding import DoctorExit
from nija.doctor.running import doctor_answer, facts_of_all, running_sections
from nija.journal.records import HaltName
from nija.status.report import AccountFault, AccountFaultKind, AccountStatus, HaltStatus, MarketStatus
from tests.nija.doctor.setups import BrokenSetUp, requests_seen
from tests.simulator_fixtures import UNLIMITED, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nija.doctor.finding import Finding
    from tests.simulator_fixtures import Rig

MASTER = AccountId.parse("kraken:master")
PRICES = {MASTER: {"BTC/USD": Decimal(50000), "ETH/USD": Decimal(3000)}}


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig(SimulatorConfig(usd_accounts("500"), limits=UNLIMITED)) as running:
        yield running


@pytest.fixture
def set_up(rig: Rig, tmp_path: Path) -> BrokenSetUp:
    rig.advance(30)
    environ = {"KRAKEN_API_URL": rig.simulator.kraken_url, "NIJA_DATA_DIR": str(tmp_path / "data")}
    made = BrokenSetUp(tmp_path, rig.clock, {**environ, "NIJA_LOG_FILE": str(tmp_path / "nija.log")})
    made.credentials("kraken:master", rig.simulated("kraken:master").api_key)
    return made


@contextmanager
def daemon(set_up: BrokenSetUp, answer: Callable[[], dict[str, object]]) -> Iterator[None]:
    server = ControlServer(set_up.folder / "data" / SOCKET_NAME, {"doctor": lambda _: answer()})
    server.start()
    try:
        yield
    finally:
        server.stop()


@contextmanager
def connected(set_up: BrokenSetUp, rig: Rig) -> Iterator[tuple[AccountManager, Credentials]]:
    """The manager of a daemon whose master has connected."""
    (credentials,) = discover(set_up.environ).credentials
    nonce = Nonce(set_up.folder / "nonce", clock=rig.clock, offset_max=0)
    broker = KrakenBroker(credentials.api_key, base_url=rig.simulator.kraken_url, nonce=nonce, clock=rig.clock)
    manager = AccountManager(rig.clock)
    manager.add(MASTER)
    manager.transition(MASTER, AccountState.CONNECTING)
    try:
        manager.register(MASTER, broker, broker.connect())
        balances = {"USD": Balance("USD", Decimal(500))}
        manager.transition(MASTER, AccountState.TRADING)
        manager.report(MASTER, AccountReport(balances, "USD", Decimal(500), positions=0, open_orders=0))
        yield manager, credentials
    finally:
        broker.close()


def test_a_healthy_daemon_is_asked_and_no_exchange(set_up: BrokenSetUp, rig: Rig) -> None:
    with connected(set_up, rig) as (manager, credentials):
        before = requests_seen(rig)
        with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), PRICES))):
            report = set_up.examine("kraken:master")
        assert requests_seen(rig) == before
    assert report.exit_code is DoctorExit.FINE, [finding.line for finding in report.findings]
    lines = [finding.line for finding in report.findings]
    assert "✅ MASTER KRAKEN CONNECTED!" in lines
    assert "💰 Balance: $500.00" in lines
    assert any(line.startswith("✅ BTC/USD: can be traded") for line in lines)
    assert any("last useful work was 0 s ago" in line for line in lines)


def test_a_daemon_that_stopped_working_is_found_out(set_up: BrokenSetUp, rig: Rig) -> None:
    with connected(set_up, rig) as (manager, credentials):
        rig.clock.advance(timedelta(hours=1).total_seconds())
        with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), PRICES))):
            assert set_up.first().title == "The daemon's last useful work was 1 h ago"


@pytest.mark.parametrize(
    ("kind", "reason", "title", "remedy"),
    [
        (FailureKind.SIGNATURE, "Invalid signature", "Invalid signature", "Copy both again"),
        (FailureKind.NONCE, "Invalid nonce", "Invalid nonce", "wait 1-2 minutes"),
        (FailureKind.PERMISSION, "Permission denied", "Permission denied", "Query Closed Orders & Trades"),
        (FailureKind.WITHDRAWAL, "the key can withdraw (X)", "The key can withdraw (X)", "Create a new one"),
        (FailureKind.CLOCK, "this machine's clock is 60 s off", "This machine's clock is 60 s off", "NTP"),
        (FailureKind.HISTORY, "the key sees too little", "The key sees too little", "Clear Query start and Query end"),
        (FailureKind.UNAVAILABLE, "no answer", "Kraken does not answer this account's requests", "status.kraken.com"),
        (
            FailureKind.SHARED_ACCOUNT,
            "the keys of a and b are one. Give each its own",
            "The key belongs to the same exchange account as another one",
            "Give each its own",
        ),
        (
            FailureKind.ANOTHER_ACCOUNT,
            "the key is another's",
            "The key belongs to another exchange account than the journal of kraken:master",
            "Put the old key back",
        ),
        (FailureKind.OTHER, "something {nobody} foresaw", "Something {nobody} foresaw", "nija.log"),
    ],
)
def test_the_remedy_for_a_failed_account_follows_from_the_kind_of_its_failure(
    set_up: BrokenSetUp, rig: Rig, kind: FailureKind, reason: str, title: str, remedy: str
) -> None:
    (credentials,) = discover(set_up.environ).credentials
    manager = AccountManager(rig.clock)
    manager.add(MASTER)
    manager.transition(MASTER, AccountState.FAILED, reason, kind)
    with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), {}))):
        first = set_up.first("kraken:master")
    assert first.title == title
    assert remedy in first.remedy


def test_an_account_that_still_waits_its_turn_is_not_a_fault(set_up: BrokenSetUp, rig: Rig) -> None:
    (credentials,) = discover(set_up.environ).credentials
    manager = AccountManager(rig.clock)
    manager.add(MASTER)
    with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), {}))):
        report = set_up.examine("kraken:master")
    assert report.exit_code is DoctorExit.WARNINGS
    assert any("Not connected to Kraken yet (CONFIGURED)" in finding.title for finding in report.findings)


def test_balances_are_not_checked_before_the_daemon_has_read_them(set_up: BrokenSetUp, rig: Rig) -> None:
    with connected(set_up, rig) as (manager, credentials):
        fresh = AccountManager(rig.clock)
        fresh.add(MASTER)
        fresh.transition(MASTER, AccountState.CONNECTING)
        broker, info = manager.broker(MASTER), manager.key_info(MASTER)
        assert broker is not None
        assert info is not None
        fresh.register(MASTER, broker, info)
        with daemon(set_up, lambda: doctor_answer(facts_of_all(fresh, [credentials], Settings(), {}))):
            report = set_up.examine("kraken:master")
    assert not any("UNDERFUNDED" in finding.title for finding in report.findings)
    assert any(finding.title == "MASTER KRAKEN CONNECTED!" for finding in report.findings)


def test_faults_that_the_daemon_knows_are_reported(set_up: BrokenSetUp, rig: Rig) -> None:
    market = MarketStatus("BTC/USD", "1d", 1.0, 1.0, 1.0, 90.0, None, problem="the strategy needs 801 candles")
    fault = AccountFault(AccountFaultKind.NOT_PROTECTED, "BTC/USD", "BTC/USD has no stop price")
    seen = AccountStatus("kraken:master", "MASTER", "kraken", "TRADING", markets=(market,), faults=(fault,))
    with connected(set_up, rig) as (manager, credentials):
        views = {seen.id: seen}
        with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), PRICES, views))):
            told = [finding.line for finding in set_up.examine("kraken:master").findings]
    assert "⚠️  BTC/USD has no stop price" in told
    assert "⚠️  BTC/USD: the strategy needs 801 candles" in told


def test_a_pause_because_of_another_program_asks_to_stop_that_program_first(set_up: BrokenSetUp, rig: Rig) -> None:
    halt = HaltStatus(HaltName.ANOTHER_PROGRAM.value, "somebody else trades here", utc_now(rig.clock))
    seen = AccountStatus("kraken:master", "MASTER", "kraken", "PAUSED", latches=(halt,))
    with connected(set_up, rig) as (manager, credentials):
        manager.transition(MASTER, AccountState.PAUSED, halt.reason)
        with daemon(
            set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), PRICES, {seen.id: seen}))
        ):
            found = about_the_pause(set_up)
    assert found.title.startswith("Nothing new is opened: somebody else trades here, since ")
    assert "Stop every other program that has a key of this account" in found.remedy


def test_any_other_pause_is_answered_with_resume(set_up: BrokenSetUp, rig: Rig) -> None:
    with connected(set_up, rig) as (manager, credentials):
        manager.transition(MASTER, AccountState.PAUSED, "stopped by command")
        with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [credentials], Settings(), PRICES))):
            found = about_the_pause(set_up)
    assert found.remedy == "Stops and exits go on. nija resume kraken:master ends the pause"


def about_the_pause(set_up: BrokenSetUp) -> Finding:
    findings = set_up.examine("kraken:master").findings
    return next(finding for finding in findings if finding.title.startswith("Nothing new is opened"))


def test_a_key_changed_since_the_daemon_started_asks_for_a_restart(set_up: BrokenSetUp, rig: Rig) -> None:
    with connected(set_up, rig) as (manager, credentials):
        old = replace(credentials, api_key=rig.simulated("kraken:tania_gilbert").api_key)
        with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [old], Settings(), PRICES))):
            report = set_up.examine("kraken:master")
    assert any(finding.title == "The running NIJA still uses another key" for finding in report.findings)


def test_the_made_up_key_of_a_paper_account_asks_for_no_restart(set_up: BrokenSetUp, rig: Rig) -> None:
    set_up.environ["NIJA_MODE"] = "paper"
    with connected(set_up, rig) as (manager, credentials):
        made_up = replace(credentials, api_key=rig.simulated("kraken:tania_gilbert").api_key)
        with daemon(set_up, lambda: doctor_answer(facts_of_all(manager, [made_up], Settings(), PRICES))):
            report = set_up.examine("kraken:master")
    assert not any("uses another key" in finding.title for finding in report.findings)


def test_an_account_added_since_the_daemon_started_asks_for_a_restart(set_up: BrokenSetUp) -> None:
    with daemon(set_up, lambda: {"accounts": []}):
        report = set_up.examine("kraken:master")
    assert any("does not know this account" in finding.title for finding in report.findings)


def test_a_daemon_that_cannot_answer_is_the_first_thing_named(set_up: BrokenSetUp) -> None:
    with daemon(set_up, lambda: {"accounts": [{"no": "facts"}]}):
        assert set_up.first().title == "The running NIJA does not answer"


def test_facts_survive_json(set_up: BrokenSetUp, rig: Rig) -> None:
    with connected(set_up, rig) as (manager, credentials):
        answer = doctor_answer(facts_of_all(manager, [credentials], Settings(), PRICES))
    accounts = answer["accounts"]
    assert isinstance(accounts, list)
    assert [AccountFacts.from_json(plain).to_json() for plain in accounts] == accounts


def test_the_daemons_own_page_says_what_the_doctor_says(set_up: BrokenSetUp, rig: Rig, tmp_path: Path) -> None:
    process = process_settings({"NIJA_DATA_DIR": str(tmp_path)}, tmp_path)
    with connected(set_up, rig) as (manager, credentials):
        facts = facts_of_all(manager, [credentials], Settings(), PRICES)
        machine, account = running_sections(facts, Settings(), process, datetime.now(UTC))
    assert (machine.account, account.account) == ("", str(MASTER))
    assert any("CONNECTED!" in finding.title for finding in account.findings)
    assert not machine.is_broken
