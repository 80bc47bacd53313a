"""What differs between two configurations: pure, so that deciding is apart from acting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.environment import RunMode, changed_variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from accounts.identity import AccountId
    from accounts.setting_tables import AccountSettings
    from nija.supervisor.configuration import AccountSetup, Configuration

# Read again at each reload, so it takes effect at once.
_AT_ONCE = frozenset({"NIJA_CONFIG", "NIJA_CONFIG_TOML"})


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    NEW_KEY = "new_key"
    SWITCHED_OFF = "switched_off"
    SWITCHED_ON = "switched_on"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One account's change. `keys` are the changed keys of nija.toml."""

    account: AccountId
    kind: ChangeKind
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """`portfolio`: the limits of all accounts together differ."""

    accounts: tuple[AccountChange, ...] = ()
    portfolio: bool = False


def compare(before: Configuration, after: Configuration) -> Changes:
    """The changes of accounts and settings, which take effect at once. Raises StrategyError."""
    old, new = before.setups(), after.setups()
    changes = (_change(account, old.get(account), new.get(account)) for account in dict.fromkeys([*new, *old]))
    return Changes(
        accounts=tuple(change for change in changes if change is not None),
        portfolio=before.settings.portfolio != after.settings.portfolio,
    )


def needs_restart(started: Configuration, after: Configuration) -> tuple[str, ...]:
    """What a running process cannot take up, one sentence each; `started` is what it was started with."""
    return tuple(_needs_restart(started, after))


def refusal(before: Configuration, after: Configuration) -> tuple[str, ...]:
    """Why `after` must not replace `before`, one sentence each. A fault that was there before refuses nothing."""
    known = set(before.discovery.faults)
    return tuple(fault.message for fault in after.discovery.faults if fault not in known)


def _change(account: AccountId, old: AccountSetup | None, new: AccountSetup | None) -> AccountChange | None:
    if old is None:
        return AccountChange(account, ChangeKind.ADDED)
    if new is None:
        return AccountChange(account, ChangeKind.REMOVED)
    keys = tuple(_changed_keys(old.plan.settings, new.plan.settings))
    if old.credentials.api_key != new.credentials.api_key:
        return AccountChange(account, ChangeKind.NEW_KEY, keys)
    if old.plan.is_switched_off != new.plan.is_switched_off:
        kind = ChangeKind.SWITCHED_OFF if new.plan.is_switched_off else ChangeKind.SWITCHED_ON
        return AccountChange(account, kind, keys)
    return AccountChange(account, ChangeKind.SETTINGS, keys) if keys else None


def _changed_keys(old: AccountSettings, new: AccountSettings) -> Iterator[str]:
    before, after = dict(_flat(old)), dict(_flat(new))
    yield from (key for key in dict.fromkeys([*before, *after]) if before.get(key) != after.get(key))


def _flat(settings: AccountSettings) -> Iterator[tuple[str, object]]:
    """Every key that concerns the account; of the strategies only its own.

    Of [risk] also whether nija.toml sets it: some limits apply to trend_ensemble only then.
    """
    tables: Mapping[str, Mapping[str, object]] = {
        "own": settings.own.model_dump(),
        "trading": settings.trading.model_dump(),
        "strategy": settings.parameters,
        "risk": {key: (value, key in settings.risk.model_fields_set) for key, value in settings.risk},
    }
    for table in tables.values():
        yield from table.items()


def _needs_restart(started: Configuration, after: Configuration) -> Iterator[str]:
    if started.mode is RunMode.DEMO and after.mode is RunMode.LIVE:
        accounts = ", ".join(map(str, after.setups()))
        yield f"the demo goes on: restart NIJA to trade {accounts} with real money"
    elif started.mode is not after.mode and not (started.mode is RunMode.LIVE and after.discovery.is_empty):
        yield f"NIJA goes on in mode {started.mode}: mode {after.mode} begins at the next start"
    for name in changed_variables(started.process, after.process):
        if name not in _AT_ONCE and name != "NIJA_MODE":
            yield f"{name} takes effect at the next start"
