"""The history: closed trades with their totals, and events."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from accounts.identity import AccountId
from nija.performance.trades import closed_trades
from nija.web.pages.history_view import (
    HistoryFilter,
    event_rows,
    overall_rows,
    totals_tables,
    trade_row,
)
from nija.web.pages.journal_parts import JournalPart, read_part
from nija.web.pages.overview_view import mode_words
from nija.web.pages.requests import day, not_found, page_number, start_of
from nija.web.rendering import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.journal.records import HistoryRow
    from nija.performance.trades import ClosedTrade
    from nija.web.context import Viewer, WebContext
    from nija.web.pages.readings import PageReadings

_PAGE_SIZE = 50
# More is found by narrowing the dates.
_EVENTS_READ_AT_MOST = 2_000
_TRADES_SECONDS = 10.0


class HistoryPage:
    def __init__(self, context: WebContext, readings: PageReadings, clock: Clock) -> None:
        self._context = context
        self._readings = readings
        self._trades = JournalPart(context, clock, _TRADES_SECONDS, closed_trades)

    def route(self) -> Route:
        return Route("/history", self._page)

    def _page(self, request: Request) -> Response:
        viewer: Viewer = request.state.viewer
        reading = self._readings.latest()
        visible = [account.id for account in reading.report.accounts if viewer.sees(account.id)]
        chosen = _filter(request)
        if chosen.account and chosen.account not in visible:
            return not_found(request)
        accounts = [AccountId.parse(one) for one in visible if chosen.account in ("", one)]
        trades = self._closed(accounts, chosen)
        trade_page, event_page = (page_number(request.query_params.get(name)) for name in ("page", "events"))
        events = event_rows(self._events(accounts, chosen, event_page))
        start = (event_page - 1) * _PAGE_SIZE
        return render(
            request,
            "history.html",
            mode=mode_words(reading.report),
            chosen=chosen,
            accounts=visible,
            markets=sorted(
                {market.market for one in reading.report.accounts if one.id in visible for market in one.markets}
                | {trade.market for trade in trades}
            ),
            overall=overall_rows(trades),
            totals=totals_tables(trades, one_account=len(accounts) == 1),
            trades=[trade_row(one) for one in trades[(trade_page - 1) * _PAGE_SIZE : trade_page * _PAGE_SIZE]],
            trade_page=trade_page,
            more_trades=len(trades) > trade_page * _PAGE_SIZE,
            events=events[start : start + _PAGE_SIZE],
            event_page=event_page,
            more_events=len(events) > start + _PAGE_SIZE,
        )

    def _closed(self, accounts: list[AccountId], chosen: HistoryFilter) -> list[ClosedTrade]:
        """Newest first."""
        found = [trade for one in accounts for trade in self._trades.of(one) or () if chosen.takes(trade)]
        return sorted(found, key=lambda trade: (trade.closed, trade.id), reverse=True)

    def _events(self, accounts: list[AccountId], chosen: HistoryFilter, page: int) -> dict[str, tuple[HistoryRow, ...]]:
        count = min(_EVENTS_READ_AT_MOST, page * _PAGE_SIZE + 1)
        read = partial(_newest_events, chosen=chosen, count=count)
        return {str(one): read_part(self._context, one, read) or () for one in accounts}


def _newest_events(journal: Journal, chosen: HistoryFilter, count: int) -> tuple[HistoryRow, ...]:
    after_last = None if chosen.last is None else chosen.last + timedelta(days=1)
    return journal.history.newest(
        count, market=chosen.market or None, since=start_of(chosen.first), until=start_of(after_last)
    )


def _filter(request: Request) -> HistoryFilter:
    asked = request.query_params
    return HistoryFilter(
        account=asked.get("account", ""),
        market=asked.get("market", ""),
        first=day(asked.get("from")),
        last=day(asked.get("to")),
    )
