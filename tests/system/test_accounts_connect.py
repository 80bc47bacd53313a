"""How the accounts of a live daemon come up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.system.long_runs import live_run

if TYPE_CHECKING:
    from tests.system.daemon import Daemon
    from tests.system.long_runs import Run

pytestmark = pytest.mark.backstage.with_args(live_run)

FIXED = {
    "kraken:master": ("Kraken", "Kraken Pro", "MASTER", "kraken (MASTER)"),
    "kraken:daivon_frazier": ("Kraken", "Kraken Pro", "USER daivon_frazier", "kraken (USER daivon_frazier)"),
    "kraken:tania_gilbert": ("Kraken", "Kraken Pro", "USER tania_gilbert", "kraken (USER tania_gilbert)"),
    "coinbase:master": ("Coinbase", "Coinbase Advanced", "MASTER", "coinbase (MASTER)"),
}


def fixed_lines(account: str, money: str) -> list[str]:
    short, full, label, thread = FIXED[account]
    return [
        f"📊 Attempting to connect {full} ({label})...",
        f"✅ {short} {label} connected",
        f"✅ {short} registered as {label} broker in multi-account manager",
        f"💰 {short} Balance ({label}): USD ${money}",
        "   ✅ FUNDED - Ready to trade",
        f"✅ Started independent trading thread for {thread}",
    ]


def first_lines(daemon: Daemon, account: str) -> list[str]:
    """What the first lines of an account say, without time, level and fields."""
    said = [line.split("  account=")[0] for line in daemon.said(f"account={account}")]
    return [line[26:] for line in said[:6]]


@pytest.mark.parametrize("account", FIXED)
def test_an_account_says_its_fixed_lines_in_their_order(outcome: Run, account: str) -> None:
    assert first_lines(outcome.daemon, account) == fixed_lines(account, "10000.00")


def test_the_starting_line_comes_once_and_before_the_first_trader(outcome: Run) -> None:
    daemon = outcome.daemon
    marks = [line for line in daemon.lines if "🚀" in line or "Started independent" in line]
    assert "🚀 STARTING INDEPENDENT MULTI-BROKER TRADING" in marks[0]
    assert len(marks) == 5


def test_connects_to_one_exchange_are_at_least_five_seconds_apart(outcome: Run) -> None:
    state = outcome.state
    first = sorted(
        min(request["time"] for request in state["requests"] if request["account"] == account)
        for account in state["accounts"]
        if account.startswith("kraken:")
    )
    assert all(later - earlier >= 5.0 for earlier, later in pairwise(first))


def test_two_exchanges_connect_side_by_side(outcome: Run) -> None:
    state = outcome.state
    first = {
        exchange: min(request["time"] for request in state["requests"] if request["account"].startswith(exchange))
        for exchange in ("kraken:", "coinbase:")
    }
    assert abs(first["kraken:"] - first["coinbase:"]) < 4.0


def test_the_master_trades_without_waiting_for_the_users(outcome: Run) -> None:
    daemon = outcome.daemon
    started = daemon.lines.index(daemon.said("Started independent trading thread", "account=kraken:master")[0])
    last = daemon.lines.index(daemon.said("Attempting to connect", "account=kraken:")[-1])
    assert started < last
