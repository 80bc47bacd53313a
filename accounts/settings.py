"""Reading nija.toml: exact numbers, every fault at once, each account resolved apart from all others."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from accounts.identity import AccountId
from accounts.setting_faults import SettingFault, SettingsError, fault_of, shown_value, unknown_key
from accounts.setting_tables import (
    CUSTOM,
    AccountSettings,
    EmaCrossParameters,
    OwnSettings,
    PortfolioSettings,
    RiskSettings,
    StrategyTables,
    TradingSettings,
    TrendParameters,
)
from accounts.setting_values import BUILT_IN_STRATEGIES, is_class_name
from accounts.suggest import did_you_mean
from brokers.text_file import NotText, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


__all__ = [
    "AccountSettings",
    "EmaCrossParameters",
    "OwnSettings",
    "PortfolioSettings",
    "RiskSettings",
    "SettingFault",
    "Settings",
    "SettingsError",
    "StrategyTables",
    "TradingSettings",
    "TrendParameters",
    "load_settings",
]

_SECTIONS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {"trading": TradingSettings, "strategy": StrategyTables, "risk": RiskSettings}
)
Table = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """All of nija.toml. `accounts` holds those with overrides; every other account has the common values."""

    trading: TradingSettings = field(default_factory=TradingSettings)
    strategy: StrategyTables = field(default_factory=StrategyTables)
    risk: RiskSettings = field(default_factory=RiskSettings)
    portfolio: PortfolioSettings = field(default_factory=PortfolioSettings)
    accounts: Mapping[AccountId, AccountSettings] = field(default_factory=lambda: MappingProxyType({}))

    def for_account(self, account: AccountId) -> AccountSettings:
        found = self.accounts.get(account)
        if found is not None:
            return found
        return AccountSettings(
            account=account, own=OwnSettings(), trading=self.trading, strategy=self.strategy, risk=self.risk
        )

    def warnings(self, existing: Iterable[AccountId]) -> tuple[str, ...]:
        """One for each override of an account that does not exist, with the account probably meant."""
        names = [str(account) for account in existing]
        strange = (str(account) for account in self.accounts if str(account) not in names)
        return tuple(
            f'nija.toml: accounts."{name}" names an account that has no credentials.{did_you_mean(name, names)}'
            for name in strange
        )


def load_settings(path: Path | None) -> Settings:
    """Read and check nija.toml; without a path, all defaults. Raises SettingsError."""
    if path is None:
        return Settings()
    tables = _parse(path)
    known = (*_SECTIONS, "portfolio", "accounts")
    faults = [unknown_key(name, name, known) for name in tables if name not in known]
    base = {name: _table(tables, name, faults) for name in _SECTIONS}
    checked = _check_sections(base, faults)
    checked["portfolio"] = _check(PortfolioSettings, _table(tables, "portfolio", faults), "portfolio", faults)
    if faults:
        raise SettingsError(path, faults)
    accounts = _resolve_accounts(base, _table(tables, "accounts", faults), faults)
    if faults:
        raise SettingsError(path, faults)
    return Settings(**checked, accounts=MappingProxyType(accounts))


def _parse(path: Path) -> Table:
    try:
        return tomllib.loads(read_text(path), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [SettingFault("", f"not valid TOML: {error}")]) from error
    except NotText as error:
        raise SettingsError(path, [SettingFault("", str(error))]) from error
    except OSError as error:
        problem = f"cannot be read ({error.strerror}): correct NIJA_CONFIG, or unset it to use the defaults"
        raise SettingsError(path, [SettingFault("", problem)]) from error


def _table(tables: Table, name: str, faults: list[SettingFault], prefix: str = "") -> Table:
    found = tables.get(name, {})
    if isinstance(found, dict):
        return found
    faults.append(SettingFault(prefix + name, f"{shown_value(found)}: expected a table, written [{prefix}{name}]"))
    return {}


def _check_sections(tables: Mapping[str, Table], faults: list[SettingFault]) -> dict[str, Any]:
    return {name: _check(model, _prepared(name, tables[name]), name, faults) for name, model in _SECTIONS.items()}


def _prepared(section: str, table: Table) -> Table:
    """The tables of users' own strategies apart from those of the built-in ones."""
    if section != "strategy":
        return table
    own = {name: values for name, values in table.items() if is_class_name(name) and isinstance(values, dict)}
    return {**{name: values for name, values in table.items() if name not in own}, CUSTOM: own}


def _check(model: type[BaseModel], table: Table, prefix: str, faults: list[SettingFault]) -> BaseModel | None:
    """The validated model, or None after its faults were noted."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults.extend(fault_of(model, prefix, detail) for detail in error.errors(include_url=False))
        return None


def _resolve_accounts(
    base: Mapping[str, Table], accounts: Table, faults: list[SettingFault]
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
        settings = _resolve(account, base, overrides, faults)
        if settings is not None:
            resolved[account] = settings
    return resolved


def _resolve(
    account: AccountId, base: Mapping[str, Table], overrides: Table, faults: list[SettingFault]
) -> AccountSettings | None:
    """The account's tables with its flat overrides put where each belongs, checked as a whole."""
    prefix = f'accounts."{account}"'
    strategy = str(overrides.get("strategy", base["trading"].get("strategy", BUILT_IN_STRATEGIES[0])))
    parameters = _parameter_names(strategy, base["strategy"])
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
    checked = _check_sections(merged, found)
    checked_own = _check(OwnSettings, own, "", found)
    faults.extend(SettingFault(f"{prefix}.{_flat(fault.key, strategy)}", fault.problem) for fault in found)
    if len(faults) > before:
        return None
    return AccountSettings.model_construct(account=account, own=checked_own, **checked)


def _flat(key: str, strategy: str) -> str:
    """The key as it stands in an account's table, which has all of them side by side."""
    for table in (f"strategy.{strategy}.", "strategy.", "trading.", "risk."):
        if key.startswith(table):
            return key.removeprefix(table)
    return key


def _parameter_names(strategy: str, tables: Table) -> frozenset[str]:
    if strategy in BUILT_IN_STRATEGIES:
        model = StrategyTables.model_fields[strategy].annotation
        return (
            frozenset(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else frozenset()
        )
    table = tables.get(strategy, {})
    return frozenset(table) if isinstance(table, dict) else frozenset()


def _override_names(parameters: Iterable[str]) -> tuple[str, ...]:
    return (
        *OwnSettings.model_fields,
        *TradingSettings.model_fields,
        *sorted(parameters),
        *RiskSettings.model_fields,
    )
