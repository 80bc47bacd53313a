"""All pages are told at once, for their programs mostly wait; each test judges one of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.config import Limits, SimulatorConfig
from brokers.simulator.server import running_simulator
from tests.docs.stories import ACCOUNTS, STORIES
from tests.docs.telling import Telling, tell
from tests.nija.doctor.patients import ACCOUNTS as PATIENTS
from tests.simulator_fixtures import UNLIMITED, manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from concurrent.futures import Future

    from tests.simulator_fixtures import Rig

_AT_ONCE = 4


@pytest.fixture(scope="session")
def tellings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Telling]]]:
    with running_simulator(SimulatorConfig(ACCOUNTS, limits=UNLIMITED)) as simulator:
        exchange = {
            "KRAKEN_API_URL": simulator.kraken_url,
            "COINBASE_API_URL": simulator.coinbase_url,
            "REQUESTS_CA_BUNDLE": simulator.addresses.ca_bundle,
        }
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield {name: pool.submit(tell, name, tmp_path_factory.mktemp("page"), exchange) for name in STORIES}


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """An exchange whose accounts and keys have what the troubles need."""
    config = SimulatorConfig(PATIENTS, limits=Limits(private=False, public=False, failures_to_lockout=10_000))
    with manual_rig(config) as running:
        yield running
