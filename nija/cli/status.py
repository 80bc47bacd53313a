"""`nija status`: what each account is doing."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.suggest import did_you_mean
from nija.cli.context import SetupFault, print_fault, read_context
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.status.master_tree import master_tree
from nija.status.render import console_for, show
from nija.status.report import StatusExit, StatusReport

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.cli.context import CliContext


class UnknownAccount(ValueError):
    """NIJA has no account of that name. The text names those it has."""


def status(
    account: Annotated[str | None, typer.Argument(metavar="ACCOUNT", help="Only this one: kraken:master.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh in place until q or Ctrl+C.")] = False,
    tree: Annotated[bool, typer.Option("--tree", help="Add the master's exchanges as a tree.")] = False,
) -> None:
    """Show what each account is doing, and why one is not trading.

    Exit code: 0 all accounts trade, 1 some do not, 2 none does or NIJA is not running.
    """
    raise typer.Exit(run_status(account, as_json=as_json, watch=watch, tree=tree))


def run_status(account: str | None = None, *, as_json: bool, watch: bool, tree: bool = False) -> int:
    """The exit code; that of one account if one is named."""
    try:
        context = read_context()
        if watch and not as_json:
            return int(_watch(context, account))
        return int(_show_once(context, account, as_json=as_json, tree=tree))
    except (SetupFault, ControlError, UnknownAccount) as error:
        print_fault(error)
        return int(StatusExit.NONE)


def _show_once(context: CliContext, account: str | None, *, as_json: bool, tree: bool) -> StatusExit:
    report = _of_account(_daemons_report(context) or _exchanges_report(context), account)
    if as_json:
        plain = {**report.to_json(), "exit_code": int(report.exit_code)}
        sys.stdout.write(json.dumps(plain, ensure_ascii=False) + "\n")
    else:
        show(report, datetime.now(UTC), console_for(), is_whole=account is None)
        if tree:
            sys.stdout.write("\n" + "".join(f"{line}\n" for line in master_tree(report)))
    return report.exit_code


def _of_account(report: StatusReport, name: str | None) -> StatusReport:
    """The whole report for None. Raises UnknownAccount."""
    if name is None:
        return report
    mine = tuple(one for one in report.accounts if one.id == name)
    if not mine:
        names = [one.id for one in report.accounts]
        if not names:
            raise UnknownAccount("no account is known: start NIJA with ./start.sh, or add an account with nija setup")
        raise UnknownAccount(f"NIJA has no account {name}; it has: {', '.join(names)}.{did_you_mean(name, names)}")
    return replace(report, accounts=mine)


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


def _watch(context: CliContext, account: str | None) -> StatusExit:
    """Polls the daemon only, so that watching uses none of the accounts' call limits."""
    # Only watching needs the keyboard and the screen.
    watch: Callable[..., StatusReport] = import_module("nija.cli.watch").watch

    def read() -> StatusReport:
        report = _daemons_report(context)
        if report is None:
            raise ControlError("NIJA is not running: start it with ./start.sh")
        return _of_account(report, account)

    return watch(read, is_whole=account is None).exit_code
