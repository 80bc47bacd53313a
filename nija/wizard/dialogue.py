"""The wizard's questions. Secrets are read without echo and never shown."""

from __future__ import annotations

import re
import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.prompt import Prompt

from accounts.identity import MASTER, AccountId
from brokers.exchanges import described, exchange_named, exchanges
from nija.wizard.candidate import KeyMaterial, SetupRefused, from_key_file, read_file

if TYPE_CHECKING:
    from rich.console import Console

    from brokers.model import Exchange

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


class Dialogue:
    """Asks a person at a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def exchange(self) -> Exchange:
        choices: list[str] = list(exchanges())
        answer = Prompt.ask("Which exchange?", choices=choices, default=choices[0], console=self._console)
        return exchange_named(answer)

    def owner(self) -> str:
        self._console.print("Whose account is it? Press Enter for your own (master), or type a user's name.")
        while True:
            answer = Prompt.ask("Owner", default=MASTER, console=self._console)
            name = owner_name(answer)
            if name:
                return name
            self._console.print("Use letters and digits, for example tania_gilbert.")

    def show_guide(self, account: AccountId) -> None:
        description = described(account.exchange)
        self._console.print(f"\nHow to get the key at {description.short_name}:")
        for number, step in enumerate(description.key_guide.steps, start=1):
            self._console.print(f"  {number}. {step}")
        for permission in description.permissions.needed:
            self._console.print(f"     ✅ {permission.label}")
        for permission in description.permissions.unwanted:
            self._console.print(f"     ❌ {permission.label} (leave it off)")
        self._console.print("\nWhat you type or paste next is not shown.")

    def material(self, account: AccountId) -> KeyMaterial:
        """Raises SetupRefused if the user names a file that cannot be read."""
        guide = described(account.exchange).key_guide
        key = self._hidden(guide.key_prompt)
        both = _from_file(account, key)
        if both is not None:
            return both
        secret = self._hidden(guide.secret_prompt)
        both = _from_file(account, secret)
        return both if both is not None else KeyMaterial(key, secret)

    def _hidden(self, question: str) -> str:
        """Not with rich, which asks before it turns off the echo: text pasted in between would be visible."""
        return getpass(f"{question}: ")


def owner_name(text: str) -> str:
    """`Tania Gilbert` becomes `tania_gilbert`; empty if nothing is left."""
    return _NOT_IN_A_NAME.sub("_", text.strip().casefold()).strip("_")


def from_stdin() -> KeyMaterial:
    """Two lines, key and secret, or Coinbase's key file. Raises SetupRefused."""
    text = sys.stdin.read()
    both = from_key_file(text)
    if both is not None:
        return both
    key, _, secret = text.strip().partition("\n")
    if not secret.strip():
        raise SetupRefused(
            "standard input must hold two lines: the key, then the secret (or use --key-file, --secret-file)"
        )
    return KeyMaterial(key, secret)


def _from_file(account: AccountId, typed: str) -> KeyMaterial | None:
    """The key file whose path was typed instead of a key; None if that is not a path, or there are no such files."""
    path = typed.strip().strip("\"'")
    description = described(account.exchange)
    suffix, holds = description.key_guide.file_suffix, description.key_guide.file_holds
    if not suffix or not path.endswith(suffix):
        return None
    both = from_key_file(read_file(Path(path)))
    if both is None:
        raise SetupRefused(f"this is not a {description.short_name} key file: it must contain {holds}")
    return both
