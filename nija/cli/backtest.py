"""`nija backtest`: what the daemon's decisions would have earned on past candles."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  read at run time by typer
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.setting_faults import SettingsError
from brokers.candle_files import CandleError
from nija.analysis.analysis import Questions
from nija.analysis.plain import plain_report
from nija.analysis.trades_csv import trades_csv
from nija.backtest.assumptions import Assumptions
from nija.backtest.engine import BacktestError
from nija.cli.activity import activity
from nija.cli.backtest_accounts import AccountOptions
from nija.cli.backtest_candles import MIN_ORDER
from nija.cli.backtest_check import check_lines, checked
from nija.cli.backtest_run import RunOptions, outcome_of, prepared_run
from nija.cli.backtest_text import report_parts
from nija.cli.context import FAILED, SetupFault, print_fault
from nija.cli.option_values import OptionError, read_day, read_fraction, read_money
from nija.cli.table import print_all, terminal_width
from nija.strategy.base import StrategyError

if TYPE_CHECKING:
    from nija.cli.backtest_run import Outcome

# The exit code if --check found a fault.
_FAULTY = 1


@dataclass(frozen=True, slots=True)
class Output:
    as_json: bool
    csv: Path | None
    html: Path | None


def backtest(  # noqa: PLR0913 - an option each
    markets: Annotated[
        list[str] | None, typer.Argument(metavar="[MARKET]...", help="Such as BTC/USD; default: those of nija.toml.")
    ] = None,
    *,
    candles: Annotated[
        list[Path] | None,
        typer.Option("--candles", metavar="PATH", help="A file, folder or zip of candles; default: the stored ones."),
    ] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The first day, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day, UTC.")] = None,
    timeframe: Annotated[str | None, typer.Option(metavar="TIME", help="1m 5m 15m 30m 1h 4h 1d")] = None,
    strategy: Annotated[str | None, typer.Option(metavar="NAME", help="A strategy, or package.module:Class.")] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any key of an account in nija.toml."),
    ] = None,
    exchange: Annotated[str | None, typer.Option(metavar="NAME", help="Whose fees and minimums.")] = None,
    accounts: Annotated[bool, typer.Option("--accounts", help="Every account, with its own settings.")] = False,
    cash: Annotated[
        list[str] | None, typer.Option(metavar="[ACCOUNT=]MONEY", help="At the start; default: 1000.")
    ] = None,
    fee: Annotated[
        list[str] | None, typer.Option(metavar="[ACCOUNT=]SHARE", help="Of a side, such as 0.4%; default: the highest.")
    ] = None,
    slippage: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Of a side; default: 0.05% for BTC and ETH, else 0.1%.")
    ] = None,
    min_order: Annotated[
        str | None,
        typer.Option(MIN_ORDER, metavar="MONEY", help="The smallest order in markets where it is not known."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(metavar="DATE", help="Candles before it were looked at: report both sides apart.")
    ] = None,
    variants: Annotated[
        int | None,
        typer.Option(min=1, help="How many were tried, for the deflated Sharpe ratio; default: those of the strategy."),
    ] = None,
    runs: Annotated[int, typer.Option(min=0, max=100_000, help="Of random entries and of shuffled trades.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of all chance: the same seed, the same report.")] = 1,
    check: Annotated[
        bool, typer.Option("--check", help="Check instead that the strategy uses no candle before it has closed.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the trades as a table.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page to look at or to send.")] = None,
) -> None:
    """Show what NIJA's strategy, sizing, stops and limits would have earned on past candles, after all fees.

    Places no orders and asks no exchange. Without options it trades as nija.toml says, on the stored candles.
    Exit code: 0 the backtest ran, 1 --check found a fault, 2 it cannot run with these options, settings or candles.
    """
    account_options = AccountOptions(
        markets=tuple(markets or ()),
        exchange=exchange,
        strategy=strategy,
        timeframe=timeframe,
        settings=tuple(settings or ()),
        cash=tuple(cash or ()),
        fee=tuple(fee or ()),
        all_accounts=accounts,
    )
    try:
        run_options = RunOptions(
            candles=tuple(candles or ()),
            min_order=None if min_order is None else read_money(MIN_ORDER, min_order),
            since=None if since is None else read_day("--from", since),
            until=None if until is None else read_day("--to", until, is_end=True),
            assumptions=Assumptions(None if slippage is None else read_fraction("--slippage", slippage)),
            split=None if split is None else read_day("--split", split),
            variants=variants,
            questions=Questions(runs=runs, seed=seed),
        )
        code = _check(account_options, run_options) if check else 0
        if not check:
            _report(account_options, run_options, Output(as_json, csv, html))
    except (SetupFault, SettingsError, StrategyError, OptionError, CandleError, BacktestError, OSError) as error:
        print_fault(SetupFault(tuple(str(error).splitlines())))
        raise typer.Exit(FAILED) from error
    raise typer.Exit(code)


def _report(account_options: AccountOptions, options: RunOptions, output: Output) -> None:
    _check_files(output)
    with activity() as tell:
        outcome = outcome_of(prepared_run(account_options, options, tell), options, tell)
    if output.as_json:
        sys.stdout.write(json.dumps(plain_report(outcome.analyses, outcome.notes), ensure_ascii=False, indent=1) + "\n")
    else:
        print_all(report_parts(outcome.analyses, outcome.notes, terminal_width()))
    for file in _write_files(outcome, output):
        sys.stderr.write(f"✅ Written to {file}\n")


def _check_files(output: Output) -> None:
    """Before the work, as it may take minutes. Raises OptionError."""
    for option, file in (("--csv", output.csv), ("--html", output.html)):
        if file is None:
            continue
        if not file.parent.is_dir():
            raise OptionError(f"{option} {file}: there is no folder {file.parent}")
        if file.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
            raise OptionError(f"{option} {file}: it cannot be written: name another file")
    if output.csv is not None and output.csv == output.html:
        raise OptionError(f"--csv and --html name the same file, {output.csv}: name two")


def _check(account_options: AccountOptions, options: RunOptions) -> int:
    """The exit code."""
    with activity() as tell:
        groups = prepared_run(account_options, options, tell).groups
        seed = options.questions.seed
        findings = [one for group in groups for one in checked(group.accounts, group.histories, seed, tell)]
    for wanted, found in findings:
        sys.stdout.write("".join(f"{line}\n" for line in check_lines(wanted, found)))
    return _FAULTY if any(finding.is_fault for _, found in findings for finding in found) else 0


def _write_files(outcome: Outcome, output: Output) -> list[Path]:
    """Raises OSError."""
    written = []
    if output.csv is not None:
        trades = (trade for one in outcome.analyses for trade in one.result.trades)
        written.append(_written(output.csv, trades_csv(trades)))
    if output.html is not None:
        # Jinja2 takes a moment to load.
        from nija.analysis.page import backtest_page  # noqa: PLC0415

        written.append(_written(output.html, backtest_page(outcome.analyses, outcome.notes)))
    return written


def _written(file: Path, text: str) -> Path:
    """Only its owner may read it: it may tell what accounts hold."""
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file
