"""Reads nija.toml: exact numbers, all faults at once, each account's settings independent of the others'."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from accounts.address_secrets import secrets_in
from accounts.identity import AccountId
from accounts.setting_faults import SettingFault, SettingsError, fault_of, shown_value, unknown_key
from accounts.setting_tables import (
    CUSTOM,
    STRATEGIES,
    AccountSettings,
    OwnSettings,
    PortfolioSettings,
    RiskSettings,
    StrategyTables,
    TradingSettings,
)
from accounts.setting_values import is_class_name
from accounts.suggest import did_you_mean
from accounts.toml_source import toml_text
from brokers.text_file import NotText

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accounts.toml_source import TomlSource


_SECTIONS = ("trading", "strategy", "risk")
Table = dict[str, Any]
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Settings:
    """All of nija.toml. `accounts` has those with overrides; all others use the common values.

    `source` names the file or the variable in warnings.
    """

    trading: TradingSettings = field(default_factory=TradingSettings)
    strategy: StrategyTables = field(default_factory=StrategyTables)
    risk: RiskSettings = field(default_factory=RiskSettings)
    portfolio: PortfolioSettings = field(default_factory=PortfolioSettings)
    accounts: Mapping[AccountId, AccountSettings] = field(default_factory=lambda: MappingProxyType({}))
    source: str = field(default="nija.toml", compare=False)

    def for_account(self, account: AccountId) -> AccountSettings:
        return self.accounts.get(account) or AccountSettings(
            account, OwnSettings(), self.trading, self.strategy, self.risk
        )

    @property
    def secrets(self) -> frozenset[str]:
        """What must not appear in any log: the accounts' notification URLs, and every part that may be a token."""
        return secrets_in(url for settings in self.accounts.values() for url in settings.own.notify_urls)

    def warnings(self, existing: Iterable[AccountId]) -> tuple[str, ...]:
        """One for each table of an account that does not exist, with the account that was probably meant."""
        names = [str(account) for account in existing]
        strange = (str(account) for account in self.accounts if str(account) not in names)
        return tuple(
            f'{self.source}: accounts."{name}": this account has no credentials.{did_you_mean(name, names)}'
            for name in strange
        )


def load_settings(source: TomlSource | None, strategies: type[StrategyTables]) -> Settings:
    """Read and check nija.toml; defaults without a source. `strategies` is the model of [strategy.*].

    Raises SettingsError.
    """
    if source is None:
        return Settings(strategy=strategies())
    tables = _parse(source)
    known = (*_SECTIONS, "portfolio", "accounts")
    faults = [unknown_key(name, name, known) for name in tables if name not in known]
    base = {name: _table(tables, name, faults) for name in _SECTIONS}
    checked = _check_sections(base, strategies, faults)
    checked["portfolio"] = _check(PortfolioSettings, _table(tables, "portfolio", faults), "portfolio", faults)
    if faults:
        raise SettingsError(source, faults)
    accounts = _resolve_accounts(base, _table(tables, "accounts", faults), strategies, faults)
    if faults:
        raise SettingsError(source, faults)
    return Settings(**checked, accounts=MappingProxyType(accounts), source=source.name)


def with_overrides(
    settings: AccountSettings, overrides: Mapping[str, object], strategies: type[StrategyTables], source: str
) -> AccountSettings:
    """The settings with other values, by the keys of an account's own table in nija.toml.

    Any other key is a parameter of the strategy if that is a user's own class. Raises SettingsError; it names `source`
    and each key that is wrong.
    """
    strategy = str(overrides.get("strategy", settings.trading.strategy))
    tables = {name: dict(settings.strategy.parameters(name)) for name in strategies.built_in()}
    tables |= {name: dict(table) for name, table in settings.strategy.custom.items()}
    if strategy not in strategies.built_in() and is_class_name(strategy):
        known = _override_names(())
        tables.setdefault(strategy, {}).update({key: overrides[key] for key in overrides if key not in known})
    # Whether somebody has set a key counts too: some caps of [risk] apply to weights only then.
    set_before = {"trading": settings.trading, "risk": settings.risk}
    base = {name: table.model_dump(exclude_unset=True) for name, table in set_before.items()} | {"strategy": tables}
    faults: list[SettingFault] = []
    own = settings.own.model_dump(exclude_unset=True)
    resolved = _resolve(settings.account, base, {**own, **overrides}, strategies, faults)
    if resolved is None:
        prefix = f'accounts."{settings.account}".'
        raise SettingsError(source, [SettingFault(fault.key.removeprefix(prefix), fault.problem) for fault in faults])
    return resolved


