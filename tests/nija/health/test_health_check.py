"""`python -m nija.health.check` against a daemon's control socket."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.health.check import check
from nija.status.report import AccountStatus, StatusReport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def report(worked: datetime | None, since: datetime) -> dict[str, object]:
    account = AccountStatus("kraken:master", "MASTER", "kraken", "TRADING", last_useful_work=worked)
    return StatusReport(4711, "0.1.0", since, "live", (account,)).to_json()


@contextmanager
def daemon(folder: Path, answer: dict[str, object]) -> Iterator[None]:
    server = ControlServer(folder / SOCKET_NAME, {"status": lambda _: answer})
    server.start()
    try:
        yield
    finally:
        server.stop()


def environ(folder: Path) -> dict[str, str]:
    return {"NIJA_DATA_DIR": str(folder)}


def test_a_daemon_at_work_is_healthy(tmp_path: Path) -> None:
    with daemon(tmp_path, report(NOW - timedelta(seconds=3), NOW - timedelta(days=1))):
        assert check(environ(tmp_path), tmp_path, NOW).healthy


def test_a_daemon_that_answers_but_does_no_work_is_not(tmp_path: Path) -> None:
    with daemon(tmp_path, report(NOW - timedelta(minutes=20), NOW - timedelta(days=1))):
        verdict = check(environ(tmp_path), tmp_path, NOW)
    assert not verdict.healthy
    assert verdict.reason.startswith("no account has done useful work for 20 min")


def test_a_daemon_that_has_just_started_is_given_time(tmp_path: Path) -> None:
    with daemon(tmp_path, report(None, NOW - timedelta(seconds=20))):
        assert check(environ(tmp_path), tmp_path, NOW).healthy


def test_no_daemon_is_unhealthy_and_the_folder_is_named(tmp_path: Path) -> None:
    verdict = check(environ(tmp_path), tmp_path, NOW)
    assert not verdict.healthy
    assert verdict.reason == f"NIJA is not running on the data folder {tmp_path}"


def test_a_daemon_of_another_version_and_a_bad_setting_are_reported_not_raised(tmp_path: Path) -> None:
    with daemon(tmp_path, {"accounts": 7}):
        assert "another version" in check(environ(tmp_path), tmp_path, NOW).reason
    assert "NIJA_MODE" in check({"NIJA_MODE": "turbo"}, tmp_path, NOW).reason


def test_the_exit_code_is_what_a_container_engine_reads(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nija.health.check"]
    variables = {**os.environ, **environ(tmp_path), "PYTHONIOENCODING": "utf-8"}
    down = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  our own module
    assert (down.returncode, down.stdout.startswith("unhealthy: NIJA is not running")) == (1, True)
    now = datetime.now(UTC)
    with daemon(tmp_path, report(now, now)):
        up = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  as above
    assert (up.returncode, up.stdout) == (0, "healthy: NIJA is working\n")
