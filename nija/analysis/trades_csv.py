"""The trades of a backtest as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.figures import exact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nija.backtest.records import BacktestTrade

_COLUMNS = (
    "account",
    "market",
    "opened",
    "closed",
    "fills",
    "bought",
    "entry_price",
    "exit_price",
    "first_stop",
    "last_stop",
    "cost",
    "proceeds",
    "fees",
    "net",
    "net_return",
    "reason",
)


def trades_csv(trades: Iterable[BacktestTrade]) -> str:
    """One row a trade, every digit; times are the openings of candles, UTC; prices are averages with slippage."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows(_row(trade) for trade in trades)
    return text.getvalue()


def _row(trade: BacktestTrade) -> tuple[str, ...]:
    return (
        trade.account,
        trade.market,
        iso(trade.opened),
        iso(trade.closed),
        str(len(trade.fills)),
        exact(trade.bought),
        exact(trade.cost / trade.bought),
        exact(trade.proceeds / trade.bought),
        exact(trade.stops[0].price) if trade.stops else "",
        exact(trade.stops[-1].price) if trade.stops else "",
        exact(trade.cost),
        exact(trade.proceeds),
        exact(trade.fees),
        exact(trade.net),
        exact(trade.net_return),
        trade.fills[-1].reason.value,
    )


def iso(time: int) -> str:
    """`2026-03-03T00:00:00Z` of Unix seconds."""
    return f"{datetime.fromtimestamp(time, tz=UTC):%Y-%m-%dT%H:%M:%SZ}"
