"""Where a strategy works whatever the exact value: the widest plateau of the grid, and its middle."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Cell = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plateau:
    """`cells` are connected, and the scores around each of them have a median of at least `level`."""

    cells: frozenset[Cell]
    middle: Cell
    level: float


def neighbours_median(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each cell the median of its own score and those one step away in any direction; nan where it has no score."""
    medians = np.full_like(scores, np.nan)
    for cell in _scored(scores):
        around = tuple(slice(max(0, index - 1), index + 2) for index in cell)
        medians[cell] = np.nanmedian(scores[around])
    return medians


def peak(scores: NDArray[np.float64]) -> Cell | None:
    """The cell with the highest score; None if no cell has one."""
    if np.isnan(scores).all():
        return None
    return _plain(np.unravel_index(int(np.nanargmax(scores)), scores.shape))


def widest_plateau(scores: NDArray[np.float64], error: float) -> Plateau | None:
    """The largest group of connected cells whose neighbours' medians are at or above the level; None without scores.

    The level is one standard `error` of a score under the highest of these medians (the one-standard-error rule of
    Breiman, Friedman, Olshen and Stone, 1984), but not under 0 while the highest is above it. The middle is the cell
    with the least sum of distances to all others of the plateau; the higher median decides between equals.
    """
    medians = neighbours_median(scores)
    if np.isnan(medians).all():
        return None
    highest = float(np.nanmax(medians))
    level = highest - error if highest <= 0 else max(highest - error, 0.0)
    groups = _connected({cell for cell in _scored(medians) if medians[cell] >= level})
    widest = max(groups, key=lambda group: (len(group), float(np.mean([medians[cell] for cell in group]))))
    return Plateau(frozenset(widest), _middle(widest, medians), level)


def _middle(cells: list[Cell], medians: NDArray[np.float64]) -> Cell:
    places = np.array(cells)
    distances = np.array([np.abs(places - place).sum() for place in places])
    return min(zip(distances, cells, strict=True), key=lambda one: (one[0], -medians[one[1]], one[1]))[1]


def _connected(cells: set[Cell]) -> list[list[Cell]]:
    left, groups = set(cells), []
    while left:
        group = [min(left)]
        left.discard(group[0])
        for cell in group:
            beside = sorted(left.intersection(_beside(cell)))
            left.difference_update(beside)
            group.extend(beside)
        groups.append(group)
    return groups


def _beside(cell: Cell) -> Iterator[Cell]:
    for axis, step in product(range(len(cell)), (-1, 1)):
        yield (*cell[:axis], cell[axis] + step, *cell[axis + 1 :])


def _scored(scores: NDArray[np.float64]) -> Iterator[Cell]:
    return (_plain(cell) for cell in zip(*np.nonzero(~np.isnan(scores)), strict=True))


def _plain(cell: tuple[np.integer, ...]) -> Cell:
    return tuple(int(index) for index in cell)
