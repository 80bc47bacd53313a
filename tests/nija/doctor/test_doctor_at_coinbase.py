"""Broken setups at Coinbase: the first ❌ names the cause."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from brokers.clock import SystemClock
from brokers.model import ApiKey
from brokers.simulator.config import TRADING_PERMISSIONS, SimulatorConfig, coinbase_key
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.server import running_simulator
from nija.doctor.finding import DoctorExit
from tests.nija.doctor.setups import BrokenSetUp
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brokers.simulator.config import SimulatedAccount
    from brokers.simulator.server import Simulator

_CHANCE = random.Random(5)
_MASTER = usd_accounts("250")[3]


def _other(owner: str, permissions: frozenset[str]) -> SimulatedAccount:
    return replace(_MASTER, owner=owner, api_key=coinbase_key(_CHANCE), permissions=permissions, account_uid=owner)


WATCHER = _other("watcher", TRADING_PERMISSIONS - {"modify-trades", "close-trades"})
MOVER = _other("mover", TRADING_PERMISSIONS | {"withdraw-funds"})


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    config = SimulatorConfig((_MASTER, WATCHER, MOVER), limits=UNLIMITED)
    with running_simulator(config) as running:
        yield running


@pytest.fixture
def set_up(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokenSetUp]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulator.ca_file)
    environ = {"COINBASE_API_URL": simulator.coinbase_url, "NIJA_DATA_DIR": str(tmp_path / "data")}
    made = BrokenSetUp(tmp_path, SystemClock(), {**environ, "NIJA_LOG_FILE": str(tmp_path / "nija.log")})
    made.credentials("coinbase:master", _MASTER.api_key)
    yield made
    simulator.call(simulator.world.plan.clear)


def test_a_healthy_master_is_connected(set_up: BrokenSetUp) -> None:
    report = set_up.examine("coinbase:master")
    assert report.exit_code is DoctorExit.FINE, [finding.line for finding in report.findings]
    lines = [finding.line for finding in report.findings]
    for line in ("✅ View", "✅ Trade", "✅ Transfer: off", "✅ MASTER COINBASE CONNECTED!", "💰 Balance: $250.00"):
        assert line in lines


def test_a_private_key_of_another_key_is_reported_as_an_invalid_key(set_up: BrokenSetUp) -> None:
    set_up.credentials("coinbase:master", ApiKey(_MASTER.api_key.key, coinbase_key(_CHANCE).secret))
    first = set_up.first()
    assert first.line == "❌ Invalid key"
    assert "COINBASE_MASTER_API_KEY and COINBASE_MASTER_API_SECRET" in first.remedy


def test_a_missing_right_to_trade_is_reported(set_up: BrokenSetUp) -> None:
    set_up.credentials("coinbase:master", WATCHER.api_key)
    first = set_up.first()
    assert first.title == "Trade: off, but needed"
    assert "portal.cdp.coinbase.com" in first.remedy


def test_a_key_that_can_move_money_is_reported(set_up: BrokenSetUp) -> None:
    set_up.credentials("coinbase:master", MOVER.api_key)
    assert set_up.first().title.startswith("Transfer must be off")


def test_an_untrusted_certificate_is_reported_with_the_variable_that_names_the_authority(
    set_up: BrokenSetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    first = set_up.first()
    assert first.title.startswith("TLS: the certificate of 127.0.0.1 is refused")
    assert "REQUESTS_CA_BUNDLE" in first.remedy


def test_a_clock_that_is_off_is_named_before_the_refusal_it_causes(set_up: BrokenSetUp, simulator: Simulator) -> None:
    fault = Fault(FaultKind.CLOCK_OFFSET, exchange="coinbase", seconds=600.0)
    simulator.call(lambda: simulator.world.plan.add(fault))
    assert set_up.first().title == "Clock: this machine is 10 min behind Coinbase"
