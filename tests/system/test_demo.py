"""The demo: what someone sees who has nothing but NIJA."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.daemon import Daemon, until
from tests.system.exchange import FOUR
from tests.system.test_accounts_connect import FIXED, first_lines, fixed_lines

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Started from nothing, as far apart as in real life."""
    with Daemon(tmp_path_factory.mktemp("demo")) as daemon:
        yield daemon


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_the_first_line_says_that_no_real_money_moves(demo: Daemon) -> None:
    demo.wait_for("Attempting to connect")
    assert demo.lines[0].endswith("🎭 DEMO - no real money moves")


@pytest.mark.parametrize("account", FIXED)
def test_each_of_the_four_accounts_connects_with_its_fixed_lines(demo: Daemon, account: str) -> None:
    money = demo.wait_for("💰", f"account={account}").split("$")[1].split()[0]
    demo.wait_for("Started independent trading thread", f"account={account}")
    assert first_lines(demo, account) == fixed_lines(account, money)


def test_the_first_fill_gets_its_stop(demo: Daemon) -> None:
    bought = demo.wait_for("✅ BUY order filled: ")
    market = bought.split("filled: ")[1].split()[0]
    account = bought.split("account=")[1].split()[0]
    demo.wait_for(f"🛡️ Stop placed: {market}", f"account={account}")


def test_sigterm_ends_it_calmly(demo: Daemon) -> None:
    assert demo.terminate() == 0
    assert [line.split(" INFO  ")[1] for line in demo.lines[-2:]] == ["🛑 STOPPING - no new entries", "👋 STOPPED"]
    assert demo.errors == ""


def test_every_line_of_an_account_names_it(demo: Daemon) -> None:
    assert all(demo.said(f"account={account}") for account in FOUR)
    assert not [line for line in demo.said("order filled") if "account=" not in line]


def test_kill_9_of_the_daemon_ends_the_embedded_exchange_too(tmp_path: Path) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("processes are looked for in /proc, which this system lacks")
    with Daemon(tmp_path) as daemon:
        daemon.wait_for("Attempting to connect")
        (embedded,) = children(daemon.pid)
        daemon.kill()
        until(lambda: not is_running(embedded), "the embedded exchange has ended", within=10)
