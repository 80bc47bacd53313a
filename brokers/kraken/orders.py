"""Where orders are placed, moved, cancelled, and looked for when their outcome is unknown. Nothing here sends twice."""

from __future__ import annotations

import math
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.errors import (
    BrokerError,
    DeadlineTooNear,
    MarketRefused,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    Unavailable,
)
from brokers.kraken.errors import Action, DeadlineMissed
from brokers.kraken.json_fields import plain, rfc3339
from brokers.kraken.limits import ADD_COST, EngineCounters, amend_cost, cancel_cost
from brokers.kraken.order_mapping import order_params
from brokers.kraken.refusals import KEY_IS_FINE, NOT_LISTED, AgreementNeeded, may
from brokers.model import Absent, Found, Undetermined
from brokers.throttle import holding, room

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.exchange_clock import ExchangeClock
    from brokers.kraken.client import PrivateClient
    from brokers.kraken.lookups import Records
    from brokers.kraken.public import KrakenPublic
    from brokers.model import Market, OrderRequest, Resolution

# Past the deadline Kraken accepts nothing, but what it had accepted was seen to show up to a minute late.
ABSENCE_MARGIN = timedelta(seconds=60)
# Kraken takes deadlines from 2 to 60 seconds ahead; a second is left for the way there and the clocks.
_NEAREST_DEADLINE = timedelta(seconds=3)
_FARTHEST_DEADLINE = timedelta(seconds=59)
_CLOCK_HOLDS = 300.0
# A previewed order lacks what the order binds that is to be withdrawn for it.
_NO_FUNDS = "EOrder:Insufficient funds"


