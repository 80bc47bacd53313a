"""Columns of text: which of them fit a terminal, and their rows, with the decimal points beneath each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from brokers.figures import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_GAP = "  "


@dataclass(frozen=True, slots=True)
class StatusColumn:
    """A narrow terminal does without the columns of the lowest `rank`."""

    title: str
    rank: int
    cells: tuple[Text, ...]
    is_left: bool = False

    @property
    def width(self) -> int:
        return max(cell_len(self.title), *(cell.cell_len for cell in self.cells))

    @property
    def is_known(self) -> bool:
        """Whether it says anything in any row."""
        return any(cell.plain.strip() != UNKNOWN for cell in self.cells)

    def lines(self) -> list[Text]:
        """The title and the cells, each as wide as the column."""
        return [self._padded(Text(self.title)), *map(self._padded, self.cells)]

    def _padded(self, cell: Text) -> Text:
        space = " " * (self.width - cell.cell_len)
        return cell + space if self.is_left else Text(space) + cell


def fitting(columns: Iterable[StatusColumn], width: int) -> list[StatusColumn]:
    """Those that fit `width`. The first to go are unknown in every row."""
    left = list(columns)
    while len(left) > 1 and sum(column.width + len(_GAP) for column in left) - len(_GAP) > width:
        left.remove(min(left, key=lambda column: (column.is_known, column.rank)))
    return left


def rows(columns: Sequence[StatusColumn]) -> list[Text]:
    """The titles, and a line for each row."""
    table = [Text(_GAP).join(cells) for cells in zip(*(column.lines() for column in columns), strict=True)]
    for line in table:
        line.rstrip()
    return table


def at_the_point(figures: Iterable[str]) -> tuple[str, ...]:
    """Padded, so that the decimal points stand beneath each other when they are aligned to the right."""
    texts = tuple(figures)
    tails = [len(text) - text.find(".") if "." in text else 0 for text in texts]
    most = max(tails, default=0)
    return tuple(
        text + " " * (most - tail) if text[-1:].isdigit() else text for text, tail in zip(texts, tails, strict=True)
    )
