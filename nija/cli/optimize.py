"""`nija optimize`: many variants of a strategy on past candles, and how much of the best of them is luck."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path  # noqa: TC003  read at run time by typer
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.setting_faults import SettingsError
from brokers.candle_files import CandleError
from nija.analysis.analysis import Questions
from nija.backtest.assumptions import Assumptions
from nija.backtest.engine import BacktestError
from nija.cli.activity import activity
from nija.cli.backtest_accounts import AccountOptions
from nija.cli.backtest_candles import MIN_ORDER
from nija.cli.backtest_run import RunOptions, prepared_run
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.cli.optimize_search import Counter, shown_search
from nija.cli.optimize_text import report_parts
from nija.cli.option_values import OptionError, read_day, read_money
from nija.cli.table import print_all, terminal_width
from nija.optimize.compiled import why_not_compiled
from nija.optimize.errors import OptimizeError
from nija.optimize.folds import divide
from nija.optimize.grid import make_grid
from nija.optimize.looks import LookLog
from nija.optimize.plain import plain_report
from nija.optimize.ranges import RangesFile, count_variants, read_ranges, read_ranges_file
from nija.optimize.search import Interrupted
from nija.optimize.span import whole_days
from nija.optimize.store import VariantStore
from nija.optimize.study import Study, study_report
from nija.optimize.study_folder import study_folder, write_study
from nija.optimize.trial import Conditions, Pass
from nija.strategy.base import StrategyError

if TYPE_CHECKING:
    from decimal import Decimal

_STOPPED = 130
_MOST_VARIANTS = 5_000
# With fewer, compiling takes longer than it saves.
_WORTH_COMPILING = 100
_FAULTS = (
    SetupFault,
    SettingsError,
    StrategyError,
    OptionError,
    OptimizeError,
    CandleError,
    BacktestError,
    OSError,
)
_FOLDER, _STORE, _LOOKS, _COMPILED = "optimize", "variants.sqlite", "looks.jsonl", "numba"


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the command line says of the search itself."""

    ranges: dict[str, tuple[Decimal, ...]]
    folds: int
    test_days: int | None
    held_back: float
    is_rolling: bool
    is_plain: bool
    look: bool


@dataclass(frozen=True, slots=True)
class SearchOutput:
    """Where results are kept (None: in the data folder), how they are computed, and how they are shown."""

    folder: Path | None
    jobs: int
    as_json: bool
    counter: Counter


