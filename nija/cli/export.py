"""`nija export tax`: NIJA's fills of one year as files for tax programs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brokers.figures import money, signed_money
from brokers.model import ZERO
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.own_journals import exit_code, notes, read_journals
from nija.journal.errors import JournalError
from nija.performance.lots import LotMethod
from nija.performance.tax_files import TaxYear, tax_files, tax_year
from nija.performance.trades import fee_value, quote_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_YEAR, _LAST_YEAR = 2009, 9998
_ABOUT = """NIJA's fills of {account} in {year} (1 January to 31 December, UTC).

They are NIJA's fills alone: what you bought, sold, deposited or withdrew yourself is not in them, and a tax program
needs that too. If it reads your exchange account directly, do not import these files as well: everything would count
twice.

fills.csv              every fill of the year
disposals-{method}.csv     each sold coin with the purchase it came from ({METHOD}), cost and gain. The purchases of
                       earlier years count; coins that you bought beside NIJA do not. A row "written off" is coins
                       that left NIJA's hands without a sale, because you took them or they were too little to sell.
rotki.csv              import as "Custom": rotki generic trades
koinly.csv             import from a file: the universal format
cointracking.csv       "CSV import": set your account's time zone to UTC first

Cost and proceeds contain the fees in the currency of the market; fees in the coin make the amount smaller. This is a
computation, not tax advice.
"""

export = typer.Typer(
    name="export", help="Write NIJA's trades as files for tax programs.", no_args_is_help=True, add_completion=False
)


@export.callback()
def options() -> None:
    """Write NIJA's trades as files for other programs."""


@export.command()
def tax(
    account: Annotated[
        str | None, typer.Argument(metavar="ACCOUNT", help="For example kraken:master; default: all.")
    ] = None,
    *,
    year: Annotated[int, typer.Option("--year", min=_FIRST_YEAR, max=_LAST_YEAR, help="The year (UTC).")],
    method: Annotated[
        LotMethod, typer.Option("--method", help="Which purchase is sold first: the oldest, newest or dearest.")
    ] = LotMethod.FIFO,
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="Where to write; default: nija-tax-YEAR.")
    ] = None,
) -> None:
    """Write all fills of a year, and each sale with the purchase it came from, one folder for each account.

    The files are for rotki, Koinly and CoinTracking, and for a spreadsheet. They are NIJA's fills alone.
    Exit code: 0 all journals were read, 1 some could not be read, 2 nothing was written.
    """
    target = folder or Path(f"nija-tax-{year}")
    try:
        readings = read_journals(read_context(), account, lambda journal: tax_year(journal, year, method))
        written = [(one, _write(one, target / one.account.slug)) for one in readings.found]
    except (SetupFault, JournalError, OSError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    for note in notes(readings):
        sys.stdout.write(f"{note}\n")
    for known, place in written:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(known, place)))
    if written:
        sys.stdout.write("   NIJA's fills alone: your own trades, deposits and withdrawals are not in these files.\n")
    if year == datetime.now(UTC).year:
        sys.stdout.write(f"   {year} is not over: export it again in January.\n")
    raise typer.Exit(exit_code(readings))


def _write(known: TaxYear, folder: Path) -> Path:
    """Only its owner may read the files. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    method = known.method.value
    about = _ABOUT.format(account=known.account, year=known.year, method=method, METHOD=method.upper())
    for name, text in {**tax_files(known), "README.txt": about}.items():
        file = folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
    return folder


def _lines(known: TaxYear, place: Path) -> Iterator[str]:
    if not known.fills:
        yield f"✅ {known.account}: no fills in {known.year}; the files in {place} have only their first lines"
        return
    count = len(known.fills)
    yield f"✅ {known.account}: {count} {'fill' if count == 1 else 'fills'} of {known.year}, in {place}"
    for currency in sorted({quote_of(fill.market) for fill in known.fills}):
        gains = [one.gain for one in known.disposals if quote_of(one.market) == currency and one.proceeds is not None]
        gain = sum((one for one in gains if one is not None), ZERO)
        fees = sum((fee_value(fill) for fill in known.fills if quote_of(fill.market) == currency), ZERO)
        yield (
            f"   sold at a gain of {signed_money(gain, currency)} ({known.method.value.upper()}), "
            f"fees of the year {money(fees, currency)}"
        )
        if None in gains:
            yield "   ⚠️  the purchase of some of these coins is not in the journal: their gain is unknown"
