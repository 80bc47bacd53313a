from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.connect import ConnectRefused, connect_account
from accounts.identity import AccountId
from brokers.clock import utc_now
from brokers.errors import BrokerError, InvalidSignature, NonceRejected, PermissionDenied, Unauthorized, Unavailable
from brokers.model import KeyInfo
from tests.fakes import ManualClock

MASTER = AccountId.parse("kraken:master")
TANIA = AccountId.parse("kraken:tania_gilbert")
COINBASE = AccountId.parse("coinbase:master")
CLOCK = ManualClock()
GOOD = KeyInfo("A", frozenset({"query-funds"}), frozenset(), can_withdraw=False, clock_skew=timedelta(seconds=1))


@dataclass
class Exchange:
    """Answers a connect with the given value."""

    answer: KeyInfo | BrokerError

    def connect(self) -> KeyInfo:
        if isinstance(self.answer, BrokerError):
            raise self.answer
        return self.answer


def refused(account: AccountId, answer: KeyInfo | BrokerError) -> ConnectRefused:
    with pytest.raises(ConnectRefused) as caught:
        connect_account(account, Exchange(answer), CLOCK)
    return caught.value


def test_a_good_key_connects_without_a_warning() -> None:
    connected = connect_account(MASTER, Exchange(GOOD), CLOCK)
    assert (connected.info, connected.warnings) == (GOOD, ())


@pytest.mark.parametrize(
    ("account", "permission", "variable"),
    [(TANIA, "Withdraw Funds", "KRAKEN_USER_TANIA_GILBERT_API_KEY"), (COINBASE, "Transfer", "COINBASE_MASTER_API_KEY")],
)
def test_a_key_that_can_withdraw_is_refused_with_the_permission_and_the_remedy(
    account: AccountId, permission: str, variable: str
) -> None:
    error = refused(account, replace(GOOD, can_withdraw=True))
    assert error.permanent
    assert permission in error.reason
    assert f"create a new key without {permission}" in error.remedy
    assert variable in error.remedy


def test_the_very_permissions_that_reach_withdrawals_are_named() -> None:
    permissions = frozenset({"query-funds", "update-withdraw-address", "withdraw-funds"})
    error = refused(MASTER, replace(GOOD, permissions=permissions, can_withdraw=True))
    assert error.reason == "the key can withdraw funds (Withdraw Funds, Update Withdrawal Address)"


def test_a_key_that_can_withdraw_is_taken_where_that_is_allowed() -> None:
    answer = Exchange(replace(GOOD, can_withdraw=True))
    assert connect_account(MASTER, answer, CLOCK, allow_withdrawal_keys=True).info.can_withdraw


def test_missing_permissions_are_named_as_the_website_names_them() -> None:
    missing = frozenset({"close-trades", "modify-trades", "query-closed-trades", "query-open-trades", "query-funds"})
    error = refused(MASTER, replace(GOOD, missing=missing))
    assert (error.reason, error.permanent) == ("Permission denied", True)
    assert (
        "Query Funds, Query Open Orders & Trades, Query Closed Orders & Trades, "
        "Create & Modify Orders, Cancel/Close Orders"
    ) in error.remedy


@pytest.mark.parametrize(("seconds", "shown"), [(-5.1, "5 s"), (5.1, "5 s"), (3600, "1 h")])
def test_a_clock_too_far_off_is_refused_for_now_with_ntp_as_the_remedy(seconds: float, shown: str) -> None:
    error = refused(MASTER, replace(GOOD, clock_skew=timedelta(seconds=seconds)))
    assert not error.permanent
    assert f"is {shown} off" in error.reason
    assert "NTP" in error.remedy


@pytest.mark.parametrize("seconds", [-5, 0, 5])
def test_a_clock_within_five_seconds_is_taken(seconds: float) -> None:
    connect_account(MASTER, Exchange(replace(GOOD, clock_skew=timedelta(seconds=seconds))), CLOCK)


def test_an_account_that_has_traded_may_reconnect_with_any_clock() -> None:
    drifted = Exchange(replace(GOOD, clock_skew=timedelta(seconds=40)))
    assert connect_account(MASTER, drifted, CLOCK, allow_clock_skew=True).info is drifted.answer


@pytest.mark.parametrize(
    ("bounds", "setting"),
    [
        ({"history_from": datetime(2026, 1, 2, tzinfo=UTC)}, "Query start"),
        ({"history_until": datetime(2030, 1, 2, tzinfo=UTC)}, "Query end"),
    ],
)
def test_a_key_that_cannot_see_all_of_its_orders_is_refused_with_the_setting_to_clear(
    bounds: dict[str, datetime], setting: str
) -> None:
    error = refused(TANIA, replace(GOOD, **bounds))  # type: ignore[arg-type]  # the two fields above
    assert error.permanent
    assert "history only" in error.reason
    assert setting in error.remedy
    assert "KRAKEN_USER_TANIA_GILBERT_API_KEY" in error.remedy


@pytest.mark.parametrize(("days", "warns"), [(0, True), (6.9, True), (7.1, False)])
def test_a_key_that_expires_within_a_week_is_a_warning(days: float, warns: bool) -> None:  # noqa: FBT001 - a table's column
    expiring = replace(GOOD, expires=utc_now(CLOCK) + timedelta(days=days))
    warnings = connect_account(MASTER, Exchange(expiring), CLOCK).warnings
    assert bool(warnings) is warns
    assert all("KRAKEN_MASTER_API_KEY" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InvalidSignature("EAPI:Invalid signature"), "Invalid signature"),
        (Unauthorized("EAPI:Invalid key"), "Invalid key"),
        (PermissionDenied("EGeneral:Permission denied"), "Permission denied"),
    ],
)
def test_a_refused_key_is_a_permanent_refusal_naming_its_variables(error: BrokerError, reason: str) -> None:
    refusal = refused(MASTER, error)
    assert (refusal.reason, refusal.permanent) == (reason, True)
    assert "KRAKEN_MASTER_API_KEY" in refusal.remedy
    assert refusal.__cause__ is error


@pytest.mark.parametrize("error", [Unavailable("down"), NonceRejected("EAPI:Invalid nonce")])
def test_a_transient_fault_is_raised_unchanged_for_the_caller_to_retry(error: BrokerError) -> None:
    with pytest.raises(type(error)):
        connect_account(MASTER, Exchange(error), CLOCK)
