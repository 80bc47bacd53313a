"""The performance as one HTML file that needs nothing else: to look at, to print or to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from brokers.figures import amount, money, percent, price, signed_money
from nija.performance.account import together

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from nija.journal.records import EquityPoint
    from nija.performance.account import AccountPerformance

_WIDTH, _HEIGHT = 600, 120
_POINTS_AT_MOST = 400


def performance_page(accounts: Sequence[AccountPerformance], notes: Sequence[str], now: datetime) -> str:
    """`notes` are what to read before the figures."""
    templates = Environment(
        loader=PackageLoader("nija.performance"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "amount": amount,
        "money": money,
        "percent": percent,
        "price": price,
        "signed_money": signed_money,
        "signed_percent": lambda fraction: percent(fraction, signed=True),
    }
    template = templates.get_template("performance.html")
    curves = {str(one.account): curve(one.series) for one in accounts}
    return template.render(accounts=accounts, totals=together(accounts), notes=notes, now=now, curves=curves)


def curve(series: Sequence[EquityPoint]) -> str:
    """The points of an SVG polyline of the unit's value, 600 wide and 120 high; empty if there is no line to draw."""
    step = max(1, -(-len(series) // _POINTS_AT_MOST))
    shown = [*series[:-1:step], *series[-1:]]
    units = [float(point.unit) for point in shown]
    times = [point.time.timestamp() for point in shown]
    if len(shown) < 2 or times[-1] <= times[0]:  # noqa: PLR2004  a line has two ends
        return ""
    low, span = min(units), (max(units) - min(units)) or 1.0
    return " ".join(
        f"{round(_WIDTH * (time - times[0]) / (times[-1] - times[0]), 1)},"
        f"{round(_HEIGHT - _HEIGHT * (unit - low) / span, 1)}"
        for time, unit in zip(times, units, strict=True)
    )
