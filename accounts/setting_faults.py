"""Faults in a nija.toml: the key, the value, and what was expected instead."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import BaseModel

from accounts.suggest import did_you_mean
from brokers.figures import exact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from accounts.toml_source import TomlSource

_LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class SettingFault:
    """One invalid key; `key` is dotted, as in the file."""

    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}" if self.key else self.problem


class SettingsError(Exception):
    """Invalid settings: the file, variable or option, and every fault in it."""

    def __init__(self, source: TomlSource | str, faults: Iterable[SettingFault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{source}: {fault}" for fault in self.faults))


def fault_of(model: type[BaseModel], prefix: str, detail: ErrorDetails) -> SettingFault:
    """Pydantic's error about one key of `model`, whose table is `prefix`, in NIJA's words."""
    parts = [str(part) for part in detail["loc"]]
    key = ".".join(part for part in (prefix, *parts) if part)
    if detail["type"] == "extra_forbidden":
        return unknown_key(key, parts[-1], _keys_at(model, parts[:-1]))
    expected = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if detail["type"] == "model_type":
        return SettingFault(key, f"{shown_value(detail['input'])}: expected a table, written [{key}]")
    if isinstance(detail["input"], dict):
        # The text of a rule about several keys names them.
        return SettingFault(key, expected)
    if _is_secret(model, parts[0]):
        return SettingFault(key, f"expected {expected}")
    return SettingFault(key, f"{shown_value(detail['input'])}: expected {expected}")


def _is_secret(model: type[BaseModel], name: str) -> bool:
    return name in model.model_fields and not model.model_fields[name].repr


def _keys_at(model: type[BaseModel], parents: Iterable[str]) -> tuple[str, ...]:
    for parent in parents:
        annotation = model.model_fields[parent].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    return tuple(name for name in model.model_fields if name != "custom")


def unknown_key(key: str, name: str, known: Iterable[str]) -> SettingFault:
    """The value is not shown: a secret may have been put into the wrong file."""
    names = tuple(known)
    return SettingFault(key, f"unknown key; expected one of {', '.join(names)}.{did_you_mean(name, names)}")


def shown_value(value: object) -> str:
    """As written in the file, shortened if it is long."""
    text = _text(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def _text(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal | float):
        number = Decimal(str(value))
        if number.is_finite() and abs(number.adjusted()) <= _LONGEST_SHOWN:
            return exact(number)
    return str(value)
