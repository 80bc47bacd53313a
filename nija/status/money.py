"""Figures as people read them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

UNKNOWN = "–"


def money(amount: Decimal | None, currency: str) -> str:
    """`$123.45` for dollars, `123.45 EUR` for anything else."""
    if amount is None:
        return UNKNOWN
    return f"${amount:.2f}" if currency == "USD" else f"{amount:.2f} {currency}"


def signed_money(amount: Decimal | None, currency: str) -> str:
    """`+$1.20`, `-$0.30`."""
    if amount is None:
        return UNKNOWN
    return ("-" if amount < 0 else "+") + money(abs(amount), currency)


def percent(fraction: Decimal | None, *, signed: bool = False) -> str:
    """`3.25 %` of a fraction."""
    if fraction is None:
        return UNKNOWN
    return f"{fraction * 100:+.2f} %" if signed else f"{fraction * 100:.2f} %"


def number(value: Decimal | None) -> str:
    """A price or an amount with all its digits."""
    return UNKNOWN if value is None else format(value, "f")


def span(length: timedelta) -> str:
    """`12 s`, `5 min`, `3 h 12 min`, `4 d 2 h`."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:  # noqa: PLR2004  a minute
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if hours == 0:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if days == 0 else f"{days} d {hours % 24} h"


def duration(seconds: float | None) -> str:
    """The same for a number of seconds."""
    return UNKNOWN if seconds is None else span(timedelta(seconds=seconds))


def ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{span(now - moment)} ago"
