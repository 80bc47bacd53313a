"""How the accounts of a live daemon come up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.system.conftest import Run
    from tests.system.daemon import Daemon

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


def test_a_replay_of_real_candles_starts_while_all_else_is_tried(replay_run: Run) -> None:
    replay_run.daemon.wait_for("🚀 STARTING INDEPENDENT MULTI-BROKER TRADING")


@pytest.mark.parametrize("account", FIXED)
def test_an_account_says_its_fixed_lines_in_their_order(live_run: Run, account: str) -> None:
    live_run.daemon.wait_for("Started independent trading thread", f"account={account}")
    assert first_lines(live_run.daemon, account) == fixed_lines(account, "10000.00")


def test_the_starting_line_comes_once_and_before_the_first_trader(live_run: Run) -> None:
    daemon = live_run.daemon
    daemon.wait_for("Started independent trading thread", count=4)
    marks = [line for line in daemon.lines if "🚀" in line or "Started independent" in line]
    assert "🚀 STARTING INDEPENDENT MULTI-BROKER TRADING" in marks[0]
    assert len(marks) == 5


def test_connects_to_one_exchange_are_at_least_five_seconds_apart(live_run: Run) -> None:
    live_run.daemon.wait_for("Started independent trading thread", count=4)
    state = live_run.venue.state()
    first = sorted(
        min(request["time"] for request in state["requests"] if request["account"] == account)
        for account in state["accounts"]
        if account.startswith("kraken:")
    )
    assert all(later - earlier >= 5.0 for earlier, later in pairwise(first))


def test_two_exchanges_connect_side_by_side(live_run: Run) -> None:
    live_run.daemon.wait_for("Started independent trading thread", count=4)
    state = live_run.venue.state()
    first = {
        exchange: min(request["time"] for request in state["requests"] if request["account"].startswith(exchange))
        for exchange in ("kraken:", "coinbase:")
    }
    assert abs(first["kraken:"] - first["coinbase:"]) < 4.0


def test_the_master_trades_without_waiting_for_the_users(live_run: Run) -> None:
    daemon = live_run.daemon
    daemon.wait_for("Started independent trading thread", count=4)
    started = daemon.lines.index(daemon.said("Started independent trading thread", "account=kraken:master")[0])
    last = daemon.lines.index(daemon.said("Attempting to connect", "account=kraken:")[-1])
    assert started < last
