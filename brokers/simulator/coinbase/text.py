"""Numbers and times as sent: always strings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


def plain(value: Decimal) -> str:
    """Without an exponent or trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def stepped(value: Decimal, step: Decimal) -> str:
    """With as many decimals as the step has."""
    return format(value.quantize(step), "f")


def rfc3339(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
