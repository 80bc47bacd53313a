from __future__ import annotations

import pytest

from tests.brokers.simulator.coinbase.coinbase_desk import Desk, make_desk


@pytest.fixture
def desk() -> Desk:
    return make_desk()
