"""The tiers of the tests: `daemons`, `slow`, and the fast ones, which have no mark."""

from __future__ import annotations

import itertools
import os

import pytest
from hypothesis import settings

# A busy machine makes no property wrong. Where changes are judged, the same examples come every time; anywhere else new
# ones are tried at each run.
settings.register_profile("nija", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("nija")

# Whole daemons, several at once, against exchanges that run as fast as they can. They live in these folders alone.
_DAEMONS = ("chaos", "docs/test_page_commands.py", "system")
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
    for path, of_file in itertools.groupby(items, key=lambda item: item.path):
        if (mark := _mark_of(path.relative_to(tests).as_posix())) is not None:
            for item in of_file:
                item.add_marker(mark)


def _mark_of(file: str) -> pytest.MarkDecorator | None:
    if file.startswith(_DAEMONS):
        return pytest.mark.daemons
    return pytest.mark.slow if file.startswith(_SLOW) else None
