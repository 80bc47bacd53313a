"""Rows of an answer that could not be parsed: each is recorded by id with the reason and hides no other row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from brokers.errors import BadAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")


class UnreadRows:
    """The unreadable rows of the latest answer of each list."""

    def __init__(self) -> None:
        self._lists: dict[str, dict[str, str]] = {}

    def begin(self, name: str) -> dict[str, str]:
        """An empty record for the list `name`, replacing that of its previous answer."""
        self._lists[name] = {}
        return self._lists[name]

    def replace(self, name: str, rows: Mapping[str, str]) -> None:
        """Record `rows` for the list `name`, in place of those of its previous answer."""
        self._lists[name] = dict(rows)

    def all(self) -> Mapping[str, str]:
        return {row_id: why for rows in list(self._lists.values()) for row_id, why in list(rows.items())}


def read_rows(
    rows: Iterable[Mapping[str, Any]],
    read: Callable[[Mapping[str, Any]], T],
    name: Callable[[Mapping[str, Any]], str],
    unread: dict[str, str],
) -> list[T]:
    """The result of `read` for each row. A row that raises BadAnswer is recorded in `unread` under its `name`."""
    found: list[T] = []
    for row in rows:
        try:
            found.append(read(row))
        except BadAnswer as error:
            unread[name(row)] = str(error)
    return found
