"""`nija web password`: the hash for NIJA_WEB_PASSWORD_HASH."""

from __future__ import annotations

import getpass
import sys

import typer

from nija.cli.context import FAILED, print_fault
from nija.web.password import LEAST_CHARACTERS, PasswordUnusable, hash_password

web = typer.Typer(help="The web page.", no_args_is_help=True)


@web.callback()
def options() -> None:
    """The web page."""


@web.command()
def password() -> None:
    """Choose the page's password; prints the line for .env. The password itself is kept nowhere.

    Asks for it twice, or reads one line from a pipe.
    """
    try:
        hashed = hash_password(_read_password())
    except (PasswordUnusable, EOFError) as error:
        print_fault(error if str(error) else PasswordUnusable("there was no password to read"))
        raise typer.Exit(FAILED) from error
    sys.stderr.write(
        "Put this line into .env (on Railway or Render: a variable, with the value without its quotes), then restart "
        "NIJA:\n"
    )
    sys.stdout.write(f"NIJA_WEB_PASSWORD_HASH='{hashed}'\n")


def _read_password() -> str:
    """Raises PasswordUnusable, EOFError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password for the web page (at least {LEAST_CHARACTERS} characters; it stays hidden): ")
    if getpass.getpass("The same again: ") != first:
        raise PasswordUnusable("the two passwords differ: nothing was changed")
    return first
