"""The tiers of the tests: `daemons`, `slow`, and the fast ones, which have no mark."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

# A busy machine makes no property wrong. Where changes are judged, the same examples come every time; anywhere else new
# ones are tried at each run.
settings.register_profile("nija", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("nija")

# Whole daemons, several at once, against exchanges that run as fast as they can. They live in these folders alone.
# So does the browser: its driver leaves an event loop behind, beside which no test can run one of its own.
_DAEMONS = ("browser", "chaos", "docs/test_page_commands.py", "system")
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
    "compatibility",
    "deployment",
    "nija/cli/test_candles_command.py",
    "nija/cli/test_guide_scripts.py",
    "nija/cli/test_mcp.py",
    "nija/cli/test_notify_test.py",
    "nija/doctor",
    "nija/notify/test_notifier.py",
    "nija/optimize/test_processes.py",
    "nija/orders/test_how_often_it_asks.py",
    "nija/orders/test_order_desk.py",
    "nija/orders/test_order_desk_chaos.py",
    "nija/orders/test_order_desk_machine.py",
    "nija/orders/test_order_desk_on_simulator.py",
    "nija/status/test_status_watch.py",
    "nija/backtest/test_regression_facts.py",
    "nija/supervisor/test_exchange_runtime.py",
    "nija/supervisor/test_reload.py",
    "nija/supervisor/test_reload_of_many.py",
    "nija/supervisor/test_supervisor.py",
    "nija/telegram/test_telegram.py",
    "nija/test_numbers_for_people.py",
    "nija/web/test_web_actions.py",
    "nija/web/test_web_attacks.py",
    "nija/web/test_web_server.py",
    "nija/wizard/test_set_up_at_a_terminal.py",
    "parity",
    "start",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="the fast tier alone: neither slow tests nor whole daemons")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "daemons: whole daemons trade side by side")
    config.addinivalue_line("markers", "slow: takes seconds; without these and the daemons, the rest is the fast tier")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The fast tier does not even import the others: that would take seconds."""
    return True if config.getoption("fast") and _tier_of(collection_path, config) is not None else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for path, of_file in itertools.groupby(items, key=lambda item: item.path):
        if (tier := _tier_of(path, config)) is not None:
            for item in of_file:
                item.add_marker(tier)


def _tier_of(path: Path, config: pytest.Config) -> str | None:
    for tier, places in (("daemons", _DAEMONS), ("slow", _SLOW)):
        if any(path.is_relative_to(config.rootpath / "tests" / place) for place in places):
            return tier
    return None
