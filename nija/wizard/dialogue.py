"""The wizard's questions. Secrets are read without echo and never shown."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from rich.prompt import Confirm, Prompt

from accounts.identity import MASTER, AccountId
from brokers.exchanges import described, exchange_named, exchanges
from nija.wizard.candidate import KeyMaterial, SetupRefused, from_key_file, read_file
from nija.wizard.hidden_input import read_hidden
from nija.wizard.owner_names import owner_name

if TYPE_CHECKING:
    from rich.console import Console

    from brokers.model import Exchange


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
            self._console.print("Use Latin letters and digits, for example tania_gilbert.")

    def agrees(self, question: str) -> bool:
        return Confirm.ask(question, default=False, console=self._console)

    def show_guide(self, account: AccountId) -> None:
        description = described(account.exchange)
        self._console.print(f"\nHow to get the key at {description.short_name}:")
        for number, step in enumerate(description.key_guide.steps, start=1):
            self._console.print(
                textwrap.fill(f"  {number}. {step}", self._console.width - 1, subsequent_indent="     ")
            )
        for permission in description.permissions.needed:
            self._console.print(f"     ✅ {permission.label}")
        for permission in description.permissions.unwanted:
            self._console.print(f"     ❌ {permission.label} (leave it off)")
        self._console.print("\nWhat you type or paste next is not shown.")

    def material(self, account: AccountId) -> KeyMaterial:
        """Raises SetupRefused if the user names a file that cannot be read, EOFError if there is no answer."""
        guide = described(account.exchange).key_guide
        key = read_hidden(guide.key_prompt)
        both = _both_at_once(account, key)
        if both is not None:
            return both
        secret = read_hidden(guide.secret_prompt)
        both = _both_at_once(account, secret)
        return both if both is not None else KeyMaterial(key, secret)


def from_stdin() -> KeyMaterial:
    """The key's line, then the secret, or Coinbase's key file. Raises SetupRefused."""
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


def _both_at_once(account: AccountId, typed: str) -> KeyMaterial | None:
    """Key and secret of a pasted key file, or of one whose path was typed instead of a key; None otherwise."""
    pasted = from_key_file(typed)
    if pasted is not None:
        return pasted
    path = typed.strip().strip("\"'")
    description = described(account.exchange)
    suffix, holds = description.key_guide.file_suffix, description.key_guide.file_holds
    if not suffix or not path.endswith(suffix):
        return None
    both = from_key_file(read_file(Path(path)))
    if both is None:
        raise SetupRefused(f"this is not a {description.short_name} key file: it must contain {holds}")
    return both
