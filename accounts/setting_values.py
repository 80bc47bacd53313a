"""Reads single values of nija.toml: exact numbers, markets and names. Each error says what was expected."""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.environment import is_notify_url
from accounts.market_names import EXPECTED, check_market
from accounts.suggest import did_you_mean
from brokers.model import Timeframe

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_CLASS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def read_decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("a number, without quotes")


def read_number(value: object) -> float:
    """For counts of time and indicator arrays, never for money."""
    return value if isinstance(value, float) else float(read_decimal(value))


def read_count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("a whole number, without quotes")


def read_list(value: object) -> object:
    """A list of TOML as the tuple that a frozen table holds."""
    if isinstance(value, list | tuple):
        return tuple(value)
    raise ValueError("a list, such as [20, 60]")


def read_market(value: object) -> str:
    if isinstance(value, str):
        return check_market(value)
    raise ValueError(EXPECTED)


def read_notify_url(value: object) -> str:
    if isinstance(value, str) and is_notify_url(value):
        return value
    raise ValueError('apprise URLs in a list, such as ["ntfy://TOPIC"]')


def read_chat(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value:
        return value
    raise ValueError("the id of a chat, a whole number without quotes")


def read_timeframe(value: object) -> Timeframe:
    if isinstance(value, str) and value in set(Timeframe):
        return Timeframe(value)
    raise ValueError("one of " + ", ".join(f'"{timeframe}"' for timeframe in Timeframe))


def check_strategy_name(name: str, built_in: Collection[str]) -> str:
    if name in built_in or is_class_name(name):
        return name
    expected = "one of " + ", ".join(built_in) + ", or your own class as package.module:Class"
    suggestion = did_you_mean(name, built_in)
    raise ValueError(f"{expected}.{suggestion}" if suggestion else expected)


def is_class_name(name: str) -> bool:
    return _CLASS.fullmatch(name) is not None


def frozen_table(table: Mapping[str, object]) -> Mapping[str, object]:
    """A deep read-only copy. Numbers with a decimal point become floats, for indicator arrays."""
    return MappingProxyType({key: _frozen(value) for key, value in table.items()})


def _frozen(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict | MappingProxyType):
        return frozen_table(value)
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    return value
