"""The demo: what someone sees who has nothing but NIJA."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.system.connect_lines import FIXED, first_lines, fixed_lines
from tests.system.daemon import Daemon, until
from tests.system.exchange import FOUR

_LIBRARIES = "libraries"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Daemon:
    """Started from nothing, its accounts as far apart as in real life; ended by SIGTERM."""
    folder = tmp_path_factory.mktemp("run")
    with Daemon(folder, cold=True) as daemon:
        daemon.wait_for("Started independent trading thread", count=len(FOUR))
        account = daemon.wait_for("✅ BUY order filled: ").split("account=")[1].split()[0]
        daemon.wait_for("🛡️ Stop placed: ", f"account={account}")
        if Path("/proc").is_dir():
            (folder / _LIBRARIES).write_text(Path(f"/proc/{daemon.pid}/maps").read_text())
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


@pytest.mark.xdist_group("demo")
class TestDemo:
    def test_its_first_line_says_that_no_real_money_moves(self, demo: Daemon) -> None:
        assert demo.lines[0].endswith("🎭 DEMO - no real money moves")

    @pytest.mark.parametrize("account", FIXED)
    def test_each_of_its_four_accounts_connects_with_its_fixed_lines(self, demo: Daemon, account: str) -> None:
        money = demo.said("💰", f"account={account}")[0].split("$")[1].split()[0]
        assert first_lines(demo, account) == fixed_lines(account, money)

    def test_its_first_fill_comes_within_a_minute_and_gets_its_stop(self, demo: Daemon) -> None:
        bought = demo.said("✅ BUY order filled: ")[0]
        market = bought.split("filled: ")[1].split()[0]
        account = bought.split("account=")[1].split()[0]
        assert demo.said(f"🛡️ Stop placed: {market}", f"account={account}")
        began, filled = (datetime.fromisoformat(line[:19]) for line in (demo.lines[0], bought))
        assert filled - began < timedelta(seconds=60)

    def test_sigterm_ends_it_calmly(self, demo: Daemon) -> None:
        texts = [re.split(r" (?:INFO|WARN|ERROR) +", line, maxsplit=1)[-1] for line in demo.lines]
        assert texts[-1] == "👋 STOPPED"
        after = texts[texts.index("🛑 STOPPING - no new entries") :]
        assert not [text for text in after if "Started" in text]
        assert demo.errors == ""

    def test_a_daemon_that_trades_has_not_loaded_the_compiler_of_optimize(self, demo: Daemon) -> None:
        libraries = demo.folder / _LIBRARIES
        if not libraries.exists():
            pytest.skip("loaded libraries are read from /proc, which this system lacks")
        assert "_ta_lib" in libraries.read_text()
        assert not re.search("numba|llvmlite", libraries.read_text())

    def test_every_line_about_an_order_names_its_account(self, demo: Daemon) -> None:
        assert not [line for line in demo.said("order filled") if "account=" not in line]


def test_kill_9_of_the_daemon_ends_the_embedded_exchange_too(tmp_path: Path) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked for in /proc, which this system lacks")
    with Daemon(tmp_path) as daemon:
        daemon.wait_for("Attempting to connect")
        (embedded,) = children(daemon.pid)
        daemon.kill()
        until(lambda: not is_running(embedded), "the embedded exchange has ended", within=10)
