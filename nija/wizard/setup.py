"""The wizard: asks for a key, checks it at the exchange, and writes it to .env only if it works."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accounts.dotenv_file import load_environment
from accounts.identity import MASTER, AccountId
from accounts.suggest import did_you_mean
from accounts.variables import Part, account_of
from brokers.exchanges import exchanges
from nija.doctor.finding import Level
from nija.doctor.render import findings_lines
from nija.status.render import width_of
from nija.wizard.candidate import (
    KeyMaterial,
    NotTheKeysFault,
    SetupRefused,
    check_offline,
    check_online,
    from_key_file,
    read_file,
    variables,
)
from nija.wizard.dialogue import Dialogue, from_stdin
from nija.wizard.dotenv_editor import remove_credentials, write_credentials
from nija.wizard.present_keys import KeyHealth, PresentKeys
from nija.wizard.takeover import Takeover

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rich.console import Console

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from brokers.clock import Clock
    from brokers.model import Exchange
    from nija.wizard.present_keys import PresentKey

_TRIES = 3


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """The command's flags. At a terminal, the wizard asks for what is None. `yes`: replace a key that works."""

    exchange: Exchange | None = None
    owner: str | None = None
    key_file: Path | None = None
    secret_file: Path | None = None
    yes: bool = False


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
        self._present_keys = PresentKeys(context.values, context.process, context.clock)
        self._takeover = Takeover(context.process.data_dir, context.clock, console.print)

    def set_up(self, options: SetupOptions) -> AccountId:
        """Raises SetupRefused, DotenvError, SettingsError, EOFError."""
        account = self._account(options)
        self._console.print(f"Account: {account} (key in {account.env_prefix}_API_KEY)")
        present = self._present_keys.of(account)
        if present is not None:
            self._announce_replacement(present, options)
        if self._dialogue is not None and options.key_file is None:
            self._dialogue.show_guide(account)
        credentials = self._accepted(account, options, present)
        written = variables(account, KeyMaterial(credentials.api_key.key, credentials.api_key.secret))
        write_credentials(self._context.dotenv, account, written)
        self._report_written(account, tuple(written))
        return account

    def check_removal(self, account: AccountId) -> None:
        """Raises SetupRefused if there is nothing to remove, DotenvError."""
        dotenv = self._context.dotenv
        inside = {one for name in load_environment({}, dotenv).dotenv if (one := account_of(name)) is not None}
        if account in inside:
            return
        outside = sorted(name for name in self._context.real if account_of(name) == account)
        if outside:
            raise SetupRefused(f"{dotenv} has no credentials of {account}; delete {', '.join(outside)} where it is set")
        names = sorted(map(str, inside))
        has = f"It has: {', '.join(names)}." if names else "It has none at all."
        raise SetupRefused(f"{dotenv} has no credentials of {account}. {has}{did_you_mean(str(account), names)}")

    def remove(self, account: AccountId) -> None:
        """Raises SetupRefused, DotenvError."""
        self.check_removal(account)
        names = remove_credentials(self._context.dotenv, account)
        self._console.print(f"✅ Removed from {self._context.dotenv}: {', '.join(names)}")
        self._warn_if_overridden(account)
        self._console.print("   Delete the key at the exchange too, if nothing else uses it.")
        self._takeover.removed(account)

    def _account(self, options: SetupOptions) -> AccountId:
        if self._dialogue is None:
            if options.exchange is None:
                ways = " or ".join(f"--exchange {known}" for known in exchanges())
                raise SetupRefused(f"without a terminal, name the exchange: {ways}")
            return _identified(options.exchange, options.owner or MASTER)
        exchange = options.exchange or self._dialogue.exchange()
        return _identified(exchange, options.owner or self._dialogue.owner())

    def _announce_replacement(self, present: PresentKey, options: SetupOptions) -> None:
        """Raises SetupRefused if a person wants to keep a key that works, or may work."""
        fingerprint, account = present.api_key.fingerprint, present.account
        if present.health is KeyHealth.FAULTY:
            self._console.print(f"Its present key {fingerprint} does not work ({present.reason}). It will be replaced.")
            return
        state = "works" if present.health is KeyHealth.WORKS else f"could not be checked ({present.reason})"
        self._console.print(f"⚠️  {account} has the key {fingerprint}, which {state}. Setting up a new one replaces it.")
        if self._dialogue is not None and not options.yes and not self._dialogue.agrees("Replace it?"):
            raise SetupRefused(f"nothing was written: {account} keeps its key")

    def _accepted(self, account: AccountId, options: SetupOptions, present: PresentKey | None) -> Credentials:
        """At a terminal there are several tries; a script gets the error."""
        tries = _TRIES if self._dialogue is not None and options.key_file is None else 1
        for left in range(tries - 1, -1, -1):
            try:
                credentials = check_offline(account, self._material(account, options), self._context.values)
                self._check(credentials, present)
            except SetupRefused as error:
                if left == 0 or isinstance(error, NotTheKeysFault):
                    raise
                self._console.print(f"❌ {error}\nTry again, or press Ctrl+C to stop.")
            else:
                return credentials
        raise AssertionError("the last try returns or raises")

    def _check(self, credentials: Credentials, present: PresentKey | None) -> None:
        """Raises SetupRefused."""
        account, key = credentials.account, credentials.api_key
        if present is not None and present.health is KeyHealth.WORKS and present.api_key == key:
            raise SetupRefused(f"this is the key {key.fingerprint} that {account} has already, and it works")
        self._console.print(f"Key {key.fingerprint} looks right. Checking it at {account.exchange} ...")
        check = check_online(credentials, self._context.process, self._context.clock)
        shown = [one if one.level is not Level.OK else replace(one, remedy="") for one in check.findings]
        for line in findings_lines(shown, width_of(self._console)):
            self._console.print(line)
        if not check.is_accepted:
            nothing = f"nothing was written to {self._context.dotenv}"
            if check.is_keys_fault:
                raise SetupRefused(f"the key is not accepted, and {nothing}")
            raise NotTheKeysFault(f"the key could not be checked, and {nothing}: fix what is marked ❌ first")
        self._compare_with_others(account, check.account_uid)

    def _compare_with_others(self, account: AccountId, uid: str) -> None:
        """Before writing: a second key of the same exchange account would make both accounts fail.

        Raises SetupRefused.
        """
        for other in self._present_keys.of_others(account):
            if uid and other.account_uid == uid:
                raise SetupRefused(
                    f"this key belongs to the same exchange account as the key of {other.account}, which would be "
                    f"traded twice; nothing was written to {self._context.dotenv}. Log in at {account.exchange} as the "
                    f"owner of {account} and create the key there, or first remove the other one: nija setup --remove "
                    f"{other.account}"
                )
            if not other.account_uid and other.health is KeyHealth.UNKNOWN:
                self._console.print(
                    f"⚠️  Whether {other.account} is the same exchange account could not be checked ({other.reason})"
                )

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

    def _report_written(self, account: AccountId, names: tuple[str, ...]) -> None:
        self._console.print(f"✅ Written to {self._context.dotenv} (only you can read it): {', '.join(names)}")
        self._warn_if_overridden(account)
        self._console.print(f"   To remove it again: nija setup --remove {account}")
        self._console.print("   On Railway or Render, set the same two variables in the dashboard instead.")
        self._takeover.added(account)

    def _warn_if_overridden(self, account: AccountId) -> None:
        for name in self._context.real:
            if name.startswith(f"{account.env_prefix}_API_") and self._context.real[name]:
                self._console.print(f"⚠️  {name} is also set outside .env, and that value wins: delete it there")


def _identified(exchange: Exchange, owner: str) -> AccountId:
    """Raises SetupRefused."""
    try:
        account = AccountId(exchange, owner)
    except ValueError as error:
        raise SetupRefused(str(error)) from error
    if account_of(f"{account.env_prefix}_{Part.KEY}") != account:
        raise SetupRefused(f"the name {owner} is too long: use at most 64 letters and digits")
    return account
