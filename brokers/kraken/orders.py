"""Kraken's order endpoints: place, preview, amend and cancel. Nothing here is sent twice."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose, purpose_of
from brokers.errors import (
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
from brokers.kraken.json_fields import parsing, plain, rfc3339
from brokers.kraken.limits import ADD_COST, EngineCounters, amend_cost, cancel_cost
from brokers.kraken.order_mapping import order_params
from brokers.kraken.refusals import KEY_IS_FINE, AgreementNeeded, may
from brokers.throttle import holding, reserving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.exchange_clock import ExchangeClock
    from brokers.kraken.client import KrakenClient
    from brokers.model import Market, OrderRequest

# Kraken accepts deadlines 2 to 60 seconds ahead; one second is left for the network and for clock errors.
_MIN_DEADLINE = timedelta(seconds=3)
_MAX_DEADLINE = timedelta(seconds=59)
# A previewed order may lack coins that are held by the order it will replace.
_NO_FUNDS = "EOrder:Insufficient funds"


class KrakenOrders:
    def __init__(
        self, client: KrakenClient, *, clock: Clock, exchange_clock: ExchangeClock, engine: EngineCounters
    ) -> None:
        self._client = client
        self._clock = clock
        self._exchange_clock = exchange_clock
        self._engine = engine
        self._agreement: dict[str, str] = {}

    def create(self, request: OrderRequest, market: Market, pair_id: str) -> str:
        """Send an order once and return Kraken's id for it. OutcomeUnknown: it may have been placed."""
        with self._capacity(request):
            params = order_params(request, market, pair_id, self._usable_deadline(request))
            exchange_id = self._add_order(params, market)
        self._engine.touched(exchange_id, market.symbol, self._clock.monotonic())
        return exchange_id

    def preview(self, request: OrderRequest, market: Market, pair_id: str) -> None:
        """AddOrder with `validate`: Kraken checks everything and places nothing."""
        with self._capacity(request):
            params = order_params(request, market, pair_id, self._usable_deadline(request))
            try:
                self._add_with_agreement(params | {"validate": "true"}, market)
            except OutcomeUnknown as error:
                raise Unavailable(f"Kraken did not say whether it would accept the order: {error}") from error
            except OrderRejected as error:
                if not error.reason.startswith(_NO_FUNDS):
                    raise

    def amend_stop(self, exchange_id: str, market: Market, amount: Decimal, stop_price: Decimal) -> None:
        params = {
            "txid": exchange_id,
            "order_qty": plain(market.floor_amount(amount)),
            "trigger_price": plain(market.floor_price(stop_price)),
        }
        cost = amend_cost(self._engine.age(exchange_id, self._clock.monotonic()))
        with reserving(self._engine.counter(market.symbol), self._clock, cost):
            self._engine.touched(exchange_id, market.symbol, self._clock.monotonic())
            answer = self._send("AmendOrder", params, Action.CHANGE, market.symbol)
        if not answer.get("amend_id"):
            raise OutcomeUnknown("Kraken answered an amendment without an amend_id: read the order to find out")

    def cancel(self, exchange_id: str) -> None:
        if exchange_id.isdigit():
            # Kraken reads a number as a `userref` and cancels every order that carries it.
            raise RequestRefused(f"{exchange_id} is not an order id of Kraken")
        market = self._engine.market_of(exchange_id)
        with ExitStack() as held, suppress(OrderNotFound):
            if market is not None:
                cost = cancel_cost(self._engine.age(exchange_id, self._clock.monotonic()))
                held.enter_context(reserving(self._engine.counter(market), self._clock, cost))
            self._send("CancelOrder", {"txid": exchange_id}, Action.CHANGE, market)

    def _add_order(self, params: dict[str, str], market: Market) -> str:
        try:
            result = self._add_with_agreement(params, market)
        except (DeadlineMissed, DeadlineTooNear):
            self._exchange_clock.doubt()
            raise
        match result.get("txid"):
            case [str(exchange_id)] if exchange_id:
                return exchange_id
        raise OutcomeUnknown("Kraken answered an order without a txid: look it up by its client order id")

    def _add_with_agreement(self, params: dict[str, str], market: Market) -> dict[str, object]:
        """An order refused for lack of the agreement was certainly not placed, so it is sent again with it."""
        try:
            return self._send("AddOrder", params | self._agreement, Action.PLACE, market.symbol)
        except AgreementNeeded:
            if self._agreement:
                raise
            self._agreement = {"trading_agreement": "agree"}
            self._engine.counter(market.symbol).charge(ADD_COST, self._clock.monotonic())
            return self._send("AddOrder", params | self._agreement, Action.PLACE, market.symbol)

    def _send(self, method: str, params: dict[str, str], action: Action, market: str | None) -> dict[str, object]:
        try:
            return self._client.send(method, params, action)
        except RateLimited:
            if market is not None:
                self._engine.counter(market).fill(self._clock.monotonic())
            raise
        except PermissionDenied as error:
            if not may(method, self._key_permissions()):
                raise
            said = str(error).partition(" (")[0]
            raise MarketRefused(f"Kraken refuses this in {market or 'this market'}: {said}", KEY_IS_FINE) from error

    def _key_permissions(self) -> frozenset[str]:
        """GetApiKeyInfo itself needs no permission."""
        with parsing("key rights"):
            return frozenset(str(name) for name in self._client.read("GetApiKeyInfo")["permissions"])

    @contextmanager
    def _capacity(self, request: OrderRequest) -> Iterator[None]:
        """Entries leave capacity for stops and exits. A wait that would outlast the deadline is not started."""
        reserve = self._engine.entry_reserve if purpose_of(request.client_id) is Purpose.ENTRY else 0.0
        counter = self._engine.counter(request.market)
        while (wait := counter.take(ADD_COST, self._clock.monotonic(), reserve=reserve)) > 0.0:
            left = request.deadline - _MIN_DEADLINE - self._exchange_clock.now()
            if self._clock.stopping or timedelta(seconds=wait) > left:
                raise RateLimited(
                    f"The order was not sent: the rate limit of {request.market} has no capacity yet", wait
                )
            self._clock.sleep(wait)
        with holding(counter, self._clock, ADD_COST):
            yield

    def _usable_deadline(self, request: OrderRequest) -> datetime:
        """Never later than the request's own, on which `resolve` relies."""
        now = self._exchange_clock.now()
        if request.deadline < now + _MIN_DEADLINE:
            self._exchange_clock.doubt()
            raise DeadlineTooNear(
                f"The order was not sent: its deadline {rfc3339(request.deadline)} has passed or is too near"
            )
        return min(request.deadline, now + _MAX_DEADLINE)
