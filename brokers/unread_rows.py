"""Rows that cannot be read: each is noted by its id, with why, and hides none of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from brokers.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from brokers.coinbase.json_fields import JsonObject

T = TypeVar("T")


class UnreadRows:
    """What the last answer of each list left unread."""

    def __init__(self) -> None:
        self._lists: dict[str, dict[str, str]] = {}

    def begin(self, name: str) -> dict[str, str]:
        """A new place for the rows of the list `name`, instead of what its last answer left."""
        self._lists[name] = {}
        return self._lists[name]

    def all(self) -> Mapping[str, str]:
        return {row_id: why for rows in self._lists.values() for row_id, why in rows.items()}


def read_rows(
    rows: Iterable[JsonObject],
    read: Callable[[JsonObject], T],
    name: Callable[[JsonObject], str],
    unread: dict[str, str],
) -> list[T]:
    """What `read` makes of each row. One that it cannot read goes into `unread` under its `name`."""
    found: list[T] = []
    for row in rows:
        try:
            found.append(read(row))
        except BadAnswer as error:
            unread[name(row)] = str(error)
    return found
