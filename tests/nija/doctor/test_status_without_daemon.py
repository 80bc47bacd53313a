"""`nija status` without a daemon: the exchanges are queried directly, under each key's lock."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from accounts.environment import process_settings
from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.clock import utc_now
from brokers.model import ApiKey
from brokers.simulator.config import SimulatorConfig
from nija.doctor.direct_status import direct_report
from nija.status.render import console_for, show
from nija.status.report import StatusExit
from tests.nija.doctor.setups import requests_seen
from tests.simulator_fixtures import UNLIMITED, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.status.report import StatusReport
    from tests.simulator_fixtures import Rig


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig(SimulatorConfig(usd_accounts("123.45"), limits=UNLIMITED)) as running:
        yield running


def asked(rig: Rig, folder: Path, keys: dict[str, ApiKey]) -> StatusReport:
    rig.advance(30)
    values = {
        "KRAKEN_API_URL": rig.simulator.kraken_url,
        "NIJA_DATA_DIR": str(folder),
        "NIJA_NONCE_OFFSET_MAX": "0",
    }
    for name, key in keys.items():
        prefix = AccountId.parse(name).env_prefix
        values |= {f"{prefix}_API_KEY": key.key, f"{prefix}_API_SECRET": key.secret}
    return direct_report(values, process_settings(values, folder), rig.clock)


def test_masters_and_users_are_asked_and_the_masters_are_counted(rig: Rig, tmp_path: Path) -> None:
    names = ("kraken:master", "kraken:tania_gilbert")
    report = asked(rig, tmp_path, {name: rig.simulated(name).api_key for name in names})
    assert [(account.id, account.state) for account in report.accounts] == [(name, "CONNECTED") for name in names]
    assert report.exit_code is StatusExit.NONE
    out = io.StringIO()
    show(report, utc_now(rig.clock), console_for(out))
    assert "Master Exchanges Connected: 1\n  - kraken: $123.45\n" in out.getvalue()
    assert "NIJA is not running" in out.getvalue()


def test_an_account_that_does_not_work_is_shown_with_the_reason_and_the_command_that_explains_it(
    rig: Rig, tmp_path: Path
) -> None:
    master = rig.simulated("kraken:master").api_key
    other = rig.simulated("kraken:tania_gilbert").api_key
    (account,) = asked(rig, tmp_path, {"kraken:master": replace(master, secret=other.secret)}).accounts
    assert account.state == "FAILED"
    assert account.reason == "Invalid signature (run nija doctor kraken:master to see how to fix it)"


def test_credentials_at_fault_are_listed_and_not_used(rig: Rig, tmp_path: Path) -> None:
    report = asked(rig, tmp_path, {"kraken:master": ApiKey("short", "short")})
    assert [account.state for account in report.accounts] == ["FAILED"]
    assert "KRAKEN_MASTER_API" in report.accounts[0].reason


def test_a_key_that_a_process_uses_is_left_alone(rig: Rig, tmp_path: Path) -> None:
    key = rig.simulated("kraken:master").api_key
    with KeyOwnership(tmp_path, key.fingerprint, rig.clock, "nija run"):
        before = requests_seen(rig)
        (account,) = asked(rig, tmp_path, {"kraken:master": key}).accounts
    assert account.reason.startswith("The key is in use by another process")
    assert requests_seen(rig) == before
