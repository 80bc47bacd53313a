"""Coinbase's JSON read field by field: money as text, times as RFC 3339. Whatever is amiss raises BadAnswer."""

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
    """What `read` finds, or `default` where it cannot be read."""
    try:
        return read()
    except BadAnswer:
        return default


def text(fields: JsonObject, name: str) -> str:
    """A field that must hold something."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return value


def optional_text(fields: JsonObject, name: str) -> str:
    """A field's text, or "" where it is absent, null or something else."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def number(fields: JsonObject, name: str) -> Decimal:
    """A number that must be there; the empty text is Coinbase's zero."""
    if fields.get(name) is None:
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return optional_number(fields, name)


def optional_number(fields: JsonObject, name: str) -> Decimal:
    """A number, or 0 where the field is absent, null or empty. A JSON float has lost digits already and is refused."""
    value = fields.get(name)
    if value is None or value == "":
        return ZERO
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadAnswer(f"Coinbase answered `{name}` as {type(value).__name__}, not as text")
    try:
        result = Decimal(value)
    except InvalidOperation:
        result = Decimal("NaN")
    # Amounts and prices lie far within; beyond them, dividing two of them would fail.
    if not result.is_finite() or abs(result.adjusted()) > _DIGITS:
        raise BadAnswer(f"Coinbase answered `{name}` with something that is no number")
    return result


def section(fields: JsonObject, name: str) -> JsonObject:
    """An object inside the answer."""
    value = fields.get(name)
    if not isinstance(value, dict):
        raise BadAnswer(f"Coinbase answered without `{name}`")
    return value


def rows(fields: JsonObject, name: str) -> list[JsonObject]:
    """A list of objects inside the answer; a row that is none becomes an empty one, which hides no other."""
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
    """A moment, or None where the field is absent, null or empty. Digits below a microsecond are dropped.

    A moment before 1970 is the exchange's way of writing none at all (`0001-01-01T00:00:00Z`).
    """
    value = optional_text(fields, name)
    if not value:
        return None
    try:
        told = datetime.fromisoformat(value)
        result = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadAnswer(f"Coinbase answered `{name}` with something that is no time") from None
    return result if result >= _FIRST_MOMENT else None


def side_of(fields: JsonObject) -> Side:
    side = text(fields, "side")
    if side not in ("BUY", "SELL"):
        raise BadAnswer("Coinbase answered `side` with neither BUY nor SELL")
    return Side(side.lower())


def rfc3339(time: datetime) -> str:
    """`time` down to the second, as Coinbase takes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plain(value: Decimal) -> str:
    """Never in exponents: 0.00001 and not 1E-5."""
    return format(value, "f")


def product_id(symbol: str) -> str:
    """BTC/USD is BTC-USD on the wire."""
    return symbol.replace("/", "-")


def symbol_of(product: str) -> str:
    return product.replace("-", "/")


def is_spot(product: str) -> bool:
    """Futures and perpetuals carry more than two parts, such as BTC-PERP-INTX."""
    return product.count("-") == 1
