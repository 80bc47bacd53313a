"""`nija doctor`: what is wrong, and how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from accounts.dotenv_file import DotenvError, load_environment
from nija.cli.desk import DOTENV, lend_to_libraries, tell_fault


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    account: Annotated[str | None, typer.Argument(help="Such as kraken:master; without it, all of them.")] = None,
    exchange: Annotated[str | None, typer.Option(help="kraken or coinbase: its accounts only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002  typer's form
) -> None:
    """Check everything in the order in which it can fail. Places no order.

    Exit code: 0 all is fine, 1 there are warnings, 2 something is broken.
    """
    from accounts.identity import AccountId  # noqa: PLC0415  heavy: only where this command runs
    from brokers.clock import SystemClock  # noqa: PLC0415
    from brokers.exchanges import exchange_named  # noqa: PLC0415
    from nija.doctor.examination import ExaminationScope, examine  # noqa: PLC0415
    from nija.doctor.render import lines  # noqa: PLC0415

    try:
        wanted = AccountId.parse(account) if account is not None else None
        at = exchange_named(exchange) if exchange is not None else None
    except ValueError as error:
        tell_fault(error)
        raise typer.Exit(2) from error
    # What cannot be read is a finding of its own.
    with suppress(DotenvError):
        lend_to_libraries(load_environment(os.environ, DOTENV).values)
    scope = ExaminationScope(os.environ, Path(), SystemClock(), wanted, at)
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
