"""nija.example.toml, generated from the descriptions of the settings."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.setting_tables import OwnSettings, PortfolioSettings, RiskSettings, TradingSettings
from brokers.figures import exact
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

_HEAD = """\
# How NIJA trades. Copy this file to nija.toml and remove the # in front of what you change. Every key is optional, and
# the values below are the defaults. An unknown key is an error. API keys go into .env, never in here.
# After a change, run nija config check and restart NIJA.
"""
_ACCOUNTS = """\
# Settings for one account: any key of the tables above, and these. Put the account's name in quotes.
"""
_ACCOUNT_TABLE = 'accounts."kraken:daivon_frazier"'
# Every table of nija.toml, in the order of the file and the documentation.
TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("trading", TradingSettings),
    *((f"strategy.{name}", type(getattr(STRATEGY_TABLES(), name))) for name in STRATEGY_TABLES.built_in()),
    ("risk", RiskSettings),
    ("portfolio", PortfolioSettings),
    (_ACCOUNT_TABLE, OwnSettings),
)
_WIDTH = 120


def example_toml() -> str:
    lines = [_HEAD]
    for name, model in TABLES:
        head = _ACCOUNTS if name == _ACCOUNT_TABLE else ""
        lines.append(head + "\n".join(_table(name, model)))
    return "\n\n".join(part.rstrip("\n") for part in lines) + "\n"


def _table(name: str, model: type[BaseModel]) -> Iterator[str]:
    title = (model.__doc__ or "").partition(": ")[2].strip()
    if name != _ACCOUNT_TABLE:
        yield f"# {title[0].upper()}{title[1:]}"
    yield f"#[{name}]"
    for key, field in model.model_fields.items():
        yield from textwrap.wrap(_meaning(field), _WIDTH, initial_indent="# ", subsequent_indent="#   ")
        default = field.get_default(call_default_factory=True)
        yield f"#{key} = {_extra(field, 'example') if default is None else toml_value(default)}"


def _meaning(field: FieldInfo) -> str:
    unit, example = _extra(field, "unit"), _extra(field, "example")
    unset = "; not set by default, this is an example" if example else ""
    return f"{field.description}{unset} [{unit}]" if unit else f"{field.description}{unset}"


def _extra(field: FieldInfo, name: str) -> str:
    extra = field.json_schema_extra
    return str(extra.get(name, "")) if isinstance(extra, dict) else ""


def toml_value(value: object) -> str:
    """`value` as written in nija.toml."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, StrEnum):
        return f'"{value.value}"'
    if isinstance(value, Decimal | float):
        return exact(value)
    return f'"{value}"' if isinstance(value, str) else str(value)
