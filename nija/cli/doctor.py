"""`nija doctor`: what is wrong, and how to mend it."""

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
from brokers.exchanges import exchange_named
from nija.cli.command_log import command_log
from nija.cli.context import DOTENV, FAILED, print_fault
from nija.doctor.examination import ExaminationScope, examine
from nija.doctor.render import lines

if TYPE_CHECKING:
    from collections.abc import Mapping


def doctor(
    account: Annotated[str | None, typer.Argument(help="Such as kraken:master; without it, all of them.")] = None,
    exchange: Annotated[str | None, typer.Option(help="kraken or coinbase: its accounts only.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check everything in the order in which it can fail. Places no order.

    Exit code: 0 all is fine, 1 there are warnings, 2 something is broken.
    """
    try:
        wanted = AccountId.parse(account) if account is not None else None
        at = exchange_named(exchange) if exchange is not None else None
    except ValueError as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    values: Mapping[str, str] = os.environ
    # What cannot be read is a finding of its own.
    with suppress(DotenvError):
        values = load_environment(os.environ, DOTENV).values
    export_library_variables(values)
    if wanted is not None:
        _point_to_the_right_name(wanted, values)
    with command_log(values):
        _examine(ExaminationScope(os.environ, Path(), SystemClock(), wanted, at), as_json=as_json)


def _examine(scope: ExaminationScope, *, as_json: bool) -> None:
    if as_json:
        report = examine(scope)
        text = json.dumps(report.to_json(), ensure_ascii=False, indent=2)
    else:
        sys.stdout.write("Read-only check: no order is placed.\n\n")
        sys.stdout.flush()
        report = examine(scope)
        width = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else None
        text = "\n".join(lines(report, width))
    sys.stdout.write(text + "\n")
    raise typer.Exit(int(report.exit_code))


def _point_to_the_right_name(wanted: AccountId, values: Mapping[str, str]) -> None:
    known = [str(found.account) for found in discover(values).credentials]
    if str(wanted) not in known and (question := did_you_mean(str(wanted), known)):
        sys.stderr.write(f"⚠️  {wanted} has no credentials.{question}\n")
