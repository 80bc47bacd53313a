"""The demo: what someone sees who has nothing but NIJA."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.system.daemon import Daemon, until
from tests.system.exchange import FOUR
from tests.system.test_accounts_connect import FIXED, first_lines, fixed_lines


def demo(folder: Path) -> Daemon:
    """Started from nothing, its accounts as far apart as in real life; ended by SIGTERM."""
    with Daemon(folder) as daemon:
        daemon.wait_for("Started independent trading thread", count=len(FOUR))
        account = daemon.wait_for("✅ BUY order filled: ").split("account=")[1].split()[0]
        daemon.wait_for("🛡️ Stop placed: ", f"account={account}")
        assert daemon.terminate() == 0
        return daemon


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@pytest.mark.backstage.with_args(demo)
class TestDemo:
    def test_its_first_line_says_that_no_real_money_moves(self, outcome: Daemon) -> None:
        assert outcome.lines[0].endswith("🎭 DEMO - no real money moves")

    @pytest.mark.parametrize("account", FIXED)
    def test_each_of_its_four_accounts_connects_with_its_fixed_lines(self, outcome: Daemon, account: str) -> None:
        money = outcome.said("💰", f"account={account}")[0].split("$")[1].split()[0]
        assert first_lines(outcome, account) == fixed_lines(account, money)

    def test_its_first_fill_comes_within_a_minute_and_gets_its_stop(self, outcome: Daemon) -> None:
        bought = outcome.said("✅ BUY order filled: ")[0]
        market = bought.split("filled: ")[1].split()[0]
        account = bought.split("account=")[1].split()[0]
        assert outcome.said(f"🛡️ Stop placed: {market}", f"account={account}")
        began, filled = (datetime.fromisoformat(line[:19]) for line in (outcome.lines[0], bought))
        assert filled - began < timedelta(seconds=60)

    def test_sigterm_ends_it_calmly(self, outcome: Daemon) -> None:
        texts = [re.split(r" (?:INFO|WARN|ERROR) +", line, maxsplit=1)[-1] for line in outcome.lines]
        assert texts[-1] == "👋 STOPPED"
        after = texts[texts.index("🛑 STOPPING - no new entries") :]
        assert not [text for text in after if "Started" in text]
        assert outcome.errors == ""

    def test_every_line_about_an_order_names_its_account(self, outcome: Daemon) -> None:
        assert not [line for line in outcome.said("order filled") if "account=" not in line]


def test_kill_9_of_the_daemon_ends_the_embedded_exchange_too(tmp_path: Path) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked for in /proc, which this system lacks")
    with Daemon(tmp_path) as daemon:
        daemon.wait_for("Attempting to connect")
        (embedded,) = children(daemon.pid)
        daemon.kill()
        until(lambda: not is_running(embedded), "the embedded exchange has ended", within=10)