def _parse(source: TomlSource) -> Table:
    try:
        return tomllib.loads(toml_text(source), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(source, [SettingFault("", f"not valid TOML: {error}")]) from error
    except NotText as error:
        raise SettingsError(source, [SettingFault("", str(error))]) from error
    except OSError as error:
        problem = f"cannot be read ({error.strerror}): correct NIJA_CONFIG, or unset it to use the defaults"
        raise SettingsError(source, [SettingFault("", problem)]) from error


def _table(tables: Table, name: str, faults: list[SettingFault], prefix: str = "") -> Table:
    found = tables.get(name, {})
    if isinstance(found, dict):
        return found
    faults.append(SettingFault(prefix + name, f"{shown_value(found)}: expected a table, written [{prefix}{name}]"))
    return {}


def _check_sections(
    tables: Mapping[str, Table], strategies: type[StrategyTables], faults: list[SettingFault]
) -> dict[str, Any]:
    known = {STRATEGIES: strategies.built_in()}
    return {
        "trading": _check(TradingSettings, tables["trading"], "trading", faults, known),
        "strategy": _check(strategies, _with_custom(tables["strategy"]), "strategy", faults),
        "risk": _check(RiskSettings, tables["risk"], "risk", faults),
    }


def _with_custom(table: Table) -> Table:
    """Separates the tables of users' own strategies from those of the built-in ones."""
    own = {name: values for name, values in table.items() if is_class_name(name) and isinstance(values, dict)}
    return {**{name: values for name, values in table.items() if name not in own}, CUSTOM: own}


def _check(
    model: type[_Model], table: Table, prefix: str, faults: list[SettingFault], known: Table | None = None
) -> _Model | None:
    """The validated model, or None after adding to `faults`."""
    try:
        return model.model_validate(table, context=known)
    except ValidationError as error:
        faults.extend(fault_of(model, prefix, detail) for detail in error.errors(include_url=False))
        return None


def _resolve_accounts(
    base: Mapping[str, Table], accounts: Table, strategies: type[StrategyTables], faults: list[SettingFault]
) -> dict[AccountId, AccountSettings]:
    resolved: dict[AccountId, AccountSettings] = {}
    for name in accounts:
        key = f'accounts."{name}"'
        try:
            account = AccountId.parse(name)
        except ValueError as error:
            faults.append(SettingFault(key, str(error)))
            continue
        overrides = _table(accounts, name, faults, "accounts.")
        settings = _resolve(account, base, overrides, strategies, faults)
        if settings is not None:
            resolved[account] = settings
    return resolved


def _resolve(
    account: AccountId,
    base: Mapping[str, Table],
    overrides: Table,
    strategies: type[StrategyTables],
    faults: list[SettingFault],
) -> AccountSettings | None:
    """The account's tables, with each of its flat overrides in the right one, checked together."""
    prefix = f'accounts."{account}"'
    default = TradingSettings.model_fields["strategy"].default
    strategy = str(overrides.get("strategy", base["trading"].get("strategy", default)))
    parameters = _parameter_names(strategy, base["strategy"], strategies)
    own: Table = {}
    merged = {name: dict(table) for name, table in base.items()}
    merged["strategy"][strategy] = dict(merged["strategy"].get(strategy, {}))
    before = len(faults)
    for key, value in overrides.items():
        if key in OwnSettings.model_fields:
            own[key] = value
        elif key in TradingSettings.model_fields:
            merged["trading"][key] = value
        elif key in RiskSettings.model_fields:
            merged["risk"][key] = value
        elif key in parameters:
            merged["strategy"][strategy][key] = value
        else:
            faults.append(unknown_key(f"{prefix}.{key}", key, _override_names(parameters)))
    found: list[SettingFault] = []
    checked = _check_sections(merged, strategies, found)
    checked_own = _check(OwnSettings, own, "", found)
    faults.extend(SettingFault(f"{prefix}.{_flat(fault.key, strategy)}", fault.problem) for fault in found)
    if checked_own is None or len(faults) > before:
        return None
    return AccountSettings(account=account, own=checked_own, **checked)


def _flat(key: str, strategy: str) -> str:
    """The key as written in an account's table, which is flat."""
    for table in (f"strategy.{strategy}.", "strategy.", "trading.", "risk."):
        if key.startswith(table):
            return key.removeprefix(table)
    return key


def _parameter_names(strategy: str, tables: Table, strategies: type[StrategyTables]) -> frozenset[str]:
    if strategy in strategies.built_in():
        return frozenset(strategies().parameters(strategy))
    table = tables.get(strategy, {})
    return frozenset(table) if isinstance(table, dict) else frozenset()


def _override_names(parameters: Iterable[str]) -> tuple[str, ...]:
    return (
        *OwnSettings.model_fields,
        *TradingSettings.model_fields,
        *sorted(parameters),
        *RiskSettings.model_fields,
    )
