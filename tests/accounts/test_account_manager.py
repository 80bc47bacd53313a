from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.failures import FailureKind
from accounts.identity import AccountId
from accounts.manager import (
    AccountManager,
    AccountReport,
    AccountState,
    IllegalAccountTransition,
    SharedExchangeAccount,
)
from brokers.model import Balance, KeyInfo
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from brokers.base import Broker

KRAKEN = AccountId.parse("kraken:master")
DAIVON = AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("kraken:tania_gilbert")
COINBASE = AccountId.parse("coinbase:master")
S = AccountState


def key_info(uid: str) -> KeyInfo:
    return KeyInfo(uid, frozenset(), frozenset(), can_withdraw=False, clock_skew=timedelta())


def broker() -> Broker:
    """The manager keeps a broker and never calls it."""
    return cast("Broker", object())


def connected(manager: AccountManager, account: AccountId, uid: str) -> None:
    if account not in manager.accounts():
        manager.add(account)
    manager.transition(account, S.CONNECTING)
    manager.register(account, broker(), key_info(uid))


def report(equity: int = 100) -> AccountReport:
    return AccountReport({"USD": Balance("USD", Decimal(equity))}, "USD", Decimal(equity), positions=1, open_orders=2)


def test_an_account_begins_configured_without_a_broker() -> None:
    manager = AccountManager(ManualClock(0))
    manager.add(KRAKEN)
    snapshot = manager.snapshot(KRAKEN)
    assert (snapshot.state, snapshot.since, snapshot.equity) == (S.CONFIGURED, datetime(1970, 1, 1, tzinfo=UTC), None)
    assert manager.broker(KRAKEN) is None
    with pytest.raises(ValueError, match="already known"):
        manager.add(KRAKEN)


def test_registering_keeps_the_broker_and_makes_the_account_connected() -> None:
    manager = AccountManager(ManualClock())
    manager.add(KRAKEN)
    manager.transition(KRAKEN, S.CONNECTING)
    mine = broker()
    assert manager.register(KRAKEN, mine, key_info("A")).state is S.CONNECTED
    assert manager.broker(KRAKEN) is mine
    assert manager.key_info(KRAKEN) == key_info("A")


def test_a_state_remembers_its_reason_and_when_it_was_entered() -> None:
    clock = ManualClock(0)
    manager = AccountManager(clock)
    manager.add(KRAKEN)
    clock.advance(60)
    manager.transition(KRAKEN, S.CONNECTING)
    clock.advance(60)
    manager.transition(KRAKEN, S.CONNECTING, "Kraken is unavailable")
    snapshot = manager.snapshot(KRAKEN)
    assert snapshot.reason == "Kraken is unavailable"
    assert snapshot.since == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


def test_the_next_state_does_not_inherit_a_reason() -> None:
    manager = AccountManager(ManualClock())
    manager.add(KRAKEN)
    manager.transition(KRAKEN, S.CONNECTING, "slow")
    assert manager.transition(KRAKEN, S.FAILED).reason == ""


def test_a_failed_account_keeps_the_kind_of_its_failure_until_it_tries_again() -> None:
    manager = AccountManager(ManualClock())
    manager.add(KRAKEN)
    assert manager.transition(KRAKEN, S.FAILED, "Invalid nonce", FailureKind.NONCE).failure is FailureKind.NONCE
    assert manager.transition(KRAKEN, S.CONNECTING).failure is None


@pytest.mark.parametrize(
    ("path", "then"),
    [
        ([], S.CONNECTED),
        ([], S.TRADING),
        ([], S.PAUSED),
        ([S.CONNECTING], S.TRADING),
        ([S.CONNECTING], S.PAUSED),
        ([S.CONNECTING, S.FAILED], S.TRADING),
        ([S.CONNECTING, S.FAILED], S.CONNECTED),
        ([S.CONNECTING, S.CONNECTED], S.CONFIGURED),
        ([S.CONNECTING, S.CONNECTED, S.TRADING], S.CONFIGURED),
    ],
)
def test_skipping_a_state_is_refused_and_changes_nothing(path: list[AccountState], then: AccountState) -> None:
    manager = AccountManager(ManualClock())
    manager.add(KRAKEN)
    for state in path:
        manager.transition(KRAKEN, state)
    before = manager.snapshot(KRAKEN)
    with pytest.raises(IllegalAccountTransition, match=str(then)):
        manager.transition(KRAKEN, then)
    assert manager.snapshot(KRAKEN) is before


