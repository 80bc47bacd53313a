from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brokers.kraken.broker import KrakenBroker
from brokers.kraken.public import KrakenPublic
from brokers.nonce import Nonce
from tests.brokers.kraken.canned import KEY, CannedKraken, canned_kraken
from tests.fakes import ManualClock

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
