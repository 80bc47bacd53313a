"""`nija status`: what each account is doing."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live

from nija.cli.context import SetupFault, print_fault, read_context
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.status.master_tree import master_tree
from nija.status.render import as_renderable, console_for, show, width_of
from nija.status.report import StatusExit, StatusReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.cli.context import CliContext

_REFRESH_SECONDS = 2.0


def status(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh in place until Ctrl+C.")] = False,
    tree: Annotated[bool, typer.Option("--tree", help="Add the master's exchanges as a tree.")] = False,
) -> None:
    """Show what each account is doing, and why one is not trading.

    Exit code: 0 all accounts trade, 1 some do not, 2 none does or NIJA is not running.
    """
    raise typer.Exit(run_status(as_json=as_json, watch=watch, tree=tree))


def run_status(*, as_json: bool, watch: bool, tree: bool = False) -> int:
    """The exit code."""
    try:
        context = read_context()
        return int(_watch(context) if watch and not as_json else _show_once(context, as_json=as_json, tree=tree))
    except (SetupFault, ControlError) as error:
        print_fault(error)
        return int(StatusExit.NONE)


def _show_once(context: CliContext, *, as_json: bool, tree: bool) -> StatusExit:
    report = _daemons_report(context) or _exchanges_report(context)
    if as_json:
        plain = {**report.to_json(), "exit_code": int(report.exit_code)}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        show(report, datetime.now(UTC), console_for())
        if tree:
            sys.stdout.write("\n" + "".join(f"{line}\n" for line in master_tree(report)))
    return report.exit_code


def _daemons_report(context: CliContext) -> StatusReport | None:
    answer = ask(context.settings.data_dir, "status")
    try:
        return None if answer is None else StatusReport.from_json(answer)
    except ValueError as error:
        raise ControlError("the running NIJA has another version: restart it after an update") from error


def _exchanges_report(context: CliContext) -> StatusReport:
    # Importing it loads the exchanges' clients, which is slow and unnecessary while a daemon answers.
    ask_exchanges: Callable[[CliContext], StatusReport] = import_module("nija.cli.status_direct").ask_exchanges
    return ask_exchanges(context)


def _watch(context: CliContext) -> StatusExit:
    """Polls the daemon only, so that watching uses none of the accounts' call limits."""
    console = console_for()
    code = StatusExit.NONE
    try:
        with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
            while True:
                report = _daemons_report(context)
                if report is None:
                    raise ControlError("NIJA is not running: start it with ./start.sh")
                live.update(as_renderable(report, datetime.now(UTC), width_of(console)), refresh=True)
                code = report.exit_code
                time.sleep(_REFRESH_SECONDS)
    except KeyboardInterrupt:
        return code
