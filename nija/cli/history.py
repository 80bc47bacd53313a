"""`nija history`: the trades that NIJA has closed and those under way, from its journals."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.history_text import AccountTrades, account_parts, everything
from nija.cli.own_journals import JournalReadings, exit_code, known_prices, notes, plain_faults, read_journals
from nija.cli.table import print_all
from nija.journal.errors import JournalError
from nija.performance.plain import CLOSED_FIELDS, plain_closed, plain_open
from nija.performance.selection import Selection
from nija.performance.trades import closed_trades, open_trades

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from nija.journal.journal import Journal
    from nija.status.report import StatusReport

_DAY = ["%Y-%m-%d"]


def history(
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="For example kraken:master; default: all.")
    ] = None,
    *,
    since: Annotated[
        datetime | None, typer.Option("--from", formats=_DAY, metavar="DATE", help="First day (UTC).")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, metavar="DATE", help="Last day (UTC), included.")
    ] = None,
    market: Annotated[str | None, typer.Option("--market", help="For example BTC/USD.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the closed trades as CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show what NIJA's trades earned, after all fees. Your own trades are not among them.

    Works beside a running NIJA and without one.
    Exit code: 0 all journals were read, 1 some could not be read, 2 nothing can be shown.
    """
    selection = Selection(since and since.date(), until and until.date(), market and market.upper())
    try:
        readings = read_journals(read_context(), account, lambda journal: _read(journal, selection))
    except (SetupFault, JournalError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    found = tuple(_priced(one, readings.report) for one in readings.found)
    if as_json:
        _print_json(found, readings)
    elif as_csv:
        _print_csv(found, readings)
    else:
        print_all(_text(found, readings))
    raise typer.Exit(exit_code(readings))


def _read(journal: Journal, selection: Selection) -> AccountTrades:
    return AccountTrades(
        journal.account,
        tuple(filter(selection.has, closed_trades(journal))),
        tuple(filter(selection.has, open_trades(journal))),
    )


def _priced(known: AccountTrades, report: StatusReport | None) -> AccountTrades:
    """With the running daemon's prices, which are newer than the journal's."""
    prices, now = known_prices(report, known.account), datetime.now(UTC)
    newer = tuple(one.at(prices[one.market], now) if one.market in prices else one for one in known.open)
    return AccountTrades(known.account, known.closed, newer)


def _text(found: Iterable[AccountTrades], readings: JournalReadings[AccountTrades]) -> Iterator[RenderableType]:
    found = tuple(found)
    yield from notes(readings)
    for one in found:
        yield from account_parts(one)
    yield from everything(found)


def _print_json(found: Iterable[AccountTrades], readings: JournalReadings[AccountTrades]) -> None:
    known = tuple(found)
    plain = {
        "mode": readings.mode.value,
        "trades": [plain_closed(trade) for one in known for trade in one.closed],
        "open": [plain_open(trade) for one in known for trade in one.open],
        "faults": plain_faults(readings),
    }
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, indent=1) + "\n")


def _print_csv(found: Iterable[AccountTrades], readings: JournalReadings[AccountTrades]) -> None:
    """What is not a row goes to standard error."""
    sys.stderr.write("".join(f"{note}\n" for note in notes(readings)))
    writer = csv.DictWriter(sys.stdout, CLOSED_FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain_closed(trade) for one in found for trade in one.closed)
