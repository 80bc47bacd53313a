"""What `nija status` does, without the command line around it: that would take longer than the answer."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nija.cli.desk import DeskFault, open_desk, tell_fault
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.status.report import StatusExit, StatusReport

if TYPE_CHECKING:
    from nija.cli.desk import Desk

_REFRESH_SECONDS = 2.0


def run_status(*, as_json: bool, watch: bool) -> int:
    """The exit code: 0 every account trades, 1 some do not, 2 none does or NIJA is not running."""
    try:
        desk = open_desk()
        if watch and not as_json:
            return _watch(desk)
        report = _report(desk)
    except (DeskFault, ControlError) as error:
        tell_fault(error)
        return int(StatusExit.NONE)
    if as_json:
        plain = {**report.to_json(), "exit_code": int(report.exit_code)}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        from nija.status.render import console_for, show  # noqa: PLC0415  not needed for --json

        show(report, datetime.now(UTC), console_for())
    return int(report.exit_code)


def _report(desk: Desk) -> StatusReport:
    report = _daemons_report(desk)
    if report is not None:
        return report
    from accounts.settings import SettingsError  # noqa: PLC0415  heavy, and only without a daemon
    from brokers.clock import SystemClock  # noqa: PLC0415
    from nija.doctor.direct_status import direct_report  # noqa: PLC0415

    try:
        return direct_report(desk.environment.values, desk.settings, SystemClock())
    except SettingsError as error:
        raise DeskFault(tuple(str(error).splitlines())) from error


def _daemons_report(desk: Desk) -> StatusReport | None:
    answer = ask(desk.settings.data_dir, "status")
    try:
        return None if answer is None else StatusReport.from_json(answer)
    except ValueError as error:
        raise ControlError("the running NIJA is of another version: restart it after an update") from error


def _watch(desk: Desk) -> int:
    """Only the daemon is asked, over and over: looking must cost the accounts nothing."""
    from rich.live import Live  # noqa: PLC0415  only for this option

    from nija.status.render import as_renderable, console_for  # noqa: PLC0415

    console = console_for()
    code = StatusExit.NONE
    try:
        with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
            while True:
                report = _daemons_report(desk)
                if report is None:
                    raise ControlError("NIJA is not running: start it with ./start.sh")
                live.update(as_renderable(report, datetime.now(UTC), plain=not console.is_terminal), refresh=True)
                code = report.exit_code
                time.sleep(_REFRESH_SECONDS)
    except KeyboardInterrupt:
        return int(code)
