"""A key that the user offers: read from a file or a prompt, checked offline, then checked at the exchange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.failures import FailureKind
from accounts.settings import load_settings
from accounts.variables import Part, account_of
from brokers.clock import utc_now
from brokers.exchanges import descriptions
from brokers.text_file import NotText, read_text
from nija.doctor.account import check_account
from nija.doctor.exchanges import address_of, check_exchange
from nija.doctor.finding import Finding, Level
from nija.doctor.probe import Probe
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock


KEYS_FAULTS = frozenset(
    {
        FailureKind.SIGNATURE,
        FailureKind.KEY,
        FailureKind.NONCE,
        FailureKind.PERMISSION,
        FailureKind.WITHDRAWAL,
        FailureKind.HISTORY,
        FailureKind.CREDENTIALS,
        FailureKind.ANOTHER_ACCOUNT,
        FailureKind.SHARED_ACCOUNT,
    }
)


class SetupRefused(Exception):
    """The key is not accepted. The text says why and what to do, and never shows the key."""


class NotTheKeysFault(SetupRefused):
    """Another key would be refused as well."""


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """As the user gave it, unchecked."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OnlineCheck:
    """What the exchange said.

    `is_accepted`: the key works and NIJA may use it, even if there is too little money. `is_keys_fault`: otherwise
    another key may be accepted. `account_uid` is empty if the exchange did not say whose key it is.
    """

    findings: tuple[Finding, ...]
    is_accepted: bool
    is_keys_fault: bool = False
    account_uid: str = ""


def from_key_file(text: str) -> KeyMaterial | None:
    """Key and secret from an exchange's downloaded key file; None if `text` is something else."""
    found = (description.key_checks().read_file(text) for description in descriptions())
    return next((KeyMaterial(*both) for both in found if both is not None), None)


def read_file(path: Path) -> str:
    """Raises SetupRefused."""
    try:
        return read_text(path.expanduser())
    except OSError as error:
        raise SetupRefused(f"{path} cannot be read ({error.strerror})") from error
    except NotText as error:
        raise SetupRefused(f"{path} {error}") from error


def check_offline(account: AccountId, material: KeyMaterial, values: Mapping[str, str]) -> Credentials:
    """All checks that need no network, including those against other accounts' keys. Raises SetupRefused."""
    others = {name: value for name, value in values.items() if account_of(name) != account}
    discovery = discover({**others, **variables(account, material)})
    mine = [fault for fault in discovery.faults if fault.account == account]
    if mine:
        raise SetupRefused(" ".join(fault.message for fault in mine))
    return next(found for found in discovery.credentials if found.account == account)


def variables(account: AccountId, material: KeyMaterial) -> dict[str, str]:
    return {
        f"{account.env_prefix}_{Part.KEY}": material.key,
        f"{account.env_prefix}_{Part.SECRET}": material.secret,
    }


def check_online(credentials: Credentials, process: ProcessSettings, clock: Clock) -> OnlineCheck:
    """Query the exchange. Places no orders. Raises SettingsError."""
    account = credentials.account
    connection = tuple(check_exchange(address_of(account.exchange, process), clock))
    if any(finding.level is Level.BROKEN for finding in connection):
        return OnlineCheck(connection, is_accepted=False)
    settings = load_settings(process.config, STRATEGY_TABLES).for_account(account)
    probe = Probe(process, clock)
    try:
        facts = probe.ask(credentials, settings)
    finally:
        probe.close()
    check = check_account(account, facts, settings, utc_now(clock), allow_withdrawal=process.allow_withdrawal_keys)
    return OnlineCheck(
        check.findings,
        is_accepted=check.is_connected,
        is_keys_fault=facts.failure is None or facts.failure.kind in KEYS_FAULTS,
        account_uid=facts.key.account_uid if facts.key is not None else "",
    )
