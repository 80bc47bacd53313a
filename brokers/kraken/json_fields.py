"""Single values in Kraken's JSON: numbers as text, times in Unix seconds."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What parsing a row of unexpected shape raises.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """Turn the errors of parsing an answer of unexpected shape into BadAnswer."""
    try:
        yield
    except (*UNREADABLE, StopIteration) as error:
        raise BadAnswer(f"Kraken's {what} have an unknown shape ({type(error).__name__}: {error})") from error


def decimal_of(value: object) -> Decimal:
    """A number exactly as sent. A float has already lost digits, so it is refused."""
    if isinstance(value, float | bool):
        raise TypeError("a float where an exact number was expected")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{number} where a number was expected")
    return number


def moment_of(seconds: object) -> datetime:
    """Unix seconds with a fraction, to the microsecond."""
    return EPOCH + timedelta(microseconds=int(decimal_of(seconds) * 1_000_000))


def plain(value: Decimal) -> str:
    """Without an exponent: Kraken refuses `1e-05` as a volume."""
    return format(value, "f")


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
