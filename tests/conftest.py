"""What holds for every test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["tests.backstage"]

# A busy machine makes no property wrong. Where changes are judged, the same examples come every time; anywhere else new
# ones are tried at each run.
settings.register_profile("nija", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("nija")

# Whole daemons, several at once, against exchanges that run as fast as they can.
_DAEMONS = ("chaos", "system")
# Servers, processes of their own and long searches: seconds each. What is left is the fast tier.
_SLOW = (
    "brokers/coinbase/test_coinbase_broker.py",
    "brokers/coinbase/test_coinbase_client.py",
    "brokers/coinbase/test_coinbase_market_data.py",
    "brokers/coinbase/test_coinbase_odd_rows.py",
    "brokers/coinbase/test_coinbase_on_simulator.py",
    "brokers/coinbase/test_coinbase_recovery.py",
    "brokers/kraken/test_kraken_broker.py",
    "brokers/kraken/test_kraken_client.py",
    "brokers/kraken/test_kraken_with_an_owner.py",
    "brokers/simulator",
    "deployment",
    "docs/test_page_commands.py",
    "nija/cli/test_guide_scripts.py",
    "nija/doctor",
    "nija/health/test_health_server.py",
    "nija/notify/test_notifier.py",
    "nija/orders/test_how_often_it_asks.py",
    "nija/orders/test_order_desk.py",
    "nija/orders/test_order_desk_chaos.py",
    "nija/orders/test_order_desk_machine.py",
    "nija/orders/test_order_desk_on_simulator.py",
    "nija/status/test_status_watch.py",
    "nija/strategy/test_regression_facts.py",
    "nija/test_numbers_for_people.py",
    "nija/wizard/test_set_up_at_a_terminal.py",
    "start",
)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "daemons: whole daemons trade side by side")
    config.addinivalue_line("markers", "slow: takes seconds; without these and the daemons, the rest is the fast tier")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    tests = config.rootpath / "tests"
    for item in items:
        if _lies_in(item, tests, _DAEMONS):
            item.add_marker(pytest.mark.daemons)
        elif _lies_in(item, tests, _SLOW):
            item.add_marker(pytest.mark.slow)


def _lies_in(item: pytest.Item, tests: Path, places: tuple[str, ...]) -> bool:
    return any(item.path.is_relative_to(tests / place) for place in places)
