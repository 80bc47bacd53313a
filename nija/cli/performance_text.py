"""The text of `nija performance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from brokers.figures import money, percent, signed_money
from nija.cli.history_text import sum_line
from nija.cli.table import Column, figures_table, terminal_width
from nija.performance.account import together

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from nija.performance.account import AccountPerformance, MarketPerformance, Period
    from nija.performance.totals import Totals

_INDENT = 3
_MARKETS = (
    Column("Market", 9, is_text=True),
    Column("Trades", 6),
    Column("Won", 5),
    Column("Net", 8),
    Column("Fees", 4),
    Column("Best", 2),
    Column("Worst", 1),
    Column("Buy & hold", 7),
)
_MONTHS = (
    Column("Month", 9, is_text=True),
    Column("Trades", 4),
    Column("Won", 2),
    Column("Net", 8),
    Column("Fees", 3),
    Column("Return", 7),
    Column("Drawdown", 5),
    Column("Buy & hold", 6),
)


def account_parts(known: AccountPerformance) -> Iterator[RenderableType]:
    yield Text(f"{known.account} ({known.account.label})", style="bold")
    for line in _summary(known):
        yield _indented(Text(line))
    width = terminal_width()
    inner = None if width is None else width - _INDENT
    months = [row for period in known.months for row in _month(period, known.currency)]
    for columns, rows in ((_MARKETS, [_market(one) for one in known.markets]), (_MONTHS, months)):
        if rows:
            yield Text("")
            yield _indented(figures_table(columns, rows, inner))
    yield Text("")


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, _INDENT), expand=False)


def everything(found: Sequence[AccountPerformance]) -> Iterator[RenderableType]:
    """The sums over all accounts, if there are several."""
    if len(found) > 1:
        for totals in together(found):
            yield Text(f"All accounts: {sum_line(totals)}", style="bold")


def _summary(known: AccountPerformance) -> Iterator[str]:
    if known.since is None:
        yield "NIJA has not traded this account yet"
        return
    yield f"since {known.since:%Y-%m-%d}, NIJA's own trades alone, times in UTC"
    for totals in known.totals_with_open():
        yield f"closed: {sum_line(totals)}"
        yield from _open(known, totals.currency)
    equity = known.equity
    if equity is not None:
        yield f"equity: {money(equity.equity, equity.currency)} at {equity.time:%Y-%m-%d %H:%M}"
    rate, drawdown = (None, None) if known.returned is None else (known.returned.rate, known.returned.drawdown)
    yield f"return: {percent(rate, signed=True)} (time-weighted), largest drawdown {percent(drawdown)}"
    yield f"buy and hold of the same coins: {percent(known.buy_and_hold, signed=True)}"


def _open(known: AccountPerformance, currency: str) -> Iterator[str]:
    trades = [trade for trade in known.open if trade.currency == currency]
    if trades:
        markets = ", ".join(trade.market for trade in trades)
        yield f"open:   {markets}: {signed_money(known.open_result(currency), currency)}, not sold yet"


def _market(known: MarketPerformance) -> tuple[str, ...]:
    totals = known.totals
    return (
        totals.name,
        *_counts(totals),
        signed_money(totals.best, totals.currency),
        signed_money(totals.worst, totals.currency),
        percent(known.buy_and_hold, signed=True),
    )


def _month(period: Period, currency: str) -> Iterator[tuple[str, ...]]:
    """One row for each currency; a month without a closed trade has one, too."""
    rate = None if period.returned is None else period.returned.rate
    drawdown = None if period.returned is None else period.returned.drawdown
    for totals in period.totals_or_none(currency):
        yield (
            f"{period.month:%Y-%m}",
            *_counts(totals),
            percent(rate, signed=True),
            percent(drawdown),
            percent(period.buy_and_hold, signed=True),
        )


def _counts(totals: Totals) -> tuple[str, ...]:
    return (
        str(totals.trades),
        str(totals.won),
        signed_money(totals.net, totals.currency),
        money(totals.fees, totals.currency),
    )
