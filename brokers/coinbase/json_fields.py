"""Single values in Coinbase's JSON: numbers as text, times as RFC 3339. Anything unexpected raises BadAnswer."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, TypeVar

from brokers.errors import BadAnswer
from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    JsonObject = Mapping[str, Any]

T = TypeVar("T")

_DIGITS = 40
_FIRST_MOMENT = datetime.fromtimestamp(0, UTC)


def readable(read: Callable[[], T], default: T) -> T:
    """The result of `read`, or `default` if it raises BadAnswer."""
    try:
        return read()
    except BadAnswer:
        return default


def text(fields: JsonObject, name: str) -> str:
    """A field that must hold text."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return value


def optional_text(fields: JsonObject, name: str) -> str:
    """A field's text, or "" if it is missing, null or not text."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def number(fields: JsonObject, name: str) -> Decimal:
    """A required number; Coinbase writes zero as an empty text."""
    if fields.get(name) is None:
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return optional_number(fields, name)


def optional_number(fields: JsonObject, name: str) -> Decimal:
    """A number, or 0 if the field is missing, null or empty. A JSON float has lost digits already and is refused."""
    value = fields.get(name)
    if value is None or value == "":
        return ZERO
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadAnswer(f"Coinbase answered `{name}` as {type(value).__name__}, not as text")
    try:
        result = Decimal(value)
    except InvalidOperation:
        result = Decimal("NaN")
    # Amounts and prices are far smaller; beyond this, dividing one by another would fail.
    if not result.is_finite() or abs(result.adjusted()) > _DIGITS:
        raise BadAnswer(f"Coinbase answered `{name}` with something that is not a number")
    return result


def section(fields: JsonObject, name: str) -> JsonObject:
    """A nested object."""
    value = fields.get(name)
    if not isinstance(value, dict):
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return value


def rows(fields: JsonObject, name: str) -> list[JsonObject]:
    """A nested list of objects; a row that is not an object becomes an empty one and hides no other row."""
    value = fields.get(name)
    if not isinstance(value, list):
        raise BadAnswer(f"Coinbase answered without the list `{name}`")
    return [row if isinstance(row, dict) else {} for row in value]


def moment(fields: JsonObject, name: str) -> datetime:
    value = optional_moment(fields, name)
    if value is None:
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return value


def optional_moment(fields: JsonObject, name: str) -> datetime | None:
    """A time, or None if the field is missing, null or empty. Digits below a microsecond are dropped.

    A time before 1970 is how the exchange writes "none" (`0001-01-01T00:00:00Z`).
    """
    value = optional_text(fields, name)
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
        result = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadAnswer(f"Coinbase answered `{name}` with something that is not a time") from None
    return result if result >= _FIRST_MOMENT else None


def side_of(fields: JsonObject) -> Side:
    side = text(fields, "side")
    if side not in ("BUY", "SELL"):
        raise BadAnswer("Coinbase answered `side` with neither BUY nor SELL")
    return Side(side.lower())


def rfc3339(time: datetime) -> str:
    """`time` rounded down to the second, as Coinbase expects it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: Decimal) -> str:
    """Without an exponent: 0.00001, not 1E-5."""
    return format(value, "f")
