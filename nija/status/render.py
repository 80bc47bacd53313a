"""The report on a terminal, or as plain text elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from brokers.figures import ago, money, percent, signed_money
from nija.status.lines import details, headline, market_data, masters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import TextIO

    from rich.console import RenderableType

    from nija.status.report import AccountStatus, StatusReport

_PLAIN_WIDTH = 240
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
    console.print(as_renderable(report, now, plain=not console.is_terminal))


def as_renderable(report: StatusReport, now: datetime, *, plain: bool) -> RenderableType:
    parts: list[RenderableType] = [Text(line) for line in headline(report, now)]
    if report.accounts:
        parts += [Text(""), _table(report, now, plain=plain), Text("")]
    for account in report.accounts:
        parts += _details(account, now)
    parts += _market_data(report)
    parts += [Text(line) for line in masters(report)]
    return Group(*parts)


def _details(account: AccountStatus, now: datetime) -> list[Text]:
    lines = [Text(f"   {line}") for line in details(account, now)]
    return [Text(f"{account.id} ({account.label})", style="bold"), *lines, Text("")] if lines else []


def _market_data(report: StatusReport) -> list[Text]:
    lines = [Text(f"   {line}") for line in market_data(report)]
    return [Text("Market data", style="bold"), *lines, Text("")] if lines else []


def _table(report: StatusReport, now: datetime, *, plain: bool) -> Table:
    table = Table(box=None if plain else box.SIMPLE_HEAD, pad_edge=False)
    for name in ("Account", "State"):
        table.add_column(name, no_wrap=True)
    for name in ("Balance", "Equity", "Today", "Open", "Resting", "Rate left"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Last useful work", no_wrap=True)
    for account in report.accounts:
        table.add_row(*_row(account, now))
    return table


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
