"""Request bodies: form or JSON in, a checked set of named arguments out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from brokers.simulator.kraken.errors import KrakenError, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Longer numbers make no sense in any market and would break exact arithmetic.
_NUMBER = re.compile(r"[0-9]+(\.[0-9]{1,12})?")
_DIGITS = 12
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_NONCE_DIGITS = 20
_BRACKETS = re.compile(r"\[([^\]]*)\]")
# Sent by pykrakenapi and ccxt with many calls; the real exchange ignores them.
_STRAY = frozenset({"nonce", "otp", "ascending"})
# Seconds ahead.
_DEADLINE_RANGE = (2.0, 60.0)
_CLOCK_SLACK = 1.0


@dataclass(frozen=True, slots=True)
class Arguments:
    """Named arguments of one call. A missing argument equals an empty one."""

    values: Mapping[str, Any]

    def only(self, *names: str) -> None:
        """Refuse all other arguments."""
        allowed = _STRAY.union(names)
        for name in self.values:
            if name not in allowed:
                raise invalid(name)

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        if isinstance(value, dict | list):
            raise invalid(name)
        return "" if value is None else _plain(value)

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise invalid(name)
        return value

    def flag(self, name: str) -> bool:
        """True for anything but empty, 0 and false, as on the exchange."""
        return self.text(name).lower() not in ("", "0", "false")

    def integer(self, name: str, default: int = 0) -> int:
        value = self.text(name)
        if not value:
            return default
        if not _INTEGER.fullmatch(value):
            raise invalid(name)
        return int(value)

    def nonce(self) -> int | None:
        """None if it is missing or not a number of at most 64 bits."""
        value = self.text("nonce")
        if not (value.isascii() and value.isdigit() and len(value) <= _NONCE_DIGITS):
            return None
        return int(value) if int(value) < 2**64 else None

    def amount(self, name: str) -> Decimal:
        return parse_number(self.needed(name), name)

    def listed(self, name: str) -> list[str]:
        """A comma-separated list, or a JSON array of texts."""
        value = self.values.get(name)
        if isinstance(value, list):
            return [_plain(item) for item in value]
        return [item.strip() for item in self.text(name).split(",") if item.strip()]

    def rows(self, name: str) -> list[Arguments]:
        """An array of objects."""
        value = self.values.get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise invalid(name)
        return [Arguments(item) for item in value]

    def group(self, name: str) -> Arguments:
        value = self.values.get(name) or {}
        if not isinstance(value, dict):
            raise invalid(name)
        return Arguments(value)


def parse_number(text: str, name: str, *, digits: int = _DIGITS) -> Decimal:
    """Plain decimals only: no sign, no exponent, and a limited number of digits before the point."""
    if not _NUMBER.fullmatch(text) or len(text.partition(".")[0]) > digits:
        raise invalid(name)
    return Decimal(text)


def parse_deadline(text: str, received: float) -> float:
    """RFC 3339, 2 to 60 s ahead; defaults to the exchange's 60 s."""
    if not text:
        return received + _DEADLINE_RANGE[1]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("deadline") from None
    if moment.tzinfo is None:
        raise invalid("deadline")
    left = moment.timestamp() - received
    if left <= 0:
        raise KrakenError("EService:Deadline elapsed")
    if not _DEADLINE_RANGE[0] - _CLOCK_SLACK <= left <= _DEADLINE_RANGE[1] + _CLOCK_SLACK:
        raise invalid("deadline")
    return moment.timestamp()


def parse_body(body: bytes, content_type: str) -> Arguments:
    """Raises KrakenError if the body is neither a form nor a JSON object."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise KrakenError("EAPI:Bad request") from None
    if "json" not in content_type:
        return Arguments(nested(parse_qsl(text, keep_blank_values=True)))
    try:
        values = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError:
        raise KrakenError("EAPI:Bad request") from None
    if not isinstance(values, dict):
        raise KrakenError("EAPI:Bad request")
    return Arguments(values)


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`close[price]=1` and `orders[0][type]=buy` as dicts and lists."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        head, parts = key.split("[", 1)[0], _BRACKETS.findall(key)
        place, name = tree, head
        for part in parts:
            place = place.setdefault(name, {})
            name = part or str(len(place))
            if not isinstance(place, dict):
                raise invalid(key)
        place[name] = value
    return {key: _lists(value) for key, value in tree.items()}


def _lists(value: Any) -> Any:  # noqa: ANN401  a tree of JSON values
    if not isinstance(value, dict):
        return value
    items = {key: _lists(item) for key, item in value.items()}
    if items and all(key.isdigit() for key in items):
        return [items[key] for key in sorted(items, key=int)]
    return items


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)
