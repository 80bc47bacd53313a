"""/account/.../backtest: the part of an account's page with its backtest, which the page fetches once it is open."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse
from starlette.routing import Route

from accounts.identity import AccountId
from brokers.candle_files import CandleError
from brokers.clock import utc_now
from nija.candles.cutting import cut, joined
from nija.explain.beside import NotCompared, beside
from nija.journal.errors import JournalError
from nija.web.pages.beside_view import beside_view
from nija.web.pages.market_clock import market_clock
from nija.web.pages.requests import not_found
from nija.web.rendering import render_part

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.clock import Clock
    from brokers.model import Candles
    from nija.explain.beside import Beside, TradedAccount
    from nija.status.report import AccountStatus
    from nija.web.context import Viewer, WebContext
    from nija.web.pages.readings import PageReadings

_REMEMBERED_AT_MOST = 500
_NOT_TRADED = NotCompared("The comparison begins once this account trades.")
_NO_JOURNAL = NotCompared("The journal cannot be read yet.")


@dataclass(slots=True)
class _Kept:
    """What was computed last, and from what. The lock keeps two visitors from computing the same."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    made_from: object = None
    value: Beside | NotCompared = _NOT_TRADED


class BacktestPart:
    """Computed in a visitor's own thread, and again only once a candle has closed or the positions have changed."""

    def __init__(self, context: WebContext, readings: PageReadings, clock: Clock) -> None:
        self._context = context
        self._readings = readings
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[AccountId, _Kept] = {}

    def route(self) -> Route:
        return Route("/account/{exchange}/{owner}/backtest", self._part)

    def _part(self, request: Request) -> Response:
        viewer: Viewer = request.state.viewer
        account_id = f"{request.path_params['exchange']}:{request.path_params['owner']}"
        status = self._readings.latest().account(account_id) if viewer.sees(account_id) else None
        if status is None:
            return not_found(request)
        found = self._of(AccountId.parse(account_id), status)
        html = render_part("parts/backtest.html", view=beside_view(found, status.currency))
        return HTMLResponse(html, headers={"Cache-Control": "no-store"})

    def _of(self, account: AccountId, status: AccountStatus) -> Beside | NotCompared:
        traded = self._context.traded(account)
        if traded is None:
            return _NOT_TRADED
        candles = self._candles(account, traded)
        kept = self._keeper(account)
        ends = tuple((symbol, int(known.time[-1])) for symbol, known in candles.items() if len(known))
        held = tuple((one.id, one.amount) for one in status.positions)
        made_from = (traded.plan, traded.fees, ends, held)
        with kept.lock:
            if kept.made_from != made_from:
                kept.value = self._computed(account, traded, candles)
                kept.made_from = made_from
            return kept.value

    def _keeper(self, account: AccountId) -> _Kept:
        with self._lock:
            if account not in self._kept and len(self._kept) >= _REMEMBERED_AT_MOST:
                self._kept.clear()
            return self._kept.setdefault(account, _Kept())

    def _candles(self, account: AccountId, traded: TradedAccount) -> dict[str, Candles]:
        timeframe = traded.plan.timeframe
        found = {one: self._context.candles(account.exchange, one, timeframe) for one in traded.plan.settings.markets}
        return {symbol: candles for symbol, candles in found.items() if candles is not None}

    def _computed(self, account: AccountId, traded: TradedAccount, candles: dict[str, Candles]) -> Beside | NotCompared:
        is_replay = traded.plan.settings.trading.max_candle_age == 0
        candles = {symbol: self._with_stored(account, held) for symbol, held in candles.items()}
        try:
            with closing(self._context.journal(account)) as journal:
                clock = market_clock(journal, candles, utc_now(self._clock), is_replay=is_replay)
                return beside(journal, traded, candles, clock, is_replay=is_replay)
        except (JournalError, ArithmeticError, ValueError):
            return _NO_JOURNAL

    def _with_stored(self, account: AccountId, held: Candles) -> Candles:
        """With the older ones of the store, if it can be read."""
        try:
            stored = self._context.stored(account.exchange, held.market, held.timeframe)
        except CandleError:
            return held
        if stored is None or not len(stored) or not len(held):
            return held
        return joined(cut(stored, until=int(held.time[0])), held)
