from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from accounts.identity import AccountId
from accounts.settings import Settings
from brokers.model import KeyInfo
from nija.doctor.account import check_account
from nija.doctor.facts import AccountFacts, KeyRights
from nija.doctor.finding import Finding, Level

NOW = datetime(2026, 11, 28, tzinfo=UTC)
KRAKEN = AccountId.parse("kraken:daivon_frazier")
COINBASE = AccountId.parse("coinbase:tania_gilbert")
KEY = KeyInfo("A", frozenset(), frozenset(), can_withdraw=False, clock_skew=timedelta(0))


def findings(info: KeyInfo, account: AccountId = KRAKEN) -> tuple[Finding, ...]:
    facts = AccountFacts(str(account), "0011aabb", key=KeyRights.of(info))
    return check_account(account, facts, Settings().for_account(account), NOW).findings


def about(text: str, found: tuple[Finding, ...]) -> Finding | None:
    return next((finding for finding in found if text in finding.title), None)


def test_a_key_that_works_from_everywhere_is_a_hint_and_not_a_warning() -> None:
    found = about("IP whitelist", findings(KEY))
    assert found is not None
    assert found.level is Level.OK
    assert "fixed address" in found.remedy


def test_a_key_that_is_bound_to_addresses_needs_no_hint() -> None:
    found = about("IP whitelist", findings(replace(KEY, ip_allowlist=("192.0.2.7",))))
    assert found is not None
    assert "192.0.2.7" in found.title


def test_an_exchange_that_does_not_report_a_keys_addresses_gets_no_hint() -> None:
    assert about("IP whitelist", findings(KEY, COINBASE)) is None


@pytest.mark.parametrize(
    ("bounds", "setting"), [({"history_from": NOW}, "Query start"), ({"history_until": NOW}, "Query end")]
)
def test_a_bounded_history_is_broken_and_names_the_setting_to_clear(bounds: dict[str, datetime], setting: str) -> None:
    found = about(setting, findings(replace(KEY, **bounds)))  # type: ignore[arg-type]  # the two fields above
    assert found is not None
    assert found.level is Level.BROKEN
    assert f"Clear {setting}" in found.remedy
    assert "KRAKEN_USER_DAIVON_FRAZIER_API_KEY" in found.remedy
