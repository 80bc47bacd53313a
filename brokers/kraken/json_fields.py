"""Values of Kraken's JSON, read and written."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What reading a row of unknown shape trips over.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """Turn whatever an answer of unknown shape trips over into BadAnswer."""
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, StopIteration) as error:
        raise BadAnswer(f"Kraken's {what} have an unknown shape ({type(error).__name__}: {error})") from error


def decimal_of(value: object) -> Decimal:
    """A number as it was written on the wire. A float has already lost digits, so it is refused."""
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
    """Without an exponent: `1e-05` is refused as a volume."""
    return format(value, "f")


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
