"""`nija setup`: the wizard."""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import Annotated

import typer

from accounts.dotenv_file import DotenvError
from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from brokers.clock import SystemClock
from brokers.exchanges import exchange_named, exchanges
from nija.cli.command_log import command_log
from nija.cli.context import DOTENV, FAILED, CliContext, SetupFault, print_fault, read_context
from nija.status.render import console_for
from nija.wizard.candidate import SetupRefused
from nija.wizard.dialogue import Dialogue
from nija.wizard.owner_names import owner_name
from nija.wizard.setup import SetupContext, SetupOptions, Wizard


def setup(
    *,
    exchange: Annotated[str | None, typer.Option(help=f"{' or '.join(exchanges())}.")] = None,
    owner: Annotated[str | None, typer.Option(help="master, or a user's name.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="File that holds the API key.")] = None,
    secret_file: Annotated[Path | None, typer.Option(help="File that holds the secret.")] = None,
    remove: Annotated[str | None, typer.Option(metavar="ACCOUNT", help="Remove an account from .env.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove, or replace a key that works, without asking.")] = False,
) -> None:
    """Add an account: get its key, test it, save it in .env.

    Without a terminal, key and secret come from files or two lines on standard input, never from the command line.

    Exit code: 0 done, 2 refused, and nothing was written.
    """
    try:
        context = read_context()
        with command_log(context.environment.values):
            if remove is not None:
                _remove(context, remove, yes=yes)
            else:
                _wizard(context).set_up(_options(exchange, owner, key_file, secret_file, yes=yes))
    except (SetupFault, DotenvError, SettingsError, SetupRefused, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    except (KeyboardInterrupt, EOFError) as error:
        sys.stderr.write("\nNothing was written.\n")
        raise typer.Exit(FAILED) from error


def _options(
    exchange: str | None, owner: str | None, key_file: Path | None, secret_file: Path | None, *, yes: bool
) -> SetupOptions:
    """Raises ValueError."""
    return SetupOptions(
        exchange=exchange_named(exchange) if exchange is not None else None,
        owner=_owner(owner) if owner is not None else None,
        key_file=key_file,
        secret_file=secret_file,
        yes=yes,
    )


def _owner(text: str) -> str:
    """Raises ValueError."""
    name = owner_name(text)
    if not name:
        raise ValueError(f"--owner {text!r} is not a name: use Latin letters and digits, for example tania_gilbert")
    return name


def _remove(context: CliContext, account: str, *, yes: bool) -> None:
    """Raises ValueError, SetupRefused, DotenvError."""
    found = AccountId.parse(account)
    wizard = _wizard(context)
    wizard.check_removal(found)
    if not yes and not typer.confirm(f"Remove the credentials of {found} from .env?"):
        raise ValueError("nothing was removed")
    wizard.remove(found)


def _wizard(context: CliContext) -> Wizard:
    console = console_for()
    where = SetupContext(DOTENV, context.environment.values, os.environ, context.settings, SystemClock())
    return Wizard(where, console, Dialogue(console) if sys.stdin.isatty() else None)
