"""The text of `nija backtest`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brokers.figures import money, points, ratio, signed_money
from nija.analysis.cautions import cautions, day, few, rate
from nija.cli.table import Column, figures_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from nija.analysis.analysis import Analysis
    from nija.analysis.figures import Figures

_INDENT = 3
_LABEL = 24
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PARTS = (
    Column("", 9, is_text=True),
    Column("Trades", 5),
    Column("Return", 8),
    Column("Drawdown", 6),
    Column("Average trade", 7),
    Column("Won", 3),
    Column("Fees", 2),
)
_ACCOUNTS = (
    Column("Account", 9, is_text=True),
    Column("Trades", 5),
    Column("Return", 8),
    Column("Drawdown", 6),
    Column("Buy & hold", 7),
    Column("Fees", 3),
)


def report_parts(
    analyses: Sequence[Analysis], notes: Sequence[str], width: int | None
) -> Iterator[RenderableType | str]:
    """For a terminal of `width` columns; None for a program, which gets whole tables. `notes` say what was assumed."""
    if len(analyses) > 1:
        yield figures_table(_ACCOUNTS, [_account_row(one) for one in analyses], width)
        yield Text("")
    for analysis in analyses:
        yield from _account(analysis, None if width is None else width - _INDENT)
    yield Text("Assumed", style="bold")
    yield from _sentences(notes, width)


def _account(analysis: Analysis, width: int | None) -> Iterator[RenderableType | str]:
    result = analysis.result
    markets = ", ".join(history.market.symbol for history in result.histories)
    plan = result.account.plan
    yield Text(f"{result.account.name}: {plan.strategy_name} on {markets}, {result.timeframe} candles", style="bold")
    for label, value in _figures(analysis):
        yield _line(label, value)
    yield from _section("Compared", _compared(analysis))
    if analysis.before is not None and analysis.after is not None:
        yield Text("")
        yield _indented(_parts(analysis, analysis.before, analysis.after, width))
    if analysis.months:
        yield from _months(analysis)
    if result.not_opened:
        yield Text("")
        yield _indented(Text("Not opened", style="bold"))
        texts = (f"{one.market}, {one.rule}, {one.count} ×: {one.example}" for one in result.not_opened)
        yield from _sentences(texts, width)
    yield Text("")
    yield _indented(Text("Keep in mind", style="bold"))
    yield from _sentences(cautions(analysis), width)
    yield Text("")


def _figures(analysis: Analysis) -> Iterator[tuple[str, str]]:
    figures, account = analysis.figures, analysis.result.account
    currency = account.plan.quote
    final = account.cash * (1 + analysis.result.total_return)
    open_one = f", {figures.unfinished} of them open at the end" if figures.unfinished else ""
    yield "From, to", f"{day(figures.since)} to {day(figures.until - 1)}"
    yield "Trades", f"{figures.trades}{few(figures)}{open_one}"
    yield (
        "Net return",
        f"{rate(figures.net_return, signed=True)}: {money(account.cash, currency)} became {money(final, currency)}",
    )
    yield "Largest drawdown", rate(figures.max_drawdown)
    if figures.worst_month is not None:
        yield "Worst month", f"{rate(figures.worst_month.rate, signed=True)} ({figures.worst_month.month:%Y-%m})"
    water = figures.under_water
    yield "Longest under water", f"{water.days} days{'' if water.is_over else ', not over at the end'}"
    yield "Exposure", f"{rate(figures.exposed)} of the time, {rate(figures.invested)} of equity on average"
    yield "Fees and slippage", f"{money(figures.fees, currency)} and {money(figures.slippage, currency)}"
    if figures.fee_share is not None:
        yield "  of winners' profit", f"{rate(figures.fee_share)}, before costs"
    if figures.trades:
        yield "Average trade", f"{rate(figures.mean_net, signed=True)}, median {rate(figures.median_net, signed=True)}"
        if figures.interval is not None:
            yield "  95 % interval", f"{_signed(figures.interval.low)} to {_signed(figures.interval.high)}"
        yield "Won", f"{figures.won} of {figures.trades} ({rate(figures.win_share)})"
    if figures.sharpe is not None:
        yield "Sharpe ratio", f"{ratio(figures.sharpe)} a year"


def _compared(analysis: Analysis) -> Iterator[tuple[str, str]]:
    currency = analysis.result.account.plan.quote
    held, random, late, order = analysis.held, analysis.random, analysis.late, analysis.order
    if held is not None:
        yield "Buy and hold", f"{_signed(held.net_return)}, drawdown {rate(held.max_drawdown)}"
    if random is not None:
        yield (
            "Random entries",
            f"beats {rate(random.beaten)} of {random.runs} runs, which average {_signed(random.random_mean)}",
        )
    elif analysis.result.trades and analysis.questions.runs:
        yield "Random entries", "not compared: the strategy resizes its positions"
    if late is not None:
        yield (
            "One candle late",
            f"{_signed(late.net_return)}, average trade {_signed(late.mean_net)}, {late.trades} trades",
        )
    for one in analysis.without_best:
        name = f"Without its best {one.left_out}"
        yield name, f"average {_signed(one.mean_net)}, the others earned {signed_money(one.net, currency)}"
    if order is not None:
        low, middle, high = order.quantiles
        yield (
            "Trades in another order",
            f"realised drawdown {rate(low)} to {rate(high)}, median {rate(middle)}",
        )
    if analysis.deflated is not None:
        variants = analysis.questions.variants
        tried = "1 variant tried" if variants == 1 else f"best of {variants} variants"
        yield "Deflated Sharpe", f"{rate(analysis.deflated)} likely more than luck ({tried})"


def _parts(analysis: Analysis, before: Figures, after: Figures, width: int | None) -> RenderableType:
    currency = analysis.result.account.plan.quote
    split = day(analysis.questions.split or 0)
    rows = [
        (
            name,
            f"{one.trades}{few(one)}",
            _signed(one.net_return),
            rate(one.max_drawdown),
            _signed(one.mean_net),
            rate(one.win_share),
            money(one.fees, currency),
        )
        for name, one in ((f"In sample, before {split}", before), (f"Out of sample, from {split}", after))
    ]
    return figures_table(_PARTS, rows, width)


def _months(analysis: Analysis) -> Iterator[RenderableType]:
    by_year: dict[int, dict[int, float]] = {}
    for one in analysis.months:
        by_year.setdefault(one.month.year, {})[one.month.month] = one.rate
    yield Text("")
    yield _indented(Text(f"{'%':<4} " + "".join(f"{name:>6}" for name in _MONTHS), style="bold"))
    for year, months in by_year.items():
        cells = (points(months[month]) if month in months else "" for month in range(1, 13))
        yield _indented(Text((f"{year} " + "".join(f"{cell:>6}" for cell in cells)).rstrip()))


def _account_row(analysis: Analysis) -> tuple[str, ...]:
    figures = analysis.figures
    return (
        analysis.result.account.name,
        f"{figures.trades}{few(figures)}",
        _signed(figures.net_return),
        rate(figures.max_drawdown),
        "" if analysis.held is None else _signed(analysis.held.net_return),
        money(figures.fees, analysis.result.account.plan.quote),
    )


def _section(title: str, lines: Iterable[tuple[str, str]]) -> Iterator[RenderableType]:
    yield Text("")
    yield _indented(Text(title, style="bold"))
    for label, value in lines:
        yield _line(label, value)


def _line(label: str, value: str) -> RenderableType:
    return _indented(Text(f"{label:<{_LABEL}} {value}"))


def _sentences(texts: Iterable[str], width: int | None) -> Iterator[RenderableType | str]:
    """A program gets each on one line."""
    for text in texts:
        if width is None:
            yield f"{' ' * _INDENT}- {text}"
            continue
        item = Table.grid(padding=(0, 1, 0, 0))
        item.add_row("-", Text(text))
        yield _indented(item)


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, _INDENT), expand=False)


def _signed(value: float | None) -> str:
    return rate(value, signed=True)
