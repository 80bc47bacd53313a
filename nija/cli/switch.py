"""`nija stop-trading`, `nija flatten`, `nija resume`: the kill switch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.credentials import discover
from accounts.environment import RunMode
from accounts.setting_faults import SettingsError
from brokers.clock import SystemClock
from nija.cli.command_log import command_log
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.control.client import ask
from nija.control.commands import chosen, read_results, write_to_journals
from nija.control.journals import journaled_accounts, opened_journals
from nija.control.result_lines import result_line
from nija.control.wire import ControlError, Unanswered
from nija.journal.errors import JournalError
from nija.supervisor.paper import paper_accounts
from nija.trader.commands import Command, CommandStatus, Instruction

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.identity import AccountId
    from nija.cli.context import CliContext
    from nija.trader.commands import CommandResult

Account = Annotated[str | None, typer.Argument(metavar="ACCOUNT", help="For example kraken:master.")]
Everyone = Annotated[bool, typer.Option("--all", help="All accounts.")]


def stop_trading(account: Account = None, *, everyone: Everyone = False) -> None:
    """Open nothing new until nija resume. Stops and exits go on. Without an account: all accounts."""
    turn(Instruction(Command.STOP_TRADING), _named(account, everyone=everyone, default_all=True))


def flatten(
    account: Account = None,
    *,
    everyone: Everyone = False,
    market: Annotated[
        str | None, typer.Option(metavar="BTC/USD", help="Sell the position in this market only, and go on trading.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Cancel NIJA's orders, sell NIJA's positions at market and open nothing new until nija resume.

    Coins that NIJA did not buy are never sold.
    """
    wanted = _named(account, everyone=everyone, default_all=False)
    instruction = Instruction(Command.FLATTEN) if market is None else Instruction(Command.CLOSE, market=market.upper())
    if not yes and not _confirmed(wanted, instruction.market):
        print_fault(ValueError("nothing was done"))
        raise typer.Exit(FAILED)
    turn(instruction, wanted)


def resume(account: Account = None, *, everyone: Everyone = False) -> None:
    """Trade again after stop-trading, flatten or a loss limit. Without an account: all accounts."""
    turn(Instruction(Command.RESUME), _named(account, everyone=everyone, default_all=True))


def _named(account: str | None, *, everyone: bool, default_all: bool) -> str | None:
    """The chosen account, None for all."""
    if account is not None and everyone:
        print_fault(ValueError("name one account or give --all, not both"))
        raise typer.Exit(FAILED)
    if account is None and not everyone and not default_all:
        print_fault(ValueError("name an account, for example kraken:master, or give --all"))
        raise typer.Exit(FAILED)
    return account


def _confirmed(wanted: str | None, market: str | None) -> bool:
    if not sys.stdin.isatty():
        print_fault(ValueError("this sells positions: without a terminal, confirm with --yes"))
        return False
    what = "all positions" if market is None else f"the positions in {market}"
    return typer.confirm(f"Sell {what} that NIJA opened on {wanted or 'ALL accounts'}, at market, now?")


def turn(instruction: Instruction, account: str | None) -> None:
    """Give a command to one account or to all, and print what came of it. Raises typer.Exit if that failed."""
    try:
        context = read_context()
        with command_log(context.environment.values):
            results, is_running = _given(context, instruction, account)
    except (SetupFault, ControlError, JournalError, SettingsError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    for line in _lines(instruction, results, is_running=is_running):
        sys.stdout.write(line + "\n")
    if any(result.became is CommandStatus.FAILED for result in results):
        raise typer.Exit(FAILED)


def _given(
    context: CliContext, instruction: Instruction, account: str | None
) -> tuple[tuple[CommandResult, ...], bool]:
    """The results, and whether a daemon runs.

    A daemon that does not answer obeys too: its traders read the journals every cycle.
    """
    try:
        answer = ask(context.settings.data_dir, instruction.command.value, account=account, market=instruction.market)
    except Unanswered as silence:
        print_fault(silence)
        return _written(context, instruction, account, is_running=True), True
    if answer is not None:
        return read_results(answer), True
    return _written(context, instruction, account, is_running=False), False


def _written(
    context: CliContext, instruction: Instruction, account: str | None, *, is_running: bool
) -> tuple[CommandResult, ...]:
    """Write to the journals. While a daemon has them open, no file is checked or moved."""
    clock = SystemClock()
    with opened_journals(context.settings, clock) as journals:
        accounts = chosen(account, _known_accounts(context, journals.folder))
        return write_to_journals(instruction, journals.open_beside if is_running else journals.open, accounts, clock)


def _known_accounts(context: CliContext, folder: Path) -> tuple[AccountId, ...]:
    """The accounts that a daemon would trade, and those with a journal from earlier."""
    discovery = discover(context.environment.values)
    is_paper = context.settings.mode is RunMode.PAPER
    traded = paper_accounts(discovery) if is_paper else tuple(found.account for found in discovery.credentials)
    return tuple(dict.fromkeys([*traded, *journaled_accounts(folder)]))


def _lines(instruction: Instruction, results: tuple[CommandResult, ...], *, is_running: bool) -> list[str]:
    if not results:
        return ["There are no accounts: nothing was done"]
    lines = [result_line(instruction, result) for result in results]
    if not is_running:
        lines.append("   NIJA is not running: this takes effect at its next start (./start.sh)")
        if instruction.command in (Command.FLATTEN, Command.CLOSE):
            lines.append("   Nothing is sold before that; stops that rest on the exchange stay there")
        if instruction.command is Command.RELEASE:
            lines.append("   Until then the stops stay at the exchange; NIJA needs the account's key to cancel them")
    return lines
