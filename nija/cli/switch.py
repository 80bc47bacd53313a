"""`nija stop-trading`, `nija flatten`, `nija resume`: the kill switch."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from nija.cli.desk import DeskFault, open_desk, tell_fault
from nija.control.client import ask
from nija.control.wire import ControlError, Unanswered

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.identity import AccountId
    from nija.cli.desk import Desk
    from nija.trader.commands import Command, CommandResult

_BROKEN = 2

Account = Annotated[str | None, typer.Argument(help="Such as kraken:master.")]
Everyone = Annotated[bool, typer.Option("--all", help="Every account.")]


def register(app: typer.Typer) -> None:
    app.command("stop-trading")(stop_trading)
    app.command("flatten")(flatten)
    app.command("resume")(resume)


def stop_trading(account: Account = None, everyone: Everyone = False) -> None:  # noqa: FBT002  typer's form
    """Open nothing new, until nija resume; exits and stops go on. Without an account: all of them."""
    _turn("stop_trading", _named(account, everyone=everyone, default_all=True))


def flatten(
    account: Account = None,
    everyone: Everyone = False,  # noqa: FBT002  typer's form
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, for scripts.")] = False,  # noqa: FBT002
) -> None:
    """Cancel NIJA's orders, sell NIJA's positions at market, and open nothing new until nija resume.

    Coins that NIJA did not buy are never sold.
    """
    wanted = _named(account, everyone=everyone, default_all=False)
    if not yes and not _confirmed(wanted):
        tell_fault(ValueError("nothing was done"))
        raise typer.Exit(_BROKEN)
    _turn("flatten", wanted)


def resume(account: Account = None, everyone: Everyone = False) -> None:  # noqa: FBT002  typer's form
    """Trade again after stop-trading, flatten, or a loss limit. Without an account: all of them."""
    _turn("resume", _named(account, everyone=everyone, default_all=True))


def _named(account: str | None, *, everyone: bool, default_all: bool) -> str | None:
    """The account that is meant, None for all."""
    if account is not None and everyone:
        tell_fault(ValueError("name one account, or --all, not both"))
        raise typer.Exit(_BROKEN)
    if account is None and not everyone and not default_all:
        tell_fault(ValueError("name the account, such as kraken:master, or --all"))
        raise typer.Exit(_BROKEN)
    return account


def _confirmed(wanted: str | None) -> bool:
    if not sys.stdin.isatty():
        tell_fault(ValueError("this sells: without a terminal, confirm with --yes"))
        return False
    return typer.confirm(f"Sell all positions that NIJA opened on {wanted or 'ALL accounts'}, at market, now?")


def _turn(name: str, account: str | None) -> None:
    from accounts.settings import SettingsError  # noqa: PLC0415  heavy: only where this command runs
    from nija.journal.errors import JournalError  # noqa: PLC0415
    from nija.trader.commands import Became, Command  # noqa: PLC0415

    command = Command(name)
    try:
        desk = open_desk()
        results, is_running = _given(desk, command, account)
    except (DeskFault, ControlError, JournalError, SettingsError, ValueError) as error:
        tell_fault(error)
        raise typer.Exit(_BROKEN) from error
    for line in _lines(command, results, is_running=is_running):
        sys.stdout.write(line + "\n")
    if any(result.became is Became.FAILED for result in results):
        raise typer.Exit(_BROKEN)


def _given(desk: Desk, command: Command, account: str | None) -> tuple[tuple[CommandResult, ...], bool]:
    """What became of it, and whether a daemon runs.

    A daemon that does not answer is stopped all the same: its traders read the journals every cycle.
    """
    from nija.control.commands import read_results  # noqa: PLC0415

    try:
        answer = ask(desk.settings.data_dir, command.value, account=account)
    except Unanswered as silence:
        tell_fault(silence)
        return _written(desk, command, account, is_running=True), True
    if answer is not None:
        return read_results(answer), True
    return _written(desk, command, account, is_running=False), False


def _written(desk: Desk, command: Command, account: str | None, *, is_running: bool) -> tuple[CommandResult, ...]:
    """Write to the journals; beside a daemon no file is checked or moved, because it has them open."""
    from brokers.clock import SystemClock  # noqa: PLC0415
    from nija.control.commands import chosen, write_to_journals  # noqa: PLC0415
    from nija.control.journals import opened_journals  # noqa: PLC0415

    clock = SystemClock()
    with opened_journals(desk.settings, clock) as journals:
        accounts = chosen(account, _known_accounts(desk, journals.folder))
        return write_to_journals(command, journals.open_beside if is_running else journals.open, accounts, clock)


def _known_accounts(desk: Desk, folder: Path) -> tuple[AccountId, ...]:
    """Those that a daemon would trade, and those that have a journal from earlier."""
    from accounts.credentials import discover  # noqa: PLC0415
    from accounts.environment import RunMode  # noqa: PLC0415
    from nija.supervisor.paper import paper_accounts  # noqa: PLC0415

    discovery = discover(desk.environment.values)
    is_paper = desk.settings.mode is RunMode.PAPER
    traded = paper_accounts(discovery) if is_paper else tuple(found.account for found in discovery.credentials)
    return tuple(dict.fromkeys([*traded, *_journaled(folder)]))


def _journaled(folder: Path) -> list[AccountId]:
    """A file that no account is called by is somebody else's."""
    from accounts.identity import AccountId  # noqa: PLC0415

    accounts = []
    for file in sorted(folder.glob("*-*.sqlite3")):
        with suppress(ValueError):
            accounts.append(AccountId.parse(file.stem.replace("-", ":", 1)))
    return accounts


def _lines(command: Command, results: tuple[CommandResult, ...], *, is_running: bool) -> list[str]:
    if not results:
        return ["There is no account: nothing was done"]
    lines = [_line(command, result) for result in results]
    if not is_running:
        lines.append("   NIJA is not running: it will hold to this from its next start on (./start.sh)")
        if command.value == "flatten":
            lines.append("   Nothing is sold before that; stops that rest on the exchange stay there")
    return lines


def _line(command: Command, result: CommandResult) -> str:
    done, already = {
        "stop_trading": ("trading is stopped; exits and stops go on (nija resume ends it)", "was stopped already"),
        "flatten": ("its positions are being sold, and trading is stopped (see nija status)", "is being sold already"),
        "resume": ("trades again", "was not stopped"),
    }[command.value]
    return {
        "done": f"✅ {result.account}: {done}",
        "already": f"✅ {result.account}: {already}",
        "in_memory": f"⚠️  {result.account}: {done}, but only until NIJA ends, because {result.reason}",
        "queued": f"⏳ {result.account}: queued: {result.reason}",
        "failed": f"❌ {result.account}: nothing was done: {result.reason}",
    }[result.became.value]
