"""Tables of figures for a terminal of any width; a narrow one does without the least important columns."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.table import Table

from nija.status.render import console_for, width_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import RenderableType

_GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A narrow terminal does without the columns of the lowest `rank`."""

    title: str
    rank: int
    is_text: bool = False


def figures_table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Table:
    """For a terminal of `width` columns; None for a program, which gets the whole table."""
    shown = set(range(len(columns)))
    while width is not None and len(shown) > 1 and _width(columns, rows, shown) > width:
        shown.remove(min(shown, key=lambda index: columns[index].rank))
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for index in sorted(shown):
        column = columns[index]
        table.add_column(column.title, justify="left" if column.is_text else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(row[index] for index in sorted(shown)))
    return table


def print_all(parts: Iterable[RenderableType | str]) -> None:
    """On standard output."""
    console = console_for(sys.stdout)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))


def terminal_width() -> int | None:
    """None where a program reads."""
    return width_of(console_for(sys.stdout))


def _width(columns: Sequence[Column], rows: Sequence[Sequence[str]], shown: set[int]) -> int:
    widest = (max(len(cell) for cell in (columns[index].title, *(row[index] for row in rows))) for index in shown)
    return sum(widest) + _GAP * (len(shown) - 1)