class Desk:
    def __init__(  # noqa: PLR0913 - the parts of one broker, most by keyword
        self,
        client: PrivateClient,
        public: KrakenPublic,
        records: Records,
        *,
        clock: Clock,
        exchange_clock: ExchangeClock,
        engine: EngineCounters,
        absence_margin: timedelta,
    ) -> None:
        self._client = client
        self._public = public
        self._records = records
        self._clock = clock
        self._exchange_clock = exchange_clock
        self._engine = engine
        self._absence_margin = absence_margin
        self._agreement: dict[str, str] = {}

    def place(self, request: OrderRequest) -> str:
        symbols = self._public.symbols()
        market = self._market(request.market)
        # Kraken refuses a wrong deadline without harm: a clock that cannot be measured now stops no exit.
        with suppress(BrokerError):
            self._exchange_clock.sync(math.inf)
        with self._turn(request):
            deadline = self._usable_deadline(request)
            params = order_params(request, market, symbols.pair_id(request.market), deadline)
            exchange_id = self._add_order(params, market)
        self._engine.touched(exchange_id, market.symbol, self._clock.monotonic())
        return exchange_id

    def preview(self, request: OrderRequest) -> None:
        """AddOrder with `validate`: everything is checked and nothing placed."""
        symbols = self._public.symbols()
        market = self._market(request.market)
        with self._turn(request):
            params = order_params(request, market, symbols.pair_id(request.market), self._usable_deadline(request))
            try:
                self._agreeing(params | {"validate": "true"}, market)
            except OutcomeUnknown as error:
                raise Unavailable(f"Kraken did not say whether it would take an order: {error}") from error
            except OrderRejected as error:
                if not error.reason.startswith(_NO_FUNDS):
                    raise

    def resolve(self, request: OrderRequest) -> Resolution:
        """Absent only where the look-up surely began, on the exchange's clock, when nothing could appear any more."""
        # An order that is found is known whatever the time.
        with suppress(BrokerError):
            self._exchange_clock.sync(_CLOCK_HOLDS)
        now, uncertainty = self._exchange_clock.now(), self._exchange_clock.uncertainty()
        order = self._records.find(request)
        if order is not None:
            return Found(order)
        if uncertainty is None:
            return Undetermined("Kraken's time is not known")
        settled = request.deadline + self._absence_margin
        if now - uncertainty > settled:
            return Absent(f"neither open nor closed at {rfc3339(now)}, past its deadline and the margin")
        return Undetermined(f"it may still show up until {rfc3339(settled)}")

    def amend_stop(self, exchange_id: str, market_name: str, amount: Decimal, stop_price: Decimal) -> None:
        market = self._market(market_name)
        params = {
            "txid": exchange_id,
            "order_qty": plain(market.floor_amount(amount)),
            "trigger_price": plain(market.floor_price(stop_price)),
        }
        cost = amend_cost(self._engine.age(exchange_id, self._clock.monotonic()))
        with room(self._engine.counter(market_name), self._clock, cost):
            self._engine.touched(exchange_id, market_name, self._clock.monotonic())
            answer = self._engine_call("AmendOrder", params, Action.CHANGE, market_name)
        if not answer.get("amend_id"):
            raise OutcomeUnknown("Kraken answered an amendment without an amend_id: read the order to see")

    def cancel(self, exchange_id: str) -> None:
        if exchange_id.isdigit():
            # A number is read as a `userref` and cancels every order that carries it.
            raise RequestRefused(f"{exchange_id} is not an order id of Kraken")
        market = self._engine.market_of(exchange_id)
        with ExitStack() as held, suppress(OrderNotFound):
            if market is not None:
                cost = cancel_cost(self._engine.age(exchange_id, self._clock.monotonic()))
                held.enter_context(room(self._engine.counter(market), self._clock, cost))
            self._engine_call("CancelOrder", {"txid": exchange_id}, Action.CHANGE, market)

    def _add_order(self, params: dict[str, str], market: Market) -> str:
        try:
            result = self._agreeing(params, market)
        except (DeadlineMissed, DeadlineTooNear):
            self._exchange_clock.doubt()
            raise
        match result.get("txid"):
            case [str(exchange_id)] if exchange_id:
                return exchange_id
        raise OutcomeUnknown("Kraken answered an order without a txid: look it up by its client order id")

    def _agreeing(self, params: dict[str, str], market: Market) -> dict[str, object]:
        """An order refused for want of the agreement was certainly not placed, and is sent with it."""
        try:
            return self._engine_call("AddOrder", params | self._agreement, Action.PLACE, market.symbol)
        except AgreementNeeded:
            if self._agreement:
                raise
            self._agreement = {"trading_agreement": "agree"}
            self._engine.counter(market.symbol).charge(ADD_COST, self._clock.monotonic())
            return self._engine_call("AddOrder", params | self._agreement, Action.PLACE, market.symbol)

    def _engine_call(
        self, method: str, params: dict[str, str], action: Action, market: str | None
    ) -> dict[str, object]:
        try:
            return self._client.query(method, params, action)
        except RateLimited:
            if market is not None:
                self._engine.counter(market).fill(self._clock.monotonic())
            raise
        except PermissionDenied as error:
            if not may(method, self._records.key_permissions()):
                raise
            said = str(error).partition(" (")[0]
            raise MarketRefused(f"Kraken refuses this in {market or 'this market'}: {said}", KEY_IS_FINE) from error

    def _market(self, symbol: str) -> Market:
        market = self._public.symbols().markets.get(symbol)
        if market is None:
            raise MarketRefused(f"Kraken does not list {symbol}", NOT_LISTED)
        return market

    @contextmanager
    def _turn(self, request: OrderRequest) -> Iterator[None]:
        """Entries leave room for stops and exits. A wait that would outlast the deadline is not begun."""
        reserve = self._engine.entry_reserve if purpose_of(request.client_id) is Purpose.ENTRY else 0.0
        counter = self._engine.counter(request.market)
        while (wait := counter.take(ADD_COST, self._clock.monotonic(), reserve=reserve)) > 0.0:
            left = request.deadline - _NEAREST_DEADLINE - self._exchange_clock.now()
            if self._clock.stopping or timedelta(seconds=wait) > left:
                raise RateLimited(f"The order was not sent: {request.market} has no room for it yet", wait)
            self._clock.sleep(wait)
        with holding(counter, self._clock, ADD_COST):
            yield

    def _usable_deadline(self, request: OrderRequest) -> datetime:
        """Never later than the request's own, which is what `resolve` counts from."""
        now = self._exchange_clock.now()
        if request.deadline < now + _NEAREST_DEADLINE:
            self._exchange_clock.doubt()
            raise DeadlineTooNear(
                f"The order was not sent: its deadline {rfc3339(request.deadline)} is over or too near"
            )
        return min(request.deadline, now + _FARTHEST_DEADLINE)
