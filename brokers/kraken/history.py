"""Paging through Kraken's histories: 50 rows a page, newest first.

Pages are cut by `end`, not by `ofs`: rows that arrive meanwhile would shift every offset and hide rows behind it.
"""

from __future__ import annotations

from decimal import ROUND_CEILING
from typing import TYPE_CHECKING, Any

from brokers.kraken.wire import decimal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

PAGE = 50

Rows = dict[str, dict[str, Any]]


def start_param(since: datetime) -> str:
    """`start` is exclusive and in whole seconds: begin a second early, and let the caller drop what is too old."""
    return str(int(since.timestamp()) - 1)


def all_rows(page: Callable[[dict[str, str]], Rows], time_field: str) -> Rows:
    """Every row by id, once each; `page` asks for one page with the given cursor parameters."""
    rows: Rows = {}
    cursor: dict[str, str] = {}
    offset = 0
    while True:
        latest = page(cursor | ({"ofs": str(offset)} if offset else {}))
        fresh = latest.keys() - rows.keys()
        rows.update(latest)
        if len(latest) < PAGE:
            return rows
        if fresh:
            oldest = min(decimal_of(row[time_field]) for row in latest.values())
            cursor = {"end": str(oldest.to_integral_value(rounding=ROUND_CEILING))}
            offset = 0
        else:
            # More than a page of rows in one second: only an offset within it leads on.
            offset += PAGE
