"""The simulator in its own process, which never outlives its parent and leaks nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from brokers.errors import Unavailable
from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, Ports, Retention, SimulatorConfig, Tier, made_up_accounts
from brokers.simulator.engine.book import DepthProfile
from brokers.simulator.wire_config import dump_config, load_config

CONFIG = SimulatorConfig(made_up_accounts(3), speed=1440)
_PARENT = """
import sys, time
from brokers.simulator.child import start_child
from brokers.simulator.config import SimulatorConfig, made_up_accounts
child = start_child(SimulatorConfig(made_up_accounts(3)))
print(child.process.pid, child.addresses.admin_url, flush=True)
time.sleep(60)
"""


def test_a_child_serves_all_faces_and_stops_on_request() -> None:
    child = start_child(CONFIG)
    try:
        told = asdict(child.addresses)
        assert requests.get(told["admin_url"] + "/health", timeout=5).json() == {"ok": True}
        assert requests.get(told["kraken_url"] + "/0/public/Time", timeout=5).json()["error"] == []
        with requests.Session() as session:
            session.trust_env = False
            url = told["coinbase_url"] + "/api/v3/brokerage/time"
            assert session.get(url, timeout=5, verify=told["ca_file"]).ok
    finally:
        child.stop()
    assert (child.is_running, child.process.returncode) == (False, 0)
    child.stop()


def test_no_secret_is_in_the_childs_arguments_or_environment() -> None:
    child = start_child(CONFIG)
    try:
        raw = Path(f"/proc/{child.process.pid}/cmdline").read_bytes()
        raw += Path(f"/proc/{child.process.pid}/environ").read_bytes()
    finally:
        child.stop()
    for account in CONFIG.accounts:
        assert account.api_key.secret.encode() not in raw
        assert account.api_key.key.encode() not in raw


def test_the_child_ends_with_a_parent_that_was_killed() -> None:
    root = str(Path(__file__).resolve().parents[3])
    with subprocess.Popen(  # noqa: S603  our own script
        [sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": root}
    ) as parent:
        assert parent.stdout is not None
        pid, admin_url = parent.stdout.readline().split()
        assert requests.get(admin_url + "/health", timeout=5).ok
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


def test_a_port_in_use_is_an_error_of_start_child(capfd: pytest.CaptureFixture[str]) -> None:
    first = start_child(CONFIG)
    try:
        taken = int(first.addresses.kraken_url.rsplit(":", 1)[1])
        with pytest.raises(Unavailable, match="did not start"):
            start_child(replace(CONFIG, ports=Ports(kraken=taken)))
    finally:
        first.stop()
    assert "in use" in capfd.readouterr().err


def test_a_configuration_comes_through_the_pipe_unchanged() -> None:
    config = SimulatorConfig(
        made_up_accounts(5),
        speed=3.5,
        seed=9,
        candles=Path("somewhere"),
        start=datetime(2020, 2, 1, tzinfo=UTC),
        ports=Ports(1, 2, 3),
        limits=Limits(tier=Tier.PRO, public=False, public_burst=9),
        depth=DepthProfile(levels=3, level_value=Decimal("7.5")),
        retention=Retention(orders=7, requests=8, candles=9),
    )
    assert load_config(dump_config(config)) == config


def test_made_up_accounts_have_well_formed_keys_and_depend_only_on_the_seed() -> None:
    accounts = made_up_accounts(1)
    assert [account.name for account in accounts] == [
        "kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:master",
    ]  # fmt: skip
    assert {(len(account.api_key.key), len(account.api_key.secret)) for account in accounts[:3]} == {(56, 88)}
    assert accounts[3].api_key.secret.startswith("-----BEGIN EC PRIVATE KEY-----")
    assert all(400 <= account.balances["USD"] <= 6000 for account in accounts)
    assert accounts == made_up_accounts(1) != made_up_accounts(2)
