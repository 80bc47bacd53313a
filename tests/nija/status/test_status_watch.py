"""`nija status --watch` at a terminal: it refreshes in place until Ctrl+C, and queries only the daemon."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.status.report import AccountStatus, StatusReport
from tests.nija.terminals import Terminal

ROOT = Path(__file__).parents[3]
REPORT = StatusReport(1, "1.0", None, "live", (AccountStatus("kraken:master", "MASTER", "kraken", "TRADING"),))


def watching(folder: Path) -> Terminal:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "160", "LINES": "40"}
    return Terminal([sys.executable, "-m", "nija", "status", "--watch"], folder, environ)


def test_the_screen_follows_the_daemon_and_ctrl_c_ends_it_calmly(tmp_path: Path) -> None:
    balances = iter(map(Decimal, range(100, 200)))

    def status(_: dict[str, object]) -> dict[str, object]:
        return replace(REPORT, accounts=(replace(REPORT.accounts[0], balance=next(balances)),)).to_json()

    (tmp_path / "data").mkdir()
    server = ControlServer(tmp_path / "data" / SOCKET_NAME, {"status": status})
    server.start()
    screen = watching(tmp_path)
    try:
        screen.expect("$100.00")
        screen.expect("$101.00")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 0
    finally:
        screen.close()
        server.stop()
    assert "Traceback" not in screen.seen


def test_without_a_daemon_there_is_nothing_to_watch(tmp_path: Path) -> None:
    screen = watching(tmp_path)
    try:
        screen.expect("NIJA is not running: start it with ./start.sh")
        assert screen.end() == 2
    finally:
        screen.close()
