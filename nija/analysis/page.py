"""The report as one HTML file that asks for nothing else: to look at or to send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from brokers.figures import money, percent, price, signed_money
from nija.analysis.cautions import cautions, day, few, rate
from nija.analysis.chart_data import charts
from nija.vendor import BROWSER_FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from nija.analysis.analysis import Analysis
    from nija.backtest.records import BacktestTrade

_UPLOT_SCRIPT, _UPLOT_STYLES = "uplot-1.6.32.min.js", "uplot-1.6.32.min.css"
_OWN_FILES = Path(__file__).parent / "static"
# A month this far from nothing has the full colour.
_FULL_COLOUR = 0.10


@dataclass(frozen=True, slots=True)
class FeeShares:
    """Of the winners' gross profit, as fractions: what fees took, what slippage took, what is left (maybe nothing)."""

    fees: float
    slippage: float
    left: float


def backtest_page(analyses: Sequence[Analysis], notes: Sequence[str]) -> str:
    """`notes` are what was assumed because nobody said it."""
    templates = Environment(
        loader=PackageLoader("nija.analysis"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "money": money,
        "signed_money": signed_money,
        "percent": percent,
        "price": price,
        "rate": rate,
        "signed_rate": lambda value: rate(value, signed=True),
        "day": day,
        "few": few,
        "heat": lambda value: round(min(1.0, abs(value) / _FULL_COLOUR), 2),
    }
    data = [{**charts(one), "trades": _rows(one.result.trades)} for one in analyses]
    return templates.get_template("backtest.html").render(
        analyses=analyses,
        notes=notes,
        cautions=[cautions(one) for one in analyses],
        shares=[fee_shares(one) for one in analyses],
        years=[_years(one) for one in analyses],
        scripts=[_inline(BROWSER_FILES / _UPLOT_SCRIPT), _inline(_OWN_FILES / "backtest.js")],
        styles=[_inline(BROWSER_FILES / _UPLOT_STYLES), _inline(_OWN_FILES / "backtest.css")],
        data=_json(data),
    )


def fee_shares(analysis: Analysis) -> FeeShares | None:
    """None if no trade made a gross profit."""
    figures = analysis.figures
    costs = float(figures.fees + figures.slippage)
    if not figures.fee_share or not costs:
        return None
    fees = figures.fee_share * float(figures.fees) / costs
    return FeeShares(fees, figures.fee_share - fees, max(0.0, 1 - figures.fee_share))


def _years(analysis: Analysis) -> dict[int, list[float | None]]:
    """The returns of the twelve months of each year; None where nothing was tested."""
    years: dict[int, list[float | None]] = {}
    for one in analysis.months:
        years.setdefault(one.month.year, [None] * 12)[one.month.month - 1] = one.rate
    return years


def _rows(trades: Iterable[BacktestTrade]) -> list[list[Any]]:
    return [_row(trade) for trade in trades]


def _row(trade: BacktestTrade) -> list[Any]:
    """As shown, but for the two times, in Unix seconds."""
    quote = trade.market.partition("/")[2]

    def average(value: Decimal) -> str:
        return price(value / trade.bought, trade.market)

    return [
        trade.market,
        trade.opened,
        trade.closed,
        average(trade.cost),
        average(trade.proceeds),
        trade.fills[-1].reason.value,
        money(trade.cost, quote),
        money(trade.fees, quote),
        signed_money(trade.net, quote),
        percent(trade.net_return, signed=True),
    ]


def _inline(file: Path) -> Markup:
    """A file as it is: ours and the vendored ones have nothing that would end their element."""
    return Markup(file.read_text(encoding="utf-8"))  # noqa: S704 - not from outside


def _json(data: list[dict[str, Any]]) -> Markup:
    """Safe within an element of the page, whatever a market is called."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704 - no element can begin in it
