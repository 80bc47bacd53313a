"""The report of a search on a terminal: maps, figures, and what they are worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brokers.figures import number
from nija.optimize.map_view import map_views
from nija.optimize.wording import (
    NONE,
    cautions,
    counted,
    day_range,
    heading,
    held_back_text,
    is_annual,
    parts,
    plateau_text,
    rate,
    ratio_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from nija.optimize.chosen import RangeFigures
    from nija.optimize.map_view import MapCell, MapView
    from nija.optimize.study import StudyReport

_GAP = 2
_INDENT = 3
_MIDDLE, _PEAK, _ON, _OFF = "◆", "▲", "·", " "
_LEGEND = f"{_MIDDLE} middle of the widest plateau, {_ON} on it, {_PEAK} peak"


def report_parts(report: StudyReport, notes: Sequence[str], width: int | None) -> Iterator[RenderableType | str]:
    """For a terminal of `width` columns; None for a program. `notes` say what was assumed."""
    yield heading(report)
    yield Text(counted(report))
    yield _pairs(report)
    for view in map_views(report):
        yield ""
        yield from _map(view, width, annual=is_annual(report.findings))
    yield ""
    yield _LEGEND
    yield ""
    yield Text(plateau_text(report))
    if report.middle is not None:
        yield ""
        yield _chosen_table(report)
    yield ""
    yield "Walk-forward: each test trades the middle that its own training names"
    yield _fold_table(report)
    for line in (*cautions(report), *held_back_text(report)):
        yield ""
        yield Text(line)
    yield ""
    yield "Assumed"
    for note in notes:
        yield Padding(Text(note), (0, 0, 0, _INDENT), expand=False)


def _pairs(report: StudyReport) -> Table:
    table = Table.grid(padding=(0, _GAP, 0, 0))
    for name, text in parts(report):
        table.add_row(name, text)
    return table


def _map(view: MapView, width: int | None, *, annual: bool) -> Iterator[RenderableType | str]:
    yield f"{ratio_name(annual=annual)}, {view.title}" + (f", with {view.fixed}" if view.fixed else "")
    for both in (True, False):
        table = _map_table(view, both=both)
        if width is None or _width(view, both=both) <= width:
            if view.columns:
                shown = "own value and its neighbours' median" if both else "the median of each and its neighbours"
                yield f"{view.row_key} down, {view.column_key} across; {shown}"
            yield table
            return
    yield f"{len(view.columns)} values of {view.column_key} do not fit here: the HTML file has the map."


def _map_table(view: MapView, *, both: bool) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    table.add_column(view.row_key, justify="right", no_wrap=True)
    for title in view.columns or ("ratio, neighbours",):
        table.add_column(title, justify="right", no_wrap=True)
    for name, cells in zip(view.rows, view.cells, strict=True):
        table.add_row(name, *(_cell(cell, both=both) for cell in cells))
    return table


def _cell(cell: MapCell, *, both: bool) -> Text:
    mark = _MIDDLE if cell.is_middle else _PEAK if cell.is_peak else _ON if cell.on_plateau else _OFF
    style = "bold green" if cell.on_plateau else "red" if cell.median.startswith("-") else ""
    return Text(f"{_values(cell, both=both)}{mark}", style=style)


def _values(cell: MapCell, *, both: bool) -> str:
    return f"{cell.score} {cell.median}" if both else cell.median


def _width(view: MapView, *, both: bool) -> int:
    columns = zip(*view.cells, strict=True)
    titles = view.columns or ("ratio, neighbours",)
    widths = [
        max(len(title), *(len(_values(cell, both=both)) + 1 for cell in column))
        for title, column in zip(titles, columns, strict=True)
    ]
    return max(len(view.row_key), *(len(name) for name in view.rows)) + sum(widths) + _GAP * len(widths)


def _chosen_table(report: StudyReport) -> Table:
    table = _table("", "in sample", "drawdown", "trades", "walk-forward", "drawdown", "trades")
    for name, chosen in (("middle", report.middle), ("peak", report.peak)):
        if chosen is not None:
            table.add_row(name, *_figures(chosen.in_sample), *_figures(chosen.walk_forward))
    if report.middle is not None:
        inside, after = report.middle.in_sample.held, report.middle.walk_forward.held
        table.add_row("buy and hold", rate(inside), "", "", rate(after), "", "")
    return table


def _figures(known: RangeFigures) -> tuple[str, str, str]:
    figures = known.figures
    return rate(figures.net_return), rate(-figures.max_drawdown), str(figures.trades)


def _fold_table(report: StudyReport) -> Table:
    table = _table("test", ", ".join(report.study.grid.keys), "return", "buy and hold", "trades")
    table.columns[1].justify = "left"
    for fold in report.walk_forward.folds:
        chosen = "no trade" if fold.variant is None else ", ".join(map(number, fold.variant.values))
        test = fold.test
        figures = (
            (NONE, NONE, NONE)
            if test is None
            else (rate(test.figures.net_return), rate(test.held), str(test.figures.trades))
        )
        table.add_row(day_range(fold.choice.fold.test), chosen, *figures)
    table.add_row("all tests", "", rate(report.walk_forward.net_return), "", str(report.walk_forward.trades))
    return table


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for place, title in enumerate(titles):
        table.add_column(title, justify="right" if place else "left", no_wrap=not place)
    return table