def optimize(  # noqa: PLR0913 - an option each
    markets: Annotated[
        list[str] | None, typer.Argument(metavar="[MARKET]...", help="Such as BTC/USD; default: those of nija.toml.")
    ] = None,
    *,
    ranges: Annotated[
        list[str] | None,
        typer.Option("--range", metavar="KEY=VALUES", help="Such as entry=10..40..5 or exit=5,10,20; one per key."),
    ] = None,
    ranges_file: Annotated[
        Path | None, typer.Option("--ranges", metavar="FILE", help="A TOML file with strategy and [ranges].")
    ] = None,
    strategy: Annotated[str | None, typer.Option(metavar="NAME", help="A strategy, or package.module:Class.")] = None,
    candles: Annotated[
        list[Path] | None,
        typer.Option("--candles", metavar="PATH", help="A file, folder or zip of candles; default: the stored ones."),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day, UTC.")] = None,
    timeframe: Annotated[str | None, typer.Option(metavar="TIME", help="1m 5m 15m 30m 1h 4h 1d")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any key of [strategy.*], [risk] or [trading]."),
    ] = None,
    exchange: Annotated[str | None, typer.Option(metavar="NAME", help="Whose fees and minimums.")] = None,
    cash: Annotated[str | None, typer.Option(metavar="MONEY", help="At the start; default: 1000.")] = None,
    fee: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Of a side; default: the exchange's highest.")
    ] = None,
    min_order: Annotated[
        str | None,
        typer.Option(MIN_ORDER, metavar="MONEY", help="The smallest order in markets where it is not known."),
    ] = None,
    folds: Annotated[int, typer.Option(min=1, max=50, help="How many walk-forward tests.")] = 4,
    test: Annotated[
        int | None, typer.Option("--test", metavar="DAYS", help="Of each test; default: half of all days together.")
    ] = None,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="Each training keeps its length; otherwise it grows.")
    ] = False,
    hold_back: Annotated[
        float, typer.Option("--hold-back", min=0, max=0.5, help="Share of the days kept out of everything.")
    ] = 0.2,
    look: Annotated[bool, typer.Option("--look", help="Show the days held back: out of sample once.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes; default: one for each core.")] = os.cpu_count() or 1,
    plain: Annotated[bool, typer.Option("--plain", help="Rank by the plain engine, not in compiled code.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Where results are kept; default: in the data folder."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help=f"Try more than {_MOST_VARIANTS} variants.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Try many variants of a strategy on past candles, and say how much of the best of them is luck.

    It names the middle of the widest plateau, not the best variant. Finished variants are kept: the same command goes
    on where it was stopped, and wider ranges compute only what is new. It places no orders and asks no exchange.
    Exit code: 0 the search ran, 2 it cannot run with these options, settings or candles, 130 stopped by Ctrl-C.
    """
    counter = Counter()
    try:
        file = RangesFile(None, {}) if ranges_file is None else read_ranges_file(ranges_file)
        account_options = AccountOptions(
            markets=tuple(markets or ()),
            exchange=exchange,
            strategy=strategy or file.strategy,
            timeframe=timeframe,
            settings=tuple(settings or ()),
            cash=() if cash is None else (cash,),
            fee=() if fee is None else (fee,),
        )
        run_options = RunOptions(
            candles=tuple(candles or ()),
            min_order=None if min_order is None else read_money(MIN_ORDER, min_order),
            since=None if since is None else read_day("--from", since),
            until=None if until is None else read_day("--to", until, is_end=True),
            assumptions=Assumptions(),
            split=None,
            variants=None,
            questions=Questions(),
        )
        tried = _counted(file.ranges | read_ranges(ranges or ()), yes=yes)
        options = SearchOptions(tried, folds, test, hold_back, rolling, plain, look)
        study, notes = _study(account_options, run_options, options)
        _search(study, notes, options, SearchOutput(folder, jobs, as_json, counter))
    except Interrupted as error:
        sys.stderr.write(
            f"Stopped. {counter.done} of {counter.whole} variants are done and kept: the same command goes on there.\n"
        )
        raise typer.Exit(_STOPPED) from error
    except _FAULTS as error:
        print_fault(SetupFault(tuple(str(error).splitlines())))
        raise typer.Exit(FAILED) from error


def _search(study: Study, notes: tuple[str, ...], options: SearchOptions, output: SearchOutput) -> None:
    data = read_context().settings.data_dir
    root = output.folder or data / _FOLDER
    with closing(VariantStore(root / _STORE)) as store:
        outcomes = shown_search(study, store, output.jobs, data / _COMPILED, output.counter)
    with activity() as tell:
        tell("Computing the figures that are shown")
        report = study_report(study, outcomes, LookLog(root / _LOOKS), look=options.look)
        written = write_study(study_folder(root, study), report, notes, datetime.now(UTC))
    if output.as_json:
        sys.stdout.write(json.dumps(plain_report(report, notes), ensure_ascii=False, indent=1) + "\n")
    else:
        print_all(report_parts(report, notes, terminal_width()))
    sys.stderr.write(f"✅ Written to {written[0].parent}\n")


def _counted(ranges: dict[str, tuple[Decimal, ...]], *, yes: bool) -> dict[str, tuple[Decimal, ...]]:
    """The ranges, unless they make too many variants. Raises OptimizeError."""
    count = count_variants(ranges)
    if count > _MOST_VARIANTS and not yes:
        lengths = " × ".join(f"{len(values)} of {key}" for key, values in ranges.items())
        raise OptimizeError(
            f"{count} variants ({lengths}) are more than {_MOST_VARIANTS}: widen the steps, or add --yes. The more are"
            " tried, the better the best of them looks by luck alone"
        )
    return ranges


def _study(
    account_options: AccountOptions, run_options: RunOptions, options: SearchOptions
) -> tuple[Study, tuple[str, ...]]:
    with activity() as tell:
        prepared = prepared_run(account_options, run_options, tell)
    (group,) = prepared.groups
    (account,) = group.accounts
    plan, histories = account.plan, tuple(group.histories.values())
    grid = make_grid(plan.strategy_name, plan.settings.parameters, options.ranges)
    warmup = max(variant.strategy.warmup for variant in grid.variants)
    division = divide(
        whole_days(histories, warmup, run_options.since, run_options.until),
        folds=options.folds,
        test_days=options.test_days,
        held_back=options.held_back,
        is_rolling=options.is_rolling,
    )
    if options.look and division.held_back is None:
        raise OptimizeError("--look shows the days held back, but --hold-back 0 keeps none")
    conditions = Conditions(account, histories, division.fitted)
    if options.is_plain or len(grid.variants) < _WORTH_COMPILING:
        return Study(grid, conditions, division, Pass.PLAIN), prepared.notes
    reason = why_not_compiled(conditions, grid.variants[0].strategy)
    how = Pass.PLAIN if reason else Pass.COMPILED
    notes = (*prepared.notes, f"ranked by the plain engine: {reason}") if reason else prepared.notes
    return Study(grid, conditions, division, how), notes
