"""How the accounts of a live daemon come up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.system.connect_lines import FIXED, first_lines, fixed_lines

if TYPE_CHECKING:
    from tests.system.conftest import Run

pytestmark = pytest.mark.xdist_group("live_run")


@pytest.mark.parametrize("account", FIXED)
def test_an_account_says_its_fixed_lines_in_their_order(live_run: Run, account: str) -> None:
    assert first_lines(live_run.daemon, account) == fixed_lines(account, "10000.00")


def test_the_starting_line_comes_once_and_before_the_first_trader(live_run: Run) -> None:
    daemon = live_run.daemon
    marks = [line for line in daemon.lines if "🚀" in line or "Started independent" in line]
    assert "🚀 STARTING INDEPENDENT MULTI-BROKER TRADING" in marks[0]
    assert len(marks) == 5


def test_connects_to_one_exchange_are_at_least_five_seconds_apart(live_run: Run) -> None:
    state = live_run.state
    first = sorted(
        min(request["time"] for request in state["requests"] if request["account"] == account)
        for account in state["accounts"]
        if account.startswith("kraken:")
    )
    assert all(later - earlier >= 5.0 for earlier, later in pairwise(first))


def test_two_exchanges_connect_side_by_side(live_run: Run) -> None:
    state = live_run.state
    first = {
        exchange: min(request["time"] for request in state["requests"] if request["account"].startswith(exchange))
        for exchange in ("kraken:", "coinbase:")
    }
    assert abs(first["kraken:"] - first["coinbase:"]) < 4.0


def test_the_master_trades_without_waiting_for_the_users(live_run: Run) -> None:
    daemon = live_run.daemon
    started = daemon.lines.index(daemon.said("Started independent trading thread", "account=kraken:master")[0])
    last = daemon.lines.index(daemon.said("Attempting to connect", "account=kraken:")[-1])
    assert started < last