@pytest.mark.parametrize("path", [[S.TRADING, S.PAUSED, S.TRADING], [S.TRADING, S.CONNECTING, S.CONNECTED], [S.FAILED]])
def test_every_step_of_an_accounts_normal_course_is_allowed(path: list[AccountState]) -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    for state in path:
        assert manager.transition(KRAKEN, state).state is state


def test_a_failed_account_can_be_repaired_and_connect_again() -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    manager.transition(KRAKEN, S.FAILED, "key revoked")
    connected(manager, KRAKEN, "A")
    assert manager.snapshot(KRAKEN).state is S.CONNECTED


def test_two_keys_of_one_exchange_account_are_both_refused_and_no_other() -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    manager.transition(KRAKEN, S.TRADING)
    connected(manager, TANIA, "B")
    with pytest.raises(SharedExchangeAccount) as caught:
        connected(manager, DAIVON, "A")
    assert caught.value.accounts == (KRAKEN, DAIVON)
    for account in (KRAKEN, DAIVON):
        snapshot = manager.snapshot(account)
        assert snapshot.state is S.FAILED
        assert "kraken:master and kraken:daivon_frazier" in snapshot.reason
    assert manager.snapshot(TANIA).state is S.CONNECTED


def test_a_third_key_of_a_refused_exchange_account_is_refused_too() -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    for account in (DAIVON, TANIA):
        with pytest.raises(SharedExchangeAccount):
            connected(manager, account, "A")
    assert {snapshot.state for snapshot in manager.snapshots()} == {S.FAILED}


def test_equal_names_on_two_exchanges_are_two_accounts_and_an_unnamed_one_is_not_judged() -> None:
    manager = AccountManager(ManualClock())
    for account, uid in ((KRAKEN, "A"), (COINBASE, "A"), (DAIVON, ""), (TANIA, "")):
        connected(manager, account, uid)
    assert {snapshot.state for snapshot in manager.snapshots()} == {S.CONNECTED}


def test_reconnecting_is_not_sharing() -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    connected(manager, KRAKEN, "A")
    assert manager.snapshot(KRAKEN).state is S.CONNECTED


def test_a_report_becomes_the_snapshots_figures_and_the_last_useful_work() -> None:
    clock = ManualClock(0)
    manager = AccountManager(clock)
    connected(manager, KRAKEN, "A")
    clock.advance(5)
    snapshot = manager.report(KRAKEN, report())
    assert (snapshot.equity, snapshot.positions, snapshot.open_orders) == (Decimal(100), 1, 2)
    assert snapshot.last_work == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert snapshot.state is S.CONNECTED
    assert manager.transition(KRAKEN, S.TRADING).equity == Decimal(100)


def test_a_snapshot_taken_earlier_never_changes() -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    balances = {"USD": Balance("USD", Decimal(1))}
    early = manager.report(KRAKEN, AccountReport(balances, "USD", Decimal(1), 0, 0))
    balances["USD"] = Balance("USD", Decimal(2))
    manager.report(KRAKEN, report(50))
    assert (early.equity, early.balances["USD"].total) == (Decimal(1), Decimal(1))
    with pytest.raises(TypeError):
        early.balances["USD"] = Balance("USD", Decimal(3))  # type: ignore[index]  # the type forbids it as well


def test_readers_see_whole_snapshots_while_accounts_are_written_and_added() -> None:
    manager = AccountManager(ManualClock())
    connected(manager, KRAKEN, "A")
    manager.report(KRAKEN, report(0))
    torn: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            mine = (snapshot for snapshot in manager.snapshots() if snapshot.account == KRAKEN)
            torn.extend(snapshot for snapshot in mine if snapshot.balances["USD"].total != snapshot.equity)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(300):
            manager.report(KRAKEN, report(number))
            manager.add(AccountId.parse(f"kraken:user{number}"))
    finally:
        sys.setswitchinterval(interval)
        done.set()
        reader.join()
    assert torn == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([KRAKEN, DAIVON, TANIA]), st.sampled_from("ABC")), max_size=12))
def test_no_two_working_accounts_ever_share_an_exchange_account(connects: list[tuple[AccountId, str]]) -> None:
    manager = AccountManager(ManualClock())
    for account, uid in connects:
        try:
            connected(manager, account, uid)
        except SharedExchangeAccount:
            assert manager.snapshot(account).state is S.FAILED
    working = [account for account in manager.accounts() if manager.snapshot(account).state is S.CONNECTED]
    uids = [info.account_uid for account in working if (info := manager.key_info(account)) is not None]
    assert len(set(uids)) == len(uids)
