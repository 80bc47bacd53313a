"""`nija reload`: let the running daemon take up what changed in `.env` and nija.toml."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.control.client import ask
from nija.control.reload import ReloadReport
from nija.control.wire import ControlError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OUTSIDE = (
    "   Variables that are set outside .env (Railway, Render, Docker, your shell) are read at the start only: "
    "after a change there, redeploy or restart NIJA"
)


def reload() -> None:
    """Take up what changed in .env and nija.toml now. NIJA also looks for itself, every two seconds.

    Exit code: 0 everything is in force, 1 something takes effect at the next start, 2 refused or NIJA is not running.
    """
    try:
        report = _asked(read_context().settings.data_dir)
    except (SetupFault, ControlError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    sys.stdout.write("".join(f"{line}\n" for line in _lines(report)))
    if report.refused:
        raise typer.Exit(FAILED)
    raise typer.Exit(1 if report.restart else 0)


def _asked(data_dir: Path) -> ReloadReport:
    """Raises ControlError."""
    answer = ask(data_dir, "reload")
    if answer is None:
        raise ControlError("NIJA is not running: ./start.sh starts it with the settings as they are now")
    try:
        return ReloadReport.from_json(answer)
    except ValueError as error:
        raise ControlError("the running NIJA has another version: restart it after an update") from error


def _lines(report: ReloadReport) -> Iterator[str]:
    if report.refused:
        yield "❌ Refused: the former settings stay in force"
        yield from (f"   {text}" for text in report.refused)
        return
    yield from (f"✅ {note.account}: {note.text}" for note in report.accounts)
    yield from (f"✅ {text}" for text in report.others)
    if not report.accounts and not report.others:
        yield "✅ Nothing that can change while NIJA runs has changed"
    yield from (f"⚠️  {text}" for text in (*report.restart, *report.overridden))
    yield _OUTSIDE
