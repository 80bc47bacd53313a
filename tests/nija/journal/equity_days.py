"""Rows of the table of units, as tests write them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from nija.journal.records import EquityDay

if TYPE_CHECKING:
    from datetime import datetime


def equity_day(
    updated: datetime, opening: str, latest: str, peak: str, earned: str | None = None, capital: str | None = None
) -> EquityDay:
    """The day of `updated`; without `earned` and `capital` as it was written before limits in returns."""
    return EquityDay(
        day=updated.date(),
        currency="USD",
        opening=Decimal(opening),
        latest=Decimal(latest),
        peak=Decimal(peak),
        earned=None if earned is None else Decimal(earned),
        capital=None if capital is None else Decimal(capital),
        updated=updated,
    )
