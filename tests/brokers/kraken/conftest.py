from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.kraken.broker import KrakenBroker
from brokers.kraken.public import KrakenPublic
from brokers.nonce import Nonce
from brokers.simulator.config import SimulatorConfig
from tests.brokers.kraken.canned import KEY, CannedKraken, canned_kraken
from tests.fakes import ManualClock
from tests.simulator_fixtures import Rig, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def canned() -> Iterator[CannedKraken]:
    with canned_kraken() as kraken:
        yield kraken


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def public(canned: CannedKraken, clock: ManualClock) -> Iterator[KrakenPublic]:
    made = KrakenPublic(base_url=canned.url, clock=clock, timeout=2.0)
    yield made
    made.close()


@pytest.fixture
def make_broker(
    canned: CannedKraken, clock: ManualClock, public: KrakenPublic, tmp_path: Path
) -> Iterator[Callable[..., KrakenBroker]]:
    made: list[KrakenBroker] = []

    def make(**options: Any) -> KrakenBroker:  # noqa: ANN401 - the broker's own options
        nonce = Nonce(tmp_path / "nonce", clock=clock)
        settings: dict[str, Any] = {"base_url": canned.url, "public": public, "timeout": 2.0}
        settings |= options
        made.append(KrakenBroker(KEY, nonce=nonce, clock=clock, **settings))
        return made[-1]

    yield make
    for broker in made:
        broker.close()


@pytest.fixture
def broker(make_broker: Callable[..., KrakenBroker]) -> KrakenBroker:
    return make_broker()


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A strict Kraken that shares its clock with the broker. Breaking one of its rules fails the test."""
    money = {"USD": Decimal(10_000), "BTC": Decimal(1)}
    with manual_rig(SimulatorConfig(usd_accounts(balances=money))) as made:
        yield made
        assert made.violations() == []


@pytest.fixture
def trader(rig: Rig, tmp_path: Path) -> Iterator[KrakenBroker]:
    """The master's broker, connected."""
    broker = KrakenBroker(
        rig.simulated("kraken:master").api_key,
        base_url=rig.simulator.kraken_url,
        nonce=Nonce(tmp_path / "nonce", clock=rig.clock),
        clock=rig.clock,
        timeout=2.0,
        tier="intermediate",
    )
    broker.connect()
    yield broker
    broker.close()
