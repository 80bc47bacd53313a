"""`nija candles`: past candles for backtests, downloaded, imported and listed."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from accounts.suggest import did_you_mean
from brokers.candle_files import CandleError
from brokers.clock import SystemClock
from brokers.description import AccessSettings
from brokers.errors import BrokerError
from brokers.exchanges import described, exchange_named
from brokers.model import Timeframe  # noqa: TC001  typer reads the annotations
from nija.candles.download import WantedCandles
from nija.candles.download import download as download_pages
from nija.candles.files import find_candle_files, read_candle_file
from nija.candles.store import CandleStore, origin
from nija.cli.candles_text import imported_line, left_out_line, not_offered_line, span_parts, stored_line
from nija.cli.command_log import command_log
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.table import print_all
from nija.status.render import console_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brokers.base import CandleHistory
    from brokers.description import ExchangeDescription
    from nija.candles.files import CandleFile
    from nija.cli.context import CliContext

_DAY = ["%Y-%m-%d"]
_SOME_MISSING = 1
_INTERRUPTED = 130

candles = typer.Typer(name="candles", help="Past candles, for backtests.", no_args_is_help=True, add_completion=False)


@candles.callback()
def options() -> None:
    """Past candles for backtests. The daemon stores those it sees; these commands add older ones."""


@candles.command("download")
def download(
    markets: Annotated[list[str], typer.Argument(metavar="MARKET...", help="For example BTC/USD ETH/USD.")],
    *,
    exchange: Annotated[str, typer.Option("--exchange", help="kraken or coinbase.")],
    timeframe: Annotated[Timeframe, typer.Option("--timeframe", help="The length of a candle.")],
    since: Annotated[datetime, typer.Option("--from", formats=_DAY, metavar="DATE", help="First day (UTC).")],
    until: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, metavar="DATE", help="Last day (UTC), included.")
    ] = None,
) -> None:
    """Download candles from the exchange's public API into the store. No key is needed.

    Stopped in the middle, it goes on where it was when you run it again.
    Exit code: 0 everything asked for is stored, 1 the exchange does not offer all of it, 2 it failed.
    """
    try:
        context = read_context()
        description = described(exchange_named(exchange))
        begin, end = _bounds(since, until)
        wanted = [WantedCandles(market.upper(), timeframe, begin, end) for market in dict.fromkeys(markets)]
        with command_log(context.environment.values):
            is_complete = _download_all(context, description, wanted)
    except KeyboardInterrupt as stopped:
        sys.stderr.write("Stopped. What was downloaded is stored; the same command goes on from there.\n")
        raise typer.Exit(_INTERRUPTED) from stopped
    except (SetupFault, CandleError, BrokerError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    raise typer.Exit(0 if is_complete else _SOME_MISSING)


@candles.command("import")
def import_files(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files, folders or zips of candles.")],
    *,
    markets: Annotated[list[str] | None, typer.Option("--market", help="Only this market; may be repeated.")] = None,
    timeframes: Annotated[
        list[Timeframe] | None, typer.Option("--timeframe", help="Only this timeframe; may be repeated.")
    ] = None,
) -> None:
    """Read candle files into the store: NIJA's CSV files, and those of Kraken's archive, in their zip or out of it.

    A file with a fault is not stored, and the others are. Exit code: 0 all are stored, 1 some are not, 2 none is.
    """
    try:
        store = CandleStore(read_context().settings.candle_store)
        found = [find_candle_files(path) for path in paths]
    except (SetupFault, CandleError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    wanted = {market.upper() for market in markets or ()}
    files = [
        file
        for one in found
        for file in one.files
        if (not wanted or file.market in wanted) and (not timeframes or file.timeframe in timeframes)
    ]
    with store:
        stored = _import(store, files)
    unknown = [text for one in found for text in one.unknown]
    if unknown:
        sys.stdout.write(f"{left_out_line(unknown)}\n")
    if not files:
        print_fault(CandleError("none of these files is of that market and timeframe"))
    known = {file.market for one in found for file in one.files}
    absent = sorted(wanted - {file.market for file in files})
    for market in absent:
        print_fault(CandleError(f"--market {market}: no file of it.{did_you_mean(market, known)}"))
    raise typer.Exit(FAILED if not stored else _SOME_MISSING if stored < len(files) or absent else 0)


@candles.command("list")
def list_stored() -> None:
    """Show what the store holds, and where candles are missing in it."""
    try:
        with CandleStore(read_context().settings.candle_store) as store:
            spans = [(span, store.gaps(span)) for span in store.spans()]
            print_all(span_parts(store.path, spans))
    except (SetupFault, CandleError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error


def _bounds(since: datetime, until: datetime | None) -> tuple[int, int]:
    """Unix seconds. Raises ValueError."""
    now = datetime.now(UTC)
    begin = since.replace(tzinfo=UTC)
    end = now if until is None else min(now, until.replace(tzinfo=UTC) + timedelta(days=1))
    if begin >= end:
        raise ValueError(f"--from {begin:%Y-%m-%d} must lie before now and before --to")
    return int(begin.timestamp()), int(end.timestamp())


def _download_all(context: CliContext, description: ExchangeDescription, wanted: list[WantedCandles]) -> bool:
    """Whether the exchange offers everything. Raises BrokerError, CandleError."""
    if description.open_history is None:
        raise CandleError(f"NIJA cannot download candles of {description.short_name}: nija candles import reads files")
    process, clock = context.settings, SystemClock()
    address = process.addresses[description.exchange]
    named = origin(description.exchange, address)
    settings = AccessSettings(address=address, clock=clock, nonce_dir=process.data_dir / "nonces")
    with closing(description.open_history(settings)) as history, CandleStore(process.candle_store) as store:
        listed = history.markets()
        for one in wanted:
            if one.market not in listed:
                hint = did_you_mean(one.market, listed)
                raise CandleError(f"{description.short_name} has no market {one.market}.{hint}")
        store.add_markets(named, listed.values(), int(clock.time()))
        are_complete = [_download(description, history, store, named, one) for one in wanted]
    return all(are_complete)


def _download(
    description: ExchangeDescription, history: CandleHistory, store: CandleStore, named: str, wanted: WantedCandles
) -> bool:
    with _progress() as bar:
        task = bar.add_task(f"{wanted.market} {wanted.timeframe}", total=None)
        for at in download_pages(history, store, named, wanted):
            bar.update(task, total=wanted.until - at.begin, completed=at.reached - at.begin)
        bar.update(task, completed=wanted.until - at.begin)
    sys.stdout.write(f"{stored_line(named, wanted, at)}\n")
    if at.offered > at.begin:
        sys.stdout.write(f"{not_offered_line(description, wanted, at)}\n")
    return at.offered == at.begin


def _progress() -> Progress:
    """On a terminal only."""
    console = console_for(sys.stderr)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def _import(store: CandleStore, files: Sequence[CandleFile]) -> int:
    """How many of them are stored now."""
    stored = 0
    with _progress() as bar:
        for file in bar.track(files, description="Importing"):
            try:
                read = read_candle_file(file)
                store.add(file.exchange, read)
            except CandleError as error:
                print_fault(error)
                continue
            stored += 1
            sys.stdout.write(f"{imported_line(file, read)}\n")
    return stored
