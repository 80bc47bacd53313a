"""`nija stop-trading`, `nija flatten`, `nija resume`: the kill switch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nija.cli.desk import DeskFault, open_desk, tell_fault
from nija.control.client import ask
from nija.control.wire import ControlError, Unanswered

if TYPE_CHECKING:
    from pathlib import Path

    from accounts.identity import AccountId
    from nija.cli.desk import Desk
    from nija.control.switches import Switch, Switched

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


def _turn(command: str, account: str | None) -> None:
    from accounts.settings import SettingsError  # noqa: PLC0415  heavy: only where this command runs
    from nija.control.switches import Switch  # noqa: PLC0415
    from nija.journal.errors import JournalError  # noqa: PLC0415

    try:
        desk = open_desk()
        switched, daemon = _switched(desk, Switch(command), account)
    except (DeskFault, ControlError, JournalError, SettingsError, ValueError) as error:
        tell_fault(error)
        raise typer.Exit(_BROKEN) from error
    for line in _lines(Switch(command), switched, is_running=daemon):
        sys.stdout.write(line + "\n")


def _switched(desk: Desk, switch: Switch, account: str | None) -> tuple[tuple[Switched, ...], bool]:
    """What was switched, and whether a daemon runs.

    A daemon that does not answer is stopped all the same: its traders read the journals every cycle.
    """
    from nija.control.switches import read_switched  # noqa: PLC0415

    try:
        answer = ask(desk.settings.data_dir, switch.value, account=account)
    except Unanswered as silence:
        tell_fault(silence)
        return _directly(desk, switch, account), True
    if answer is not None:
        return read_switched(answer), True
    return _directly(desk, switch, account), False


def _directly(desk: Desk, switch: Switch, account: str | None) -> tuple[Switched, ...]:
    from brokers.clock import SystemClock  # noqa: PLC0415
    from nija.control.journals import opened_journals  # noqa: PLC0415
    from nija.control.switches import read_switched, switch_handlers  # noqa: PLC0415

    clock = SystemClock()
    with opened_journals(desk.settings, clock) as journals:
        turn = switch_handlers(journals, lambda: _known_accounts(desk), clock)[switch.value]
        return read_switched(turn({"account": account}))


def _known_accounts(desk: Desk) -> tuple[AccountId, ...]:
    """Those with credentials, and those that have a journal from earlier."""
    from accounts.credentials import discover  # noqa: PLC0415

    configured = [found.account for found in discover(desk.environment.values).credentials]
    return tuple(dict.fromkeys([*configured, *_journaled(desk.settings.data_dir / "journal")]))


def _journaled(folder: Path) -> list[AccountId]:
    from accounts.identity import AccountId  # noqa: PLC0415

    return [AccountId.parse(file.stem.replace("-", ":", 1)) for file in sorted(folder.glob("*-*.sqlite3"))]


def _lines(switch: Switch, switched: tuple[Switched, ...], *, is_running: bool) -> list[str]:
    if not switched:
        return ["There is no account: nothing was done"]
    lines = [f"✅ {one.account}: {_became(switch, changed=one.changed)}" for one in switched]
    if not is_running:
        lines.append("   NIJA is not running: it will hold to this from its next start on (./start.sh)")
        if switch.value == "flatten":
            lines.append("   Nothing is sold before that; stops that rest on the exchange stay there")
    return lines


def _became(switch: Switch, *, changed: bool) -> str:
    done, already = {
        "stop_trading": ("trading is stopped; exits and stops go on (nija resume ends it)", "was stopped already"),
        "flatten": ("its positions are being sold, and trading is stopped (see nija status)", "is being sold already"),
        "resume": ("trades again", "was not stopped"),
    }[switch.value]
    return done if changed else already
