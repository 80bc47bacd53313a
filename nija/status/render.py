"""The report on a terminal, or as plain text elsewhere."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from brokers.figures import UNKNOWN, ago, money, percent, signed_money
from nija.status.lines import details, headline, market_data, masters

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import TextIO

    from rich.console import RenderableType

    from nija.status.report import AccountStatus, StatusReport

_PLAIN_WIDTH = 240
_INDENT = 3
_GAP = 2
# A narrow terminal does without those of the lowest rank.
_TITLES_AND_RANKS = (
    ("Account", 9),
    ("State", 8),
    ("Balance", 3),
    ("Equity", 5),
    ("Today", 4),
    ("Open", 7),
    ("Resting", 2),
    ("Rate left", 1),
    ("Last useful work", 6),
)
_LEFT = ("Account", "State", "Last useful work")
_STYLES = {"TRADING": "green", "CONNECTED": "cyan", "CONNECTING": "yellow", "PAUSED": "yellow", "FAILED": "bold red"}


def console_for(stream: TextIO | None = None) -> Console:
    """Colours only on a terminal, and not with NO_COLOR. Output to a program is not wrapped."""
    out = stream or sys.stdout
    plain = not out.isatty()
    no_color = plain or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=out, no_color=no_color, width=_PLAIN_WIDTH if plain else None, highlight=False, emoji=False, markup=False
    )


def show(report: StatusReport, now: datetime, console: Console) -> None:
    console.print(as_renderable(report, now, width_of(console)))


def width_of(console: Console) -> int | None:
    """The width of a terminal; None where a program reads."""
    return console.width if console.is_terminal else None


def as_renderable(report: StatusReport, now: datetime, width: int | None) -> RenderableType:
    """For a terminal of `width` columns; None for a program, which gets the whole table."""
    parts: list[RenderableType] = [Text(line) for line in headline(report, now)]
    parts += [Text(f"⚠️  {notice}") for notice in report.notices]
    if report.accounts:
        parts += [Text(""), _table(report, now, width), Text("")]
    for account in report.accounts:
        parts += _section(f"{account.id} ({account.label})", details(account, now))
    parts += _section("Market data", market_data(report))
    parts += [Text(line) for line in masters(report)]
    return Group(*parts)


def _section(title: str, lines: Iterable[str]) -> list[RenderableType]:
    indented = [Padding(Text(line), (0, 0, 0, _INDENT), expand=False) for line in lines]
    return [Text(title, style="bold"), *indented, Text("")] if indented else []


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    rank: int
    cells: tuple[Text, ...]

    @property
    def width(self) -> int:
        return max(len(self.title), *map(len, self.cells))

    @property
    def is_known(self) -> bool:
        """Whether it says anything of any account."""
        return any(cell.plain != UNKNOWN for cell in self.cells)


def _table(report: StatusReport, now: datetime, width: int | None) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    by_column = zip(*(_row(account, now) for account in report.accounts), strict=True)
    columns = [_Column(*head, cells) for head, cells in zip(_TITLES_AND_RANKS, by_column, strict=True)]
    shown = columns if width is None else _fitting(columns, width)
    for column in shown:
        table.add_column(column.title, justify="left" if column.title in _LEFT else "right", no_wrap=True)
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*cells)
    return table


def _fitting(columns: list[_Column], width: int) -> list[_Column]:
    """Those that fit. The first to go are unknown for every account."""
    fitting = list(columns)
    while len(fitting) > 1 and sum(column.width + _GAP for column in fitting) - _GAP > width:
        fitting.remove(min(fitting, key=lambda column: (column.is_known, column.rank)))
    return fitting


def _row(account: AccountStatus, now: datetime) -> Iterator[Text]:
    change = account.equity_change
    yield Text(account.id)
    yield Text(account.state, style=_STYLES.get(account.state, ""))
    yield Text(money(account.balance, account.currency))
    yield Text(money(account.equity, account.currency))
    yield Text(signed_money(change, account.currency), style="red" if change is not None and change < 0 else "")
    yield Text(str(len(account.positions)))
    yield Text(str(len(account.resting_orders)))
    yield Text(percent(account.rate_budget))
    worked = account.last_useful_work
    yield Text("never" if worked is None else ago(now - worked))
