"""`nija setup`: the wizard."""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from nija.cli.desk import DOTENV, DeskFault, open_desk, tell_fault

if TYPE_CHECKING:
    from nija.wizard.setup import Wizard

_BROKEN = 2


def register(app: typer.Typer) -> None:
    app.command("setup")(setup)


def setup(
    *,
    exchange: Annotated[str | None, typer.Option(help="kraken or coinbase.")] = None,
    owner: Annotated[str | None, typer.Option(help="master, or the user's name.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with the API key.")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="File with the secret.")] = None,
    remove: Annotated[str | None, typer.Option(metavar="ACCOUNT", help="Take an account out of .env.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing.")] = False,
) -> None:
    """Set an account up: where to get a key, whether it works, and into .env with it.

    Without a terminal, key and secret come from files or from two lines on standard input, never from the command line.
    Exit code: 0 done, 2 refused; then nothing was written.
    """
    from accounts.dotenv_file import DotenvError  # noqa: PLC0415  heavy: only where this command runs
    from accounts.settings import SettingsError  # noqa: PLC0415
    from nija.wizard.candidate import Refused  # noqa: PLC0415

    try:
        if remove is not None:
            _remove(remove, yes=yes)
        else:
            _set_up(exchange, owner, key_file, secret_file)
    except (DeskFault, DotenvError, SettingsError, Refused, ValueError) as error:
        tell_fault(error)
        raise typer.Exit(_BROKEN) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("\nNothing was written.\n")
        raise typer.Exit(_BROKEN) from error


def _set_up(exchange: str | None, owner: str | None, key_file: Path | None, secret_file: Path | None) -> None:
    from brokers.exchanges import exchange_named  # noqa: PLC0415
    from nija.wizard.dialogue import owner_name  # noqa: PLC0415
    from nija.wizard.setup import Wanted  # noqa: PLC0415

    wanted = Wanted(
        exchange=exchange_named(exchange) if exchange is not None else None,
        owner=owner_name(owner) if owner is not None else None,
        key_file=key_file,
        secret_file=secret_file,
    )
    _wizard().set_up(wanted)


def _remove(account: str, *, yes: bool) -> None:
    from accounts.identity import AccountId  # noqa: PLC0415

    found = AccountId.parse(account)
    if not yes and not typer.confirm(f"Take the credentials of {found} out of .env?"):
        raise ValueError("nothing was removed")
    _wizard().remove(found)


def _wizard() -> Wizard:
    from brokers.clock import SystemClock  # noqa: PLC0415
    from nija.status.render import console_for  # noqa: PLC0415
    from nija.wizard.dialogue import Dialogue  # noqa: PLC0415
    from nija.wizard.setup import Wizard, Workplace  # noqa: PLC0415

    desk = open_desk()
    console = console_for()
    place = Workplace(DOTENV, desk.environment.values, os.environ, desk.settings, SystemClock())
    return Wizard(place, console, Dialogue(console) if sys.stdin.isatty() else None)
