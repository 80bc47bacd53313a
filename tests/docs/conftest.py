"""The exchanges against which the pages' commands run, and the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import Limits, SimulatorConfig
from brokers.simulator.server import running_simulator
from tests.docs.page_run import run_page
from tests.docs.scenarios import ACCOUNTS, SCENARIOS
from tests.nija.doctor.setups import ACCOUNTS as PATIENTS
from tests.simulator_fixtures import UNLIMITED, manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.docs.page_run import PageRun
    from tests.simulator_fixtures import Rig


@pytest.fixture(scope="session")
def exchange() -> Iterator[Mapping[str, str]]:
    """The variables that point to an exchange with the accounts of every page."""
    with running_simulator(SimulatorConfig(ACCOUNTS, limits=UNLIMITED)) as simulator:
        yield {
            "KRAKEN_API_URL": simulator.kraken_url,
            "COINBASE_API_URL": simulator.coinbase_url,
            "REQUESTS_CA_BUNDLE": simulator.addresses.ca_bundle,
        }


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name), id=name) for name in SCENARIOS]
)
def page_run(
    request: pytest.FixtureRequest, exchange: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> PageRun:
    """Every command of one page, run once."""
    return run_page(request.param, tmp_path_factory.mktemp("page"), exchange)


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """An exchange with the accounts and keys that the symptoms need."""
    config = SimulatorConfig(PATIENTS, limits=Limits(private=False, public=False, failures_to_lockout=10_000))
    with manual_rig(config) as running:
        yield running
