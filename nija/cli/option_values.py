"""Reads the values of options, with errors that name the option, the value and what was expected."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from brokers import figures

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST_FRACTION = Decimal("0.2")
# More than this is a slip, and figures in floats would lose its cents.
_MOST_MONEY = Decimal(10) ** 12
_ONE_DAY = timedelta(days=1)


class OptionError(ValueError):
    """An option cannot be used as it is."""


def read_fraction(option: str, text: str) -> Decimal:
    """`0.4%` or `0.004`; at most 20 %."""
    number, percent = (text[:-1], True) if text.endswith("%") else (text, False)
    value = _decimal(number)
    if value is None:
        raise OptionError(f"{option} {text}: expected a share such as 0.4% or 0.004")
    fraction = value / 100 if percent else value
    if not 0 <= fraction <= _LARGEST_FRACTION:
        is_percent = not percent and 0 < value / 100 <= _LARGEST_FRACTION
        hint = f": for {text} percent write {text}%" if is_percent else ""
        raise OptionError(
            f"{option} {text}: expected a share from 0 to {figures.number(_LARGEST_FRACTION * 100)}%{hint}"
        )
    return fraction


def read_money(option: str, text: str) -> Decimal:
    value = _decimal(text.replace("_", ""))
    if value is None or value <= 0:
        raise OptionError(f"{option} {text}: expected an amount of money above 0, such as 1000")
    if value > _MOST_MONEY:
        raise OptionError(f"{option} {text}: expected at most {_MOST_MONEY}")
    return value


def read_day(option: str, text: str, *, is_end: bool = False) -> int:
    """A date (its first second, or its last) or a date with a time, UTC; Unix seconds."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise OptionError(f"{option} {text}: expected a date such as 2023-10-01") from error
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    is_date = "T" not in text and " " not in text
    return int(time.timestamp()) + (int(_ONE_DAY.total_seconds()) - 1 if is_end and is_date else 0)


def read_settings(option: str, texts: Iterable[str]) -> dict[str, object]:
    """`key=value` as in nija.toml; a bare word is a text."""
    found: dict[str, object] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip() or not value.strip():
            raise OptionError(f"{option} {text}: expected key=value, such as risk_per_trade=0.01")
        if key.strip() in found:
            raise OptionError(f"{option} {text}: {key.strip()} is given twice")
        found[key.strip()] = _toml_value(value.strip())
    return found


def by_account(option: str, texts: Iterable[str], accounts: Iterable[str]) -> dict[str | None, str]:
    """The values of an option that is written VALUE, for all accounts, or ACCOUNT=VALUE; None stands for all."""
    names = tuple(accounts)
    found: dict[str | None, str] = {}
    for text in texts:
        name, sign, value = text.rpartition("=")
        if sign and name not in names:
            raise OptionError(f"{option} {text}: no account {name} in this backtest, only {', '.join(names)}")
        if (name or None) in found:
            raise OptionError(f"{option} {text}: given twice for {name or 'all accounts'}")
        found[name or None] = value
    return found


def _toml_value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]
    except tomllib.TOMLDecodeError:
        return text


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
