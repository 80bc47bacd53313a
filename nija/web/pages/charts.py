"""/data/...: what the charts draw, as JSON. An unchanged answer is not sent again."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from hashlib import blake2b
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from accounts.identity import AccountId
from brokers.clock import utc_now
from brokers.model import Timeframe
from nija.journal.errors import JournalError
from nija.performance.equity import equity_series
from nija.web.pages.equity_chart import equity_data, joined, journaled_curve, together
from nija.web.pages.journal_parts import JournalPart
from nija.web.pages.price_chart import MarketTime, Marks, chart_data, market_time, marks_of, read_events

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from brokers.clock import Clock
    from brokers.model import Candles
    from nija.journal.journal import Journal
    from nija.status.report import AccountStatus, MarketStatus
    from nija.web.context import Viewer, WebContext
    from nija.web.pages.readings import PageReadings
    from nija.web.pages.recorder import ChartPoint, EquityRecorder

_NOT_FOUND = 404
_NOT_MODIFIED = 304
# The journal gets a new point every few minutes.
_SERIES_SECONDS = 120.0
_NO_MARKS = Marks((), (), ())


class Charts:
    """Each viewer gets the accounts that they may see; for all others there is nothing."""

    def __init__(self, context: WebContext, readings: PageReadings, recorder: EquityRecorder, clock: Clock) -> None:
        self._context = context
        self._readings = readings
        self._recorder = recorder
        self._clock = clock
        self._series = JournalPart(context, clock, _SERIES_SECONDS, _journaled)

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/data/equity", self._all_equity),
            Route("/data/equity/{exchange}/{owner}", self._equity),
            Route("/data/price/{exchange}/{owner}/{base}/{quote}", self._price),
        ]

    def _all_equity(self, request: Request) -> Response:
        viewer: Viewer = request.state.viewer
        if viewer.only is not None:
            return _nothing()
        accounts = self._readings.latest().report.accounts
        if not accounts:
            return _answer(request, equity_data((), ""))
        (currency, count), *_ = Counter(account.currency for account in accounts).most_common(1)
        curves = {account.id: self._curve(account) for account in accounts if account.currency == currency}
        whose = "" if count == len(accounts) else f"{count} accounts in {currency}: "
        return _answer(request, equity_data(together(curves), currency, whose))

    def _equity(self, request: Request) -> Response:
        account = self._account(request)
        if account is None:
            return _nothing()
        return _answer(request, equity_data(self._curve(account), account.currency))

    def _price(self, request: Request) -> Response:
        account = self._account(request)
        symbol = f"{request.path_params['base']}/{request.path_params['quote']}"
        followed = None if account is None else next((one for one in account.markets if one.market == symbol), None)
        if account is None or followed is None:
            return _nothing()
        account_id = AccountId.parse(account.id)
        candles = self._context.candles(account_id.exchange, symbol, Timeframe(followed.timeframe))
        if candles is None or not len(candles):
            return _answer(request, {"time": [], "none": "No candles yet"})
        return _answer(request, chart_data(candles, self._marks(account_id, followed, candles)))

    def _marks(self, account: AccountId, followed: MarketStatus, candles: Candles) -> Marks:
        is_replay = followed.candle_limit is None
        now = utc_now(self._clock)
        try:
            with closing(self._context.journal(account)) as journal:
                times = market_time(journal, followed.market, candles, now) if is_replay else MarketTime()
                return marks_of(read_events(journal, followed.market), times)
        except JournalError:
            return _NO_MARKS

    def _account(self, request: Request) -> AccountStatus | None:
        viewer: Viewer = request.state.viewer
        account_id = f"{request.path_params['exchange']}:{request.path_params['owner']}"
        return self._readings.latest().account(account_id) if viewer.sees(account_id) else None

    def _curve(self, account: AccountStatus) -> tuple[ChartPoint, ...]:
        journaled = self._series.of(AccountId.parse(account.id)) or ()
        return joined(journaled, self._recorder.points(account.id))


def _journaled(journal: Journal) -> tuple[ChartPoint, ...]:
    return journaled_curve(equity_series(journal))


def _answer(request: Request, data: dict[str, object]) -> Response:
    tag = f'"{blake2b(json.dumps(data).encode(), digest_size=8).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-store"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=_NOT_MODIFIED, headers=headers)
    return JSONResponse(data, headers=headers)


def _nothing() -> Response:
    return JSONResponse({"error": "there is no such account or market"}, _NOT_FOUND)
