"""`nija status`: what every account is doing. Imports little, so that it answers at once."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from nija.cli.desk import DeskFault, open_desk, tell_fault
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.status.report import ExitCode, StatusReport

if TYPE_CHECKING:
    from nija.cli.desk import Desk

_REFRESH_SECONDS = 2.0


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002  typer's form
    watch: Annotated[bool, typer.Option("--watch", help="Refresh in place until Ctrl+C.")] = False,  # noqa: FBT002
) -> None:
    """What NIJA is doing, account by account, and why one is not trading.

    Exit code: 0 every account trades, 1 some do not, 2 none does or NIJA is not running.
    """
    try:
        desk = open_desk()
        if watch and not as_json:
            _watch(desk)
            return
        report = _report(desk)
    except (DeskFault, ControlError) as error:
        tell_fault(error)
        raise typer.Exit(int(ExitCode.NONE)) from error
    if as_json:
        sys.stdout.write(
            json.dumps({**report.to_json(), "exit_code": int(report.exit_code)}, ensure_ascii=False) + "\n"
        )
    else:
        from nija.status.render import console_for, show  # noqa: PLC0415  not needed for --json

        show(report, datetime.now(UTC), console_for())
    raise typer.Exit(int(report.exit_code))


def _report(desk: Desk) -> StatusReport:
    answer = ask(desk.settings.data_dir, "status")
    if answer is not None:
        try:
            return StatusReport.from_json(answer)
        except ValueError as error:
            raise ControlError("the running NIJA is of another version: restart it after an update") from error
    from accounts.settings import SettingsError  # noqa: PLC0415  heavy, and only without a daemon
    from brokers.clock import SystemClock  # noqa: PLC0415
    from nija.status.direct import direct_report  # noqa: PLC0415

    try:
        return direct_report(desk.environment.values, desk.settings, SystemClock())
    except SettingsError as error:
        raise DeskFault(tuple(str(error).splitlines())) from error


def _watch(desk: Desk) -> None:
    """Only the daemon is asked, over and over: looking must cost the accounts nothing."""
    from rich.live import Live  # noqa: PLC0415  only for this option

    from nija.status.render import as_renderable, console_for  # noqa: PLC0415

    console = console_for()
    with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
        try:
            while True:
                answer = ask(desk.settings.data_dir, "status")
                if answer is None:
                    raise ControlError("NIJA is not running: start it with ./start.sh")
                report = StatusReport.from_json(answer)
                live.update(as_renderable(report, datetime.now(UTC), plain=not console.is_terminal), refresh=True)
                time.sleep(_REFRESH_SECONDS)
        except KeyboardInterrupt:
            return
