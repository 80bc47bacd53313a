"""`nija status --watch` at a terminal: it refreshes in place until q or Ctrl+C, and queries only the daemon."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nija.cli.watch import Key, WatchedPage
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.status.render import page_of
from nija.status.report import AccountStatus, StatusReport
from tests.nija.status.test_status_report import FULL, NOW
from tests.nija.terminals import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
REPORT = StatusReport(1, "1.0", None, "live", (AccountStatus("kraken:master", "MASTER", "kraken", "TRADING"),))
MANY = replace(REPORT, accounts=tuple(replace(FULL, id=f"kraken:user{number:03}") for number in range(100)))


@contextmanager
def watching(folder: Path, status: Callable[[], StatusReport] | None) -> Iterator[Terminal]:
    """At a terminal of 80 columns and 24 rows. Without `status` there is no daemon."""
    (folder / "data").mkdir()
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _: status().to_json() if status else {}})
    if status is not None:
        server.start()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    screen = Terminal([sys.executable, "-m", "nija", "status", "--watch"], folder, environ)
    try:
        yield screen
    finally:
        screen.close()
        server.stop()
    assert "Traceback" not in screen.seen


def test_the_screen_follows_the_daemon_and_ctrl_c_ends_it_calmly(tmp_path: Path) -> None:
    balances = iter(map(Decimal, range(100, 200)))

    def status() -> StatusReport:
        return replace(REPORT, accounts=(replace(REPORT.accounts[0], balance=next(balances)),))

    with watching(tmp_path, status) as screen:
        screen.expect("$100.00")
        screen.expect("$101.00")
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 0


def test_keys_scroll_and_q_ends_it(tmp_path: Path) -> None:
    with watching(tmp_path, lambda: MANY) as screen:
        screen.expect("lines 1-")
        screen.press(" ")
        screen.expect("lines 19-")
        screen.press("q")
        assert screen.end() == 0


def test_without_a_daemon_there_is_nothing_to_watch(tmp_path: Path) -> None:
    with watching(tmp_path, None) as screen:
        screen.expect("NIJA is not running: start it with ./start.sh")
        assert screen.end() == 2


class TestWindow:
    def shown(self, window: WatchedPage, width: int = 80, height: int = 24) -> list[str]:
        console = Console(width=width, height=height, force_terminal=True, color_system=None, emoji=False)
        with console.capture() as captured:
            console.print(window, end="")
        return [line.rstrip() for line in captured.get().split("\n")]

    def window(self, report: StatusReport, width: int = 80) -> WatchedPage:
        return WatchedPage(page_of(report, NOW, width))

    def test_it_fills_the_window_exactly_whatever_there_is_to_show(self) -> None:
        for report in (REPORT, replace(REPORT, accounts=(FULL,)), MANY):
            for width, height in ((80, 24), (120, 40), (40, 10)):
                lines = self.shown(self.window(report, width), width, height)
                assert len(lines) == height
                assert max(map(len, lines)) <= width

    def test_what_fits_is_shown_whole_without_scrolling(self) -> None:
        lines = self.shown(self.window(REPORT), height=24)
        assert lines[-1] == "q ends"
        assert "  - kraken: unknown" in lines

    def test_the_summary_stays_while_the_rest_scrolls(self) -> None:
        window = self.window(MANY)
        console = Console(width=80, height=24)
        first = self.shown(window)
        window.scroll(Key.PAGE_DOWN, console)
        second = self.shown(window)
        assert "100 accounts: 100 TRADING" in first[0]
        assert first[0] == second[0]
        assert first[1:] != second[1:]
        window.scroll(Key.PAGE_UP, console)
        assert self.shown(window) == first

    def test_scrolling_ends_at_both_ends(self) -> None:
        window = self.window(MANY)
        console = Console(width=80, height=24)
        window.scroll(Key.UP, console)
        assert self.shown(window)[-1].startswith("lines 1-")
        for _ in range(500):
            window.scroll(Key.PAGE_DOWN, console)
        last = self.shown(window)
        assert last[-2] == "Master Exchanges Connected: 0"
        total = last[-1].split(" of ")[1].split()[0]
        assert last[-1].split()[1].endswith(f"-{total}")

    def test_without_a_keyboard_only_ctrl_c_ends_it(self) -> None:
        window = self.window(MANY)
        window.has_keys = False
        assert self.shown(window)[-1].endswith(" · Ctrl+C ends")
