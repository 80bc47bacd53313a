"""Closed trades, their totals, and events, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from brokers.figures import amount, duration, money, percent, price, signed_money
from nija.performance.totals import by_account, by_market, by_month, overall
from nija.web.pages.event_words import event_words
from nija.web.pages.words import Tone, address_of, moment, sentence, tone_of_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from nija.journal.records import HistoryRow
    from nija.performance.totals import Totals
    from nija.performance.trades import ClosedTrade


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Empty fields filter nothing. Both days are included (UTC)."""

    account: str = ""
    market: str = ""
    first: date | None = None
    last: date | None = None

    def address(self, **changes: object) -> str:
        """The path of the history with this filter."""
        values = {"account": self.account, "market": self.market, "from": self.first, "to": self.last, **changes}
        query = urlencode({name: str(value) for name, value in values.items() if value})
        return f"/history?{query}" if query else "/history"

    def takes(self, trade: ClosedTrade) -> bool:
        """Whether a trade of an account that was chosen already is among them."""
        ended = trade.closed.date()
        return (
            self.market in ("", trade.market)
            and (self.first is None or ended >= self.first)
            and (self.last is None or ended <= self.last)
        )


@dataclass(frozen=True, slots=True)
class TradeRow:
    closed: str
    account: str
    address: str
    market: str
    held: str
    amount: str
    entry: str
    exit: str
    net: str
    percent: str
    tone: Tone
    ending: str
    reason: str


@dataclass(frozen=True, slots=True)
class TotalsRow:
    name: str
    trades: str
    won: str
    net: str
    tone: Tone
    fees: str


@dataclass(frozen=True, slots=True)
class TotalsTable:
    """`title` says what the rows are sums of."""

    title: str
    rows: tuple[TotalsRow, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    time: str
    account: str
    market: str
    text: str


def trade_row(trade: ClosedTrade) -> TradeRow:
    return TradeRow(
        closed=moment(trade.closed),
        account=str(trade.account),
        address=address_of(str(trade.account)),
        market=trade.market,
        held=duration(trade.held),
        amount=amount(trade.amount),
        entry=price(trade.entry_price, trade.market),
        exit="not sold" if trade.exit_price is None else price(trade.exit_price, trade.market),
        net=signed_money(trade.net, trade.currency),
        percent=percent(trade.profit, signed=True),
        tone=tone_of_change(trade.net),
        ending=sentence(str(trade.ending)),
        reason=trade.reason,
    )


def totals_tables(trades: Sequence[ClosedTrade], *, one_account: bool) -> tuple[TotalsTable, ...]:
    """Newest month first; the accounts only if there are several."""
    tables = [("Month", tuple(reversed(by_month(trades)))), ("Market", by_market(trades))]
    if not one_account:
        tables.insert(1, ("Account", by_account(trades)))
    return tuple(TotalsTable(title, tuple(map(totals_row, rows))) for title, rows in tables)


def overall_rows(trades: Sequence[ClosedTrade]) -> tuple[TotalsRow, ...]:
    """One for each currency."""
    return tuple(map(totals_row, overall(trades)))


def totals_row(totals: Totals) -> TotalsRow:
    return TotalsRow(
        name=totals.name,
        trades=str(totals.trades),
        won=f"{totals.won} of {totals.trades}",
        net=signed_money(totals.net, totals.currency),
        tone=tone_of_change(totals.net),
        fees=money(totals.fees, totals.currency),
    )


def event_rows(events: Mapping[str, Iterable[HistoryRow]]) -> tuple[EventRow, ...]:
    """Of several accounts, newest first."""
    found = [(row.time, account, row) for account, rows in events.items() for row in rows]
    found.sort(key=lambda one: (one[0], one[2].id), reverse=True)
    return tuple(
        EventRow(f"{time:%Y-%m-%d %H:%M:%S}", account, row.market or "", event_words(row))
        for time, account, row in found
    )
