"""`nija performance`: what each account earned, by market and month, against buy and hold."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  read at run time by typer
from typing import TYPE_CHECKING, Annotated

import typer

from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.own_journals import JournalReadings, exit_code, known_prices, notes, plain_faults, read_journals
from nija.cli.performance_text import account_parts, everything
from nija.cli.table import print_all
from nija.journal.errors import JournalError
from nija.performance.account import account_performance
from nija.performance.page import performance_page
from nija.performance.plain import plain_performance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from nija.performance.account import AccountPerformance


def performance(
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="For example kraken:master; default: all.")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page to look at or to send.")
    ] = None,
) -> None:
    """Show earnings, fees, returns and drawdowns of NIJA's trades, by market and month, against buy and hold.

    Works beside a running NIJA and without one.
    Exit code: 0 all journals were read, 1 some could not be read, 2 nothing can be shown.
    """
    try:
        readings = read_journals(read_context(), account, account_performance)
        found = _priced(readings)
        if html is not None:
            _write(html, performance_page(found, tuple(notes(readings)), datetime.now(UTC)))
    except (SetupFault, JournalError, OSError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    if as_json:
        plain = {
            "mode": readings.mode.value,
            "accounts": [plain_performance(one) for one in found],
            "faults": plain_faults(readings),
        }
        sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=1) + "\n")
    elif html is None:
        print_all(_text(found, readings))
    raise typer.Exit(exit_code(readings))


def _priced(readings: JournalReadings[AccountPerformance]) -> tuple[AccountPerformance, ...]:
    """With the running daemon's prices, which are newer than the journal's."""
    now = datetime.now(UTC)
    return tuple(one.priced(known_prices(readings.report, one.account), now) for one in readings.found)


def _write(file: Path, page: str) -> None:
    """Only its owner may read it. Raises OSError."""
    file.touch(mode=0o600)
    file.write_text(page, encoding="utf-8")
    sys.stderr.write(f"✅ Written to {file}\n")


def _text(
    found: tuple[AccountPerformance, ...], readings: JournalReadings[AccountPerformance]
) -> Iterator[RenderableType | str]:
    yield from notes(readings)
    for one in found:
        yield from account_parts(one)
    yield from everything(found)
