"""The whole daemon as a platform runs it: asked on PORT, telling by NIJA_NOTIFY_URLS, beating, stopped by SIGTERM."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests

from tests.deployment.dockerfile import ROOT
from tests.nija.notify.inbox import inbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def daemon(folder: Path, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {name: value for name, value in os.environ.items() if "API" not in name and "NIJA" not in name}
    own = {
        "PYTHONPATH": str(ROOT),
        "NIJA_MODE": "demo",
        "NIJA_DATA_DIR": str(folder),
        "NIJA_LOG_FILE": str(folder / "nija.log"),
        "NIJA_CONNECT_DELAY": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "nija", "run"],
        cwd=folder,
        env={**inherited, **own, **environ},
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_work(session: requests.Session, url: str) -> dict[str, object]:
    """The answer of /healthz once useful work is done."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer: dict[str, object] = session.get(f"{url}/healthz", timeout=5).json()
        except requests.ConnectionError:
            answer = {}
        if answer.get("reason") == "useful work is done":
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.2)


def test_a_platform_can_ask_it_and_people_are_told(tmp_path: Path) -> None:
    port = free_port()
    with inbox() as box, requests.Session() as session:
        environ = {"PORT": str(port), "NIJA_NOTIFY_URLS": box.notify_url, "NIJA_HEARTBEAT_URL": box.heartbeat_url}
        with daemon(tmp_path, environ) as process:
            url = f"http://127.0.0.1:{port}"
            assert wait_for_work(session, url)["healthy"] is True
            ready = session.get(f"{url}/readyz", timeout=5)
            assert (ready.status_code, ready.json()["ready"]) == (200, True)
            assert "nija_account_equity" in session.get(f"{url}/metrics", timeout=5).text
            box.wait_for_requests(2)
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
        titles = [message["title"] for message in box.bodies]
    assert "🚀 started" in titles[0]
    assert "👋 stopped" in titles[-1]
    assert "/ping/hidden-token" in box.paths
    assert "hidden-token" not in (tmp_path / "nija.log").read_text()


def test_a_port_in_use_ends_the_start_with_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104  where the daemon listens, too
        taken.listen()
        port = taken.getsockname()[1]
        with daemon(tmp_path, {"PORT": str(port)}) as process:
            assert process.wait(PATIENCE) == 2
    log = (tmp_path / "nija.log").read_text()
    assert (
        f"❌ the health pages cannot be served on port {port} (Address already in use): set PORT to a free port" in log
    )
    assert "Traceback" not in log
