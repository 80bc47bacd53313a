"""Every value in effect, and where it comes from."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from accounts.setting_tables import OwnSettings
from accounts.settings import load_settings
from accounts.toml_source import TOML_VARIABLE, TomlText, toml_text
from accounts.variables import parse_variable
from brokers.exchanges import descriptions
from brokers.figures import number
from nija.cli.config_example import toml_value
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import BaseModel

    from accounts.environment import ProcessSettings
    from accounts.toml_source import TomlSource

_DEFAULT = "default"
_ENVIRONMENT_NAMES = {"port": "PORT"}


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: str
    source: str


def environment_rows(process: ProcessSettings, values: Mapping[str, str], real: Mapping[str, str]) -> Iterator[Row]:
    """`values` come from the environment and .env together, `real` from the environment alone."""
    for field in fields(process):
        if field.name == "addresses":
            yield from _addresses(process, values, real)
            continue
        if field.name == "candle_dir":
            # No variable sets it: it follows from the mode.
            continue
        if field.name == "config":
            yield from _config(process.config, values, real)
            continue
        name = _ENVIRONMENT_NAMES.get(field.name, f"NIJA_{field.name.upper()}")
        # A field without a repr may hold a password.
        shown = _shown(getattr(process, field.name)) if field.repr else "(set)" if values.get(name) else "-"
        yield Row(name, shown, _source(name, values, real))
    for name in sorted(values):
        variable = parse_variable(name)
        if variable is not None and values[name]:
            shown = values[name] if variable.is_file else f"(set, {len(values[name])} characters)"
            yield Row(name, shown, _source(name, values, real))


def _addresses(process: ProcessSettings, values: Mapping[str, str], real: Mapping[str, str]) -> Iterator[Row]:
    for description in descriptions():
        name = description.address_variable
        yield Row(name, process.addresses[description.exchange], _source(name, values, real))


def _config(config: TomlSource | None, values: Mapping[str, str], real: Mapping[str, str]) -> Iterator[Row]:
    text = f"(set, {len(config.text)} characters)" if isinstance(config, TomlText) else "-"
    yield Row("NIJA_CONFIG", _shown(config) if text == "-" else "-", _source("NIJA_CONFIG", values, real))
    yield Row(TOML_VARIABLE, text, _source(TOML_VARIABLE, values, real))


def settings_rows(process: ProcessSettings) -> Iterator[Row]:
    """Raises SettingsError."""
    settings = load_settings(process.config, STRATEGY_TABLES)
    written = _written(process.config)
    source = process.config.name if process.config is not None else ""
    tables: dict[str, BaseModel] = {
        "trading": settings.trading,
        **{f"strategy.{name}": getattr(settings.strategy, name) for name in STRATEGY_TABLES.built_in()},
        "risk": settings.risk,
        "portfolio": settings.portfolio,
    }
    for table, model in tables.items():
        yield from _table_rows(table, model, _at(written, table.split(".")), source)
    for account in settings.accounts:
        for key, value in _at(written, ["accounts", str(account)]).items():
            field = OwnSettings.model_fields.get(key)
            shown = toml_value(value) if field is None or field.repr else "(set)"
            yield Row(f'accounts."{account}".{key}', shown, source)


def _table_rows(table: str, model: BaseModel, written: Mapping[str, Any], source: str) -> Iterator[Row]:
    for key in type(model).model_fields:
        value = getattr(model, key)
        yield Row(f"{table}.{key}", "-" if value is None else toml_value(value), source if key in written else _DEFAULT)


def _written(source: TomlSource | None) -> Mapping[str, Any]:
    return tomllib.loads(toml_text(source)) if source is not None else {}


def _at(tables: Mapping[str, Any], path: Iterable[str]) -> Mapping[str, Any]:
    for name in path:
        tables = tables.get(name, {})
    return tables


def _source(name: str, values: Mapping[str, str], real: Mapping[str, str]) -> str:
    if not values.get(name):
        return _DEFAULT
    return "environment" if name in real else ".env"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number(value)
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
