"""Which cells of a map are shown in two dimensions, and as what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.figures import number
from nija.optimize.wording import is_annual, ratio

if TYPE_CHECKING:
    from nija.optimize.findings import PlateauMap
    from nija.optimize.plateau import Cell
    from nija.optimize.study import StudyReport


@dataclass(frozen=True, slots=True)
class MapCell:
    """`warmth` is from 0, the lowest neighbours' median shown in either map, to 1, the highest; None without one."""

    score: str
    median: str
    warmth: float | None
    on_plateau: bool
    is_middle: bool
    is_peak: bool


@dataclass(frozen=True, slots=True)
class MapView:
    """The first two parameters, rows by columns; `fixed` names the value of each other one. One column for one."""

    title: str
    row_key: str
    column_key: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[MapCell, ...], ...]
    fixed: str


def map_views(report: StudyReport) -> tuple[MapView, MapView]:
    """In sample, and walk-forward."""
    findings = report.findings
    return _view(report, findings.in_sample, "in sample"), _view(report, findings.walk_forward, "walk-forward")


def _view(report: StudyReport, known: PlateauMap, title: str) -> MapView:
    grid = report.study.grid
    ranges = grid.ranges
    through = _cut(report)
    columns = ranges[1].values if len(ranges) > 1 else ()
    fixed = [f"{one.key} = {number(one.values[index])}" for one, index in list(zip(ranges, through, strict=True))[2:]]
    cells = tuple(
        tuple(_cell(report, known, _place(through, row, column)) for column in range(max(1, len(columns))))
        for row in range(len(ranges[0].values))
    )
    return MapView(
        title=title,
        row_key=ranges[0].key,
        column_key=ranges[1].key if len(ranges) > 1 else "",
        rows=tuple(number(value) for value in ranges[0].values),
        columns=tuple(number(value) for value in columns),
        cells=cells,
        fixed=", ".join(fixed),
    )


def _cut(report: StudyReport) -> Cell:
    """The cell through which the map is cut: the middle of the plateau, or the first one without a plateau."""
    plateau = report.findings.plateau
    return (0,) * len(report.study.grid.ranges) if plateau is None else plateau.middle


def _place(through: Cell, row: int, column: int) -> Cell:
    return (row, column, *through[2:])[: len(through)]


def _cell(report: StudyReport, known: PlateauMap, cell: Cell) -> MapCell:
    findings, annual = report.findings, is_annual(report.findings)
    plateau = findings.plateau
    median = float(known.medians[cell])
    return MapCell(
        score=ratio(float(known.scores[cell]), annual=annual),
        median=ratio(median, annual=annual),
        warmth=_warmth(report, median),
        on_plateau=plateau is not None and cell in plateau.cells,
        is_middle=plateau is not None and cell == plateau.middle,
        is_peak=cell == findings.peak,
    )


def _warmth(report: StudyReport, median: float) -> float | None:
    both = np.concatenate((report.findings.in_sample.medians.ravel(), report.findings.walk_forward.medians.ravel()))
    if np.isnan(median):
        return None
    low, high = float(np.nanmin(both)), float(np.nanmax(both))
    return 1.0 if high <= low else (median - low) / (high - low)
