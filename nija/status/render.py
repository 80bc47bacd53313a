"""The report on a terminal, or as plain text elsewhere."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from brokers.figures import ago, money, percent, signed_money
from nija.status.columns import StatusColumn, fitting, rows
from nija.status.lines import details, headline, market_data, masters, positions, summary, troubles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from typing import TextIO

    from rich.console import RenderableType

    from nija.status.report import AccountStatus, StatusReport

_PLAIN_WIDTH = 240
_INDENT = 3
_STYLES = {
    "TRADING": "green",
    "CONNECTED": "cyan",
    "CONNECTING": "yellow",
    "PAUSED": "yellow",
    "UNDERFUNDED": "yellow",
    "FAILED": "bold red",
}


@dataclass(frozen=True, slots=True)
class Page:
    """The report for a terminal. `summary` stays in sight while the rest scrolls."""

    summary: RenderableType
    rest: RenderableType


def console_for(stream: TextIO | None = None) -> Console:
    """Colours only on a terminal, and not with NO_COLOR. Output to a program is not wrapped."""
    out = stream or sys.stdout
    plain = not out.isatty()
    no_color = plain or bool(os.environ.get("NO_COLOR"))
    return Console(
        file=out, no_color=no_color, width=_PLAIN_WIDTH if plain else None, highlight=False, emoji=False, markup=False
    )


def show(report: StatusReport, now: datetime, console: Console, *, is_whole: bool = True) -> None:
    """`is_whole`: the report has every account, so the connected masters can be counted."""
    page = page_of(report, now, width_of(console), is_whole=is_whole)
    console.print(Group(page.summary, page.rest))


def width_of(console: Console) -> int | None:
    """The width of a terminal; None where a program reads."""
    return console.width if console.is_terminal else None


def page_of(report: StatusReport, now: datetime, width: int | None, *, is_whole: bool = True) -> Page:
    """For a terminal of `width` columns; None for a program, which gets whole tables."""
    head = list(headline(report, now))
    if report.accounts:
        head.append(summary(report))
    head += [f"⚠️  {notice}" for notice in report.notices]
    body: list[RenderableType] = [Text("")]
    if report.accounts:
        body += [*_table(_accounts(report, now), width), Text("")]
    for account in report.accounts:
        body += _section(f"{account.id} ({account.label})", _account(account, now, width))
    body += _section("Market data", map(Text, market_data(report)))
    if is_whole:
        body += [Text(line) for line in masters(report)]
    return Page(Group(*map(Text, head)), Group(*body))


def _account(account: AccountStatus, now: datetime, width: int | None) -> Iterator[Text]:
    yield from map(Text, troubles(account, now))
    yield from _table(positions(account), None if width is None else width - _INDENT)
    yield from map(Text, details(account, now))


def _section(title: str, lines: Iterable[Text]) -> list[RenderableType]:
    indented = [Padding(line, (0, 0, 0, _INDENT), expand=False) for line in lines]
    return [Text(title, style="bold"), *indented, Text("")] if indented else []


def _table(columns: list[StatusColumn], width: int | None) -> list[Text]:
    return rows(columns if width is None else fitting(columns, width)) if columns else []


def _accounts(report: StatusReport, now: datetime) -> list[StatusColumn]:
    def column(title: str, rank: int, cell: Callable[[AccountStatus], Text], *, is_left: bool = False) -> StatusColumn:
        return StatusColumn(title, rank, tuple(map(cell, report.accounts)), is_left)

    return [
        column("Account", 9, lambda one: Text(one.id), is_left=True),
        column("State", 8, lambda one: Text(one.shown_state, _STYLES.get(one.shown_state, "")), is_left=True),
        column("Balance", 3, lambda one: Text(money(one.balance, one.currency))),
        column("Equity", 5, lambda one: Text(money(one.equity, one.currency))),
        column("Today", 4, _today),
        column("Open", 7, lambda one: Text(str(len(one.positions)))),
        column("Resting", 2, lambda one: Text(str(len(one.resting_orders)))),
        column("Rate left", 1, lambda one: Text(percent(one.rate_budget))),
        column("Last useful work", 6, lambda one: Text(_worked(one, now)), is_left=True),
    ]


def _today(account: AccountStatus) -> Text:
    change = account.equity_change
    return Text(signed_money(change, account.currency), "red" if change is not None and change < 0 else "")


def _worked(account: AccountStatus, now: datetime) -> str:
    worked = account.last_useful_work
    return "never" if worked is None else ago(now - worked)
