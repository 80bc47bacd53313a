"""Query strings and JSON bodies: every name must be known, every value of the documented type."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.simulator.coinbase.errors import invalid_argument

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Query:
    """Lists are sent as repeated keys."""

    pairs: tuple[tuple[str, str], ...]

    def only(self, *names: str, lists: Iterable[str] = ()) -> None:
        """Refuse unknown names, and repeated keys for values that are not lists."""
        many = set(lists)
        for name, _ in self.pairs:
            if name not in names and name not in many:
                raise invalid_argument(f"unknown query parameter {name}")
            if name not in many and len(self.listed(name)) > 1:
                raise invalid_argument(f"{name} is given more than once")

    def listed(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def text(self, name: str, default: str = "") -> str:
        return next(iter(self.listed(name)), default)

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid_argument(f"{name} is required")
        return value

    def limit(self, default: int, largest: int, name: str = "limit") -> int:
        value = self.whole(name, default)
        if not 1 <= value <= largest:
            raise invalid_argument(f"{name} must be between 1 and {largest}")
        return value

    def whole(self, name: str, default: int) -> int:
        text = self.text(name)
        if not text:
            return default
        if not re.fullmatch("[0-9]+", text):
            raise invalid_argument(f"{name} must be a whole number")
        return int(text)

    def moment(self, name: str) -> float | None:
        """An RFC 3339 time as Unix seconds."""
        text = self.text(name)
        return parse_moment(text, name) if text else None

    def choice(self, name: str, allowed: Iterable[str], default: str = "") -> str:
        value = self.text(name, default)
        if value and value not in allowed:
            raise invalid_argument(f"{name} cannot be {value}")
        return value


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object of a body."""

    values: dict[str, Any]

    def only(self, *names: str) -> None:
        for name in self.values:
            if name not in names:
                raise invalid_argument(f"unknown field {name}")

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str):
            raise invalid_argument(f"{name} must be a string")
        return value

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid_argument(f"{name} is required")
        return value

    def number(self, name: str) -> Decimal:
        return parse_number(self.needed(name), name)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise invalid_argument(f"{name} must be true or false")
        return value

    def group(self, name: str) -> Fields:
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise invalid_argument(f"{name} must be an object")
        return Fields(value)

    def texts(self, name: str) -> list[str]:
        value = self.values.get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid_argument(f"{name} must be a list of strings")
        return value


def parse_number(text: str, name: str) -> Decimal:
    """Plain decimals only: no sign, no exponent."""
    if not _NUMBER.fullmatch(text):
        raise invalid_argument(f"{name} must be a plain decimal number")
    return Decimal(text)


def parse_moment(text: str, name: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid_argument(f"{name} must be an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise invalid_argument(f"{name} must have a time zone")
    return moment.timestamp()


def parse_body(body: bytes) -> Fields:
    try:
        values = json.loads(body)
    except ValueError:
        raise invalid_argument("the body is not JSON") from None
    if not isinstance(values, dict):
        raise invalid_argument("the body must be a JSON object")
    return Fields(values)
