"""`nija status --watch`: a page that refreshes in place, with its summary always in sight."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.live import Live
from rich.segment import Segment

from nija.status.render import console_for, page_of, width_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console, ConsoleOptions, RenderResult

    from nija.status.render import Page
    from nija.status.report import StatusReport

_REFRESH_SECONDS = 2.0
_LONGEST_KEY = 32


class Key(Enum):
    UP = "up"
    DOWN = "down"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    QUIT = "quit"


_KEYS: Mapping[bytes, Key] = MappingProxyType(
    {
        **dict.fromkeys((b"\x1b[A", b"\x1bOA", b"k"), Key.UP),
        **dict.fromkeys((b"\x1b[B", b"\x1bOB", b"j", b"\r", b"\n"), Key.DOWN),
        **dict.fromkeys((b"\x1b[5~", b"b"), Key.PAGE_UP),
        **dict.fromkeys((b"\x1b[6~", b" ", b"f"), Key.PAGE_DOWN),
        b"q": Key.QUIT,
    }
)


@dataclass(slots=True)
class WatchedPage:
    """The page in a window: the summary, and as much of the rest as fits beneath it, from line `top` on."""

    page: Page
    top: int = 0
    has_keys: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            yield self.page.summary
            yield self.page.rest
            return
        summary = console.render_lines(self.page.summary, options.update(height=None), pad=False)
        rest = console.render_lines(self.page.rest, options.update(height=None), pad=False)
        room = max(1, console.height - len(summary) - 1)
        self.top = max(0, min(self.top, len(rest) - room))
        shown = rest[self.top : self.top + room]
        for line in (*summary, *shown):
            yield from (*line, Segment.line())
        yield from (Segment.line() for _ in range(room - len(shown)))
        yield Segment(self._footer(len(rest), room))

    def scroll(self, key: Key, console: Console) -> None:
        page = max(1, console.height - 6)
        self.top += {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: -page, Key.PAGE_DOWN: page}.get(key, 0)

    def _footer(self, lines: int, room: int) -> str:
        ends = "q ends" if self.has_keys else "Ctrl+C ends"
        if lines <= room:
            return ends
        scroll = " · ↑ ↓ PgUp PgDn scroll" if self.has_keys else ""
        return f"lines {self.top + 1}-{min(lines, self.top + room)} of {lines}{scroll} · {ends}"


def watch(read: Callable[[], StatusReport], *, is_whole: bool = True) -> StatusReport:
    """Show what `read` returns until someone ends it. Returns the last report. `read` may raise.

    `is_whole`: its reports have every account.
    """
    console = console_for()

    def page() -> Page:
        return page_of(report, datetime.now(UTC), width_of(console), is_whole=is_whole)

    report = read()
    window = WatchedPage(page(), has_keys=sys.stdin.isatty())
    try:
        with _keyboard(), Live(window, console=console, auto_refresh=False, screen=console.is_terminal) as live:
            while _follow_keys(window, live, console):
                report = read()
                window.page = page()
    except KeyboardInterrupt:
        pass
    return report


def _follow_keys(window: WatchedPage, live: Live, console: Console) -> bool:
    """Until the next refresh; False once someone wants to end it."""
    end = time.monotonic() + _REFRESH_SECONDS
    live.update(window, refresh=True)
    while (left := end - time.monotonic()) > 0:
        if not window.has_keys:
            time.sleep(left)
        elif select.select([sys.stdin], [], [], left)[0]:
            key = _KEYS.get(os.read(sys.stdin.fileno(), _LONGEST_KEY))
            if key is Key.QUIT:
                return False
            if key is not None:
                window.scroll(key, console)
                live.update(window, refresh=True)
    return True


@contextmanager
def _keyboard() -> Iterator[None]:
    """Within the block each key arrives at once and is not shown."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
