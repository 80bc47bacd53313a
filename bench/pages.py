"""Whether open pages make trading late: the time between two cycles of an account, with pages open and without.

Run: python -m bench.pages [--accounts 20] [--pages 10] [--seconds 30] [--rounds 4]

Both halves of a round are measured on the same daemon, one after the other. Each open page is an overview, read whole
once and then followed by its stream of updates, as a browser does.
"""

from __future__ import annotations

import argparse
import http.client
import re
import socket
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import datetime
from html import unescape
from typing import TYPE_CHECKING, Any

from bench.crowd import Crowd, crowd
from nija.control.client import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HOST = "127.0.0.1"
_STREAM = re.compile(r'sse-connect="([^"]+)"')
_LOOK_SECONDS = 0.1
_WARM_UP_SECONDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("accounts", 20), ("pages", 10), ("seconds", 30), ("rounds", 4)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    port = _free_port()
    without: list[float] = []
    with_pages: list[float] = []
    with crowd(asked.accounts, NIJA_WEB_PORT=str(port)) as daemon:
        _gaps(daemon, _WARM_UP_SECONDS)
        for _ in range(asked.rounds):
            without += _gaps(daemon, asked.seconds)
            with ExitStack() as pages:
                for _ in range(asked.pages):
                    pages.enter_context(_open_page(port))
                with_pages += _gaps(daemon, asked.seconds)
    print("seconds between two cycles of an account    median      p99  longest  cycles")
    print(_line("no page open", without))
    print(_line(f"{asked.pages} pages open", with_pages))
    print(f"p99 with pages / without: {_p99(with_pages) / _p99(without):.3f}")


def _gaps(daemon: Crowd, seconds: int) -> list[float]:
    """The time between the ends of two cycles, of every account, as `nija status` reports them."""
    last: dict[str, datetime] = {}
    gaps: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for account, worked in _last_work(daemon).items():
            if account in last and worked > last[account]:
                gaps.append((worked - last[account]).total_seconds())
            last[account] = worked
        time.sleep(_LOOK_SECONDS)
    return gaps


def _last_work(daemon: Crowd) -> dict[str, datetime]:
    answer: Mapping[str, Any] | None = ask(daemon.data_dir, "status")
    if answer is None:
        raise SystemExit("the daemon has ended")
    worked = {one["id"]: one["last_useful_work"] for one in answer["accounts"]}
    return {name: datetime.fromisoformat(time) for name, time in worked.items() if time is not None}


@contextmanager
def _open_page(port: int) -> Iterator[None]:
    connection = http.client.HTTPConnection(_HOST, port, timeout=30)
    connection.request("GET", "/", headers={"Accept": "text/html"})
    found = _STREAM.search(connection.getresponse().read().decode())
    if found is None:
        raise SystemExit("the page has no stream of updates")
    connection.request("GET", unescape(found[1]), headers={"Accept": "text/event-stream"})
    stream = connection.getresponse()
    reader = threading.Thread(target=_read_all, args=(stream,), daemon=True)
    reader.start()
    try:
        yield
    finally:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
        reader.join(5)
        connection.close()


def _read_all(stream: http.client.HTTPResponse) -> None:
    try:
        while stream.read1():
            pass
    except (OSError, http.client.HTTPException):
        return


def _line(name: str, gaps: list[float]) -> str:
    return f"{name:<41} {statistics.median(gaps):8.3f} {_p99(gaps):8.3f} {max(gaps):8.3f} {len(gaps):7}"


def _p99(gaps: list[float]) -> float:
    return statistics.quantiles(gaps, n=100)[98]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
