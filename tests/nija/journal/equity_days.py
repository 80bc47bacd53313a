"""Rows of the equity table, for tests."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from nija.journal.records import EquityDay

if TYPE_CHECKING:
    from datetime import datetime


def equity_day(
    updated: datetime, opening: str, latest: str, peak: str, earned: str | None = None, capital: str | None = None
) -> EquityDay:
    """A row for the day of `updated`; without `earned` and `capital`, as rows were before revision 0003."""
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
