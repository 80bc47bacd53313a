"""Equity curves as series for a chart: of one account, and of all accounts of a currency together."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import TYPE_CHECKING

from brokers.figures import money
from nija.web.pages.recorder import ChartPoint
from nija.web.pages.words import moment_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nija.journal.records import EquityPoint

# Accounts connect one after another: until all have, their sum would only show that.
_START_SECONDS = 600.0
_POINTS_SHOWN = 800
_NONE = "The curve begins with the first minutes of trading"


def journaled_curve(series: Sequence[EquityPoint]) -> tuple[ChartPoint, ...]:
    """The journal's curve. Drawdown is measured on the value of a unit, which deposits do not change.

    A point at which the balance lagged behind a fill differs from both its neighbours: its capital is left out.
    """
    capitals = [float(point.equity - point.earned) for point in series]
    curve: list[ChartPoint] = []
    peak = 0.0
    for index, point in enumerate(series):
        neighbours = capitals[index - 1 : index + 2] if 0 < index < len(series) - 1 else [capitals[index]]
        capital = median(neighbours)
        peak = max(peak, float(point.unit))
        lost = 1 - float(point.unit) / peak if peak > 0 else 0.0
        curve.append(ChartPoint(point.time.timestamp(), capital + float(point.earned), lost))
    return tuple(curve)


def joined(journaled: Sequence[ChartPoint], recent: Sequence[ChartPoint]) -> tuple[ChartPoint, ...]:
    """The journal's points, some minutes apart, and those of the hours in which a page was open."""
    return tuple(sorted((*journaled, *recent), key=lambda point: point.time))


def together(curves: Mapping[str, Sequence[ChartPoint]]) -> tuple[ChartPoint, ...]:
    """The sum of several accounts' equities, each at its last known value. It has no drawdown of its own: 0."""
    begun = [curve[0].time for curve in curves.values() if curve]
    if not begun:
        return ()
    start = max(time for time in begun if time - min(begun) <= _START_SECONDS)
    steps = sorted((point.time, name, point.equity) for name, curve in curves.items() for point in curve)
    last: dict[str, float] = {}
    sums: dict[float, float] = {}
    for time, name, equity in steps:
        last[name] = equity
        if time >= start:
            sums[time] = sum(last.values())
    return tuple(ChartPoint(time, equity, 0.0) for time, equity in sums.items())


def equity_data(points: Sequence[ChartPoint], currency: str, whose: str = "") -> dict[str, object]:
    """Columns for the chart, and one sentence that says the same to those who cannot see it."""
    shown = _thinned(points)
    note = ""
    if len(shown) > 1:
        first, last = (money(Decimal(repr(point.equity)), currency) for point in (shown[0], shown[-1]))
        note = f"{whose}{first} to {last} since {moment_of(shown[0].time)} UTC"
    return {
        "time": [round(point.time, 1) for point in shown],
        "equity": [round(point.equity, 8) for point in shown],
        "drawdown": [round(point.drawdown, 6) for point in shown],
        "note": note,
        "none": _NONE,
    }


def _thinned(points: Sequence[ChartPoint]) -> Sequence[ChartPoint]:
    """At most as many as a chart can show, with the last one."""
    step = len(points) // _POINTS_SHOWN + 1
    return points[::-1][::step][::-1]
