"""`nija doctor`: what is wrong, and how to fix it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.credentials import discover
from accounts.dotenv_file import DotenvError, export_library_variables, load_environment
from accounts.identity import AccountId
from accounts.suggest import did_you_mean
from brokers.clock import SystemClock
from brokers.exchanges import exchange_named, exchanges
from nija.cli.command_log import command_log
from nija.cli.context import DOTENV, FAILED, print_fault
from nija.doctor.examination import ExaminationScope, examine
from nija.doctor.render import lines

if TYPE_CHECKING:
    from collections.abc import Mapping


def doctor(
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="For example kraken:master. Default: all accounts.")
    ] = None,
    exchange: Annotated[
        str | None, typer.Option(help=f"Check only the accounts of {' or '.join(exchanges())}.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Find what is wrong and how to fix it. Places no orders.

    Exit code: 0 everything is fine, 1 there are warnings, 2 something is broken.
    """
    try:
        wanted = AccountId.parse(account) if account is not None else None
        at = exchange_named(exchange) if exchange is not None else None
    except ValueError as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    values: Mapping[str, str] = os.environ
    # A .env that cannot be read is one of the findings.
    with suppress(DotenvError):
        values = load_environment(os.environ, DOTENV).values
    export_library_variables(values)
    if wanted is not None:
        _warn_of_unknown_account(wanted, values)
    with command_log(values):
        _examine(ExaminationScope(os.environ, Path(), SystemClock(), wanted, at), as_json=as_json)


def _examine(scope: ExaminationScope, *, as_json: bool) -> None:
    if as_json:
        report = examine(scope)
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=2)
    else:
        sys.stdout.write("Read-only check: no orders will be placed.\n\n")
        sys.stdout.flush()
        report = examine(scope)
        width = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else None
        text = "\n".join(lines(report, width))
    sys.stdout.write(text + "\n")
    raise typer.Exit(int(report.exit_code))


def _warn_of_unknown_account(wanted: AccountId, values: Mapping[str, str]) -> None:
    known = [str(found.account) for found in discover(values).credentials]
    if str(wanted) not in known and (question := did_you_mean(str(wanted), known)):
        sys.stderr.write(f"⚠️  {wanted} has no credentials.{question}\n")
