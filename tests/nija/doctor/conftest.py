"""A simulator with healthy and faulty accounts, and a healthy setup for tests to break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import Limits, SimulatorConfig
from tests.nija.doctor.setups import ACCOUNTS, KEYS, BrokenSetUp
from tests.simulator_fixtures import manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulator_fixtures import Rig


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    config = SimulatorConfig(ACCOUNTS, limits=Limits(private=False, public=False, failures_to_lockout=10_000))
    with manual_rig(config) as running:
        yield running


@pytest.fixture
def set_up(rig: Rig, tmp_path: Path) -> Iterator[BrokenSetUp]:
    """A healthy master; each test breaks something."""
    rig.advance(30)
    made = BrokenSetUp(
        tmp_path,
        rig.clock,
        {
            "KRAKEN_API_URL": rig.simulator.kraken_url,
            "NIJA_DATA_DIR": str(tmp_path / "data"),
            "NIJA_LOG_FILE": str(tmp_path / "nija.log"),
            "NIJA_NONCE_OFFSET_MAX": "0",
        },
    )
    made.credentials("kraken:master", KEYS["master"])
    yield made
    rig.simulator.call(rig.simulator.world.plan.clear)
