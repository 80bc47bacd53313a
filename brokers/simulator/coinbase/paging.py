"""Pages by cursor. A cursor names the last row returned, so that new rows do not shift the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from brokers.simulator.coinbase.errors import invalid_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brokers.simulator.coinbase.arguments import Query

Row = TypeVar("Row")


def page(
    rows: Sequence[Row], query: Query, *, default: int, largest: int, identity: Callable[[Row], str]
) -> tuple[Sequence[Row], str]:
    """The rows after the query's cursor, and the cursor of the next page, or an empty one."""
    limit = query.limit(default, largest)
    start = _start(rows, query.text("cursor"), identity)
    part = rows[start : start + limit]
    more = start + limit < len(rows)
    return part, f"{start + limit}.{identity(part[-1])}" if more else ""


def _start(rows: Sequence[Row], cursor: str, identity: Callable[[Row], str]) -> int:
    if not cursor:
        return 0
    place, _, last = cursor.partition(".")
    if not place.isdigit() or not last:
        raise invalid_argument("cursor is not valid")
    # Newer rows may have been added on top: the row only moves down.
    for index in range(max(int(place) - 1, 0), len(rows)):
        if identity(rows[index]) == last:
            return index + 1
    raise invalid_argument("cursor is not valid")
