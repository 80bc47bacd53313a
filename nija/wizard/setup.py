"""The wizard: asks for a key, checks it at the exchange, and writes it to .env only if it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.identity import MASTER, AccountId
from brokers.exchanges import exchanges
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.doctor.finding import Level
from nija.wizard.candidate import (
    KeyMaterial,
    SetupRefused,
    check_offline,
    check_online,
    from_key_file,
    read_file,
    variables,
)
from nija.wizard.dialogue import Dialogue, from_stdin
from nija.wizard.dotenv_editor import remove_credentials, write_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from brokers.clock import Clock
    from brokers.model import Exchange

_TRIES = 3


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """The command's flags. At a terminal, the wizard asks for what is None."""

    exchange: Exchange | None = None
    owner: str | None = None
    key_file: Path | None = None
    secret_file: Path | None = None


@dataclass(frozen=True, slots=True)
class SetupContext:
    """`real` is the environment without .env, whose variables win; `values` is both together."""

    dotenv: Path
    values: Mapping[str, str]
    real: Mapping[str, str]
    process: ProcessSettings
    clock: Clock


class Wizard:
    """Without a terminal `dialogue` is None, and the flags must give everything."""

    def __init__(self, context: SetupContext, console: Console, dialogue: Dialogue | None) -> None:
        self._context = context
        self._console = console
        self._dialogue = dialogue

    def set_up(self, options: SetupOptions) -> AccountId:
        """Raises SetupRefused, DotenvError, SettingsError."""
        account = self._account(options)
        if self._dialogue is not None and options.key_file is None:
            self._dialogue.show_guide(account)
        credentials = self._credentials(account, options)
        self._console.print(f"Key {credentials.api_key.fingerprint} looks right. Checking it at {account.exchange} ...")
        self._check_online(credentials)
        written = variables(account, KeyMaterial(credentials.api_key.key, credentials.api_key.secret))
        write_credentials(self._context.dotenv, account, written)
        self._report_written(account, tuple(written))
        return account

    def remove(self, account: AccountId) -> None:
        """Raises SetupRefused, DotenvError."""
        names = remove_credentials(self._context.dotenv, account)
        if not names:
            raise SetupRefused(f"{self._context.dotenv} has no credentials of {account}")
        self._console.print(f"✅ Removed from {self._context.dotenv}: {', '.join(names)}")
        self._warn_if_overridden(account)
        self._console.print("   Delete the key at the exchange too, if nothing else uses it. Restart NIJA.")

    def _account(self, options: SetupOptions) -> AccountId:
        if self._dialogue is None:
            if options.exchange is None:
                ways = " or ".join(f"--exchange {known}" for known in exchanges())
                raise SetupRefused(f"without a terminal, name the exchange: {ways}")
            return _identified(options.exchange, options.owner or MASTER)
        exchange = options.exchange or self._dialogue.exchange()
        return _identified(exchange, options.owner or self._dialogue.owner())

    def _credentials(self, account: AccountId, options: SetupOptions) -> Credentials:
        """At a terminal there are several tries; a script gets the error."""
        tries = _TRIES if self._dialogue is not None and options.key_file is None else 1
        for left in range(tries - 1, -1, -1):
            try:
                return check_offline(account, self._material(account, options), self._context.values)
            except SetupRefused as error:
                if left == 0:
                    raise
                self._console.print(f"❌ {error}\nTry again, or press Ctrl+C to stop.")
        raise AssertionError("the last try returns or raises")

    def _material(self, account: AccountId, options: SetupOptions) -> KeyMaterial:
        if options.key_file is not None:
            text = read_file(options.key_file)
            both = from_key_file(text)
            if both is not None:
                return both
            if options.secret_file is None:
                raise SetupRefused("--key-file needs --secret-file too")
            return KeyMaterial(text, read_file(options.secret_file))
        return self._dialogue.material(account) if self._dialogue is not None else from_stdin()

    def _check_online(self, credentials: Credentials) -> None:
        check = check_online(credentials, self._context.process, self._context.clock)
        for finding in check.findings:
            self._console.print(finding.line)
            if finding.remedy and finding.level is not Level.OK:
                self._console.print(f"   → {finding.remedy}")
        if not check.is_accepted:
            raise SetupRefused(f"the key is not accepted, and nothing was written to {self._context.dotenv}")

    def _report_written(self, account: AccountId, names: tuple[str, ...]) -> None:
        self._console.print(f"✅ Written to {self._context.dotenv} (only you can read it): {', '.join(names)}")
        self._warn_if_overridden(account)
        start = "Restart NIJA so that it uses the new key" if self._is_running() else "Start NIJA with ./start.sh"
        self._console.print(f"   {start}. To remove it again: nija setup --remove {account}")
        self._console.print("   On Railway or Render, set the same two variables in the dashboard instead.")

    def _warn_if_overridden(self, account: AccountId) -> None:
        for name in self._context.real:
            if name.startswith(f"{account.env_prefix}_API_") and self._context.real[name]:
                self._console.print(f"⚠️  {name} is also set outside .env, and that value wins: delete it there")

    def _is_running(self) -> bool:
        try:
            return ask(self._context.process.data_dir, "status") is not None
        except ControlError:
            return True


def _identified(exchange: Exchange, owner: str) -> AccountId:
    try:
        return AccountId(exchange, owner)
    except ValueError as error:
        raise SetupRefused(str(error)) from error
