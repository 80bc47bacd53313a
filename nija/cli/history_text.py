"""The text of `nija history`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from brokers.figures import amount, duration, money, percent, price, signed_money
from nija.cli.table import Column, figures_table, terminal_width
from nija.performance.totals import overall

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from accounts.identity import AccountId
    from nija.performance.totals import Totals
    from nija.performance.trades import ClosedTrade, OpenTrade

_INDENT = 3
_COLUMNS = (
    Column("Closed (UTC)", 9, is_text=True),
    Column("Market", 8, is_text=True),
    Column("Amount", 4),
    Column("Bought", 5),
    Column("Sold", 6),
    Column("Net", 9),
    Column("", 3),
    Column("Fees", 2),
    Column("Ended by", 7, is_text=True),
    Column("Held", 1, is_text=True),
    Column("Reason", 0, is_text=True),
)


@dataclass(frozen=True, slots=True)
class AccountTrades:
    account: AccountId
    closed: tuple[ClosedTrade, ...]
    open: tuple[OpenTrade, ...]


def account_parts(known: AccountTrades) -> Iterator[RenderableType]:
    yield Text(f"{known.account} ({known.account.label})", style="bold")
    parts: list[RenderableType] = []
    if known.closed:
        width = terminal_width()
        rows = [_row(trade) for trade in known.closed]
        parts.append(figures_table(_COLUMNS, rows, None if width is None else width - _INDENT))
    else:
        parts.append(Text("no closed trades"))
    parts += map(Text, (*map(sum_line, overall(known.closed)), *map(_open, known.open)))
    yield from (Padding(part, (0, 0, 0, _INDENT), expand=False) for part in parts)
    yield Text("")


def everything(found: Iterable[AccountTrades]) -> Iterator[RenderableType]:
    """The sums over all accounts, if there are several."""
    known = tuple(found)
    if len(known) > 1:
        for totals in overall(trade for one in known for trade in one.closed):
            yield Text(f"All accounts: {sum_line(totals)}", style="bold")


def sum_line(totals: Totals) -> str:
    """`2 trades, 1 won: +$12.34 after $1.20 of fees`."""
    net, fees = signed_money(totals.net, totals.currency), money(totals.fees, totals.currency)
    return (
        f"{totals.trades} {'trade' if totals.trades == 1 else 'trades'}, {totals.won} won: {net} after {fees} of fees"
    )


def _row(trade: ClosedTrade) -> tuple[str, ...]:
    sold = "-" if trade.exit_price is None else price(trade.exit_price, trade.market)
    return (
        f"{trade.closed:%Y-%m-%d %H:%M}",
        trade.market,
        amount(trade.amount),
        price(trade.entry_price, trade.market),
        sold,
        signed_money(trade.net, trade.currency),
        percent(trade.profit, signed=True),
        money(trade.fee_value, trade.currency),
        trade.ending.value,
        duration(trade.held),
        trade.reason,
    )


def _open(trade: OpenTrade) -> str:
    held = f"{trade.market} {amount(trade.amount)} @ {price(trade.entry_price, trade.market)}"
    now = f"now {price(trade.price, trade.market)}: {signed_money(trade.result, trade.currency)}"
    return f"open since {trade.opened:%Y-%m-%d}: {held}, {now}"
