"""Runs the simulator's engine on a paper account: built from its books for one action, and read back into them.

Nothing else outlives the action, so a change that could not be saved never happened.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.errors import BrokerError, DeadlineTooNear, OrderNotFound, OrderRejected, Unavailable
from brokers.figures import money
from brokers.model import ZERO, Balance, Fill, Order, OrderStatus, OrderType
from brokers.simulator.engine.board import PriceBoard
from brokers.simulator.engine.book import Quote
from brokers.simulator.engine.engine import Engine
from brokers.simulator.engine.exchange import Ids, SimulatedExchange
from brokers.simulator.engine.markets import MarketSpec, Mode
from brokers.simulator.engine.orders import Amendment, EngineOrder, Kind, Ticket
from brokers.simulator.engine.refusals import EngineRefusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brokers.clock import Clock
    from brokers.model import Fees, Market, OrderRequest, Ticker
    from brokers.paper.books import Books
    from brokers.simulator.engine.market_data import CandleRow, Tick
    from brokers.simulator.engine.orders import EngineFill

# The exchanges keep balances with at least eight decimals.
_COST_STEP = Decimal("0.00000001")
_KINDS = {OrderType.MARKET: Kind.MARKET, OrderType.LIMIT: Kind.LIMIT, OrderType.STOP: Kind.STOP_LOSS}


class EngineAct:
    """One account on its own engine. Changes appear in `books`; the books it was built from stay unchanged.

    `tickers` are the current prices of the markets to match. An open order in a market that is not among `markets`
    rests and keeps its funds held.
    """

    def __init__(
        self, books: Books, markets: Mapping[str, Market], tickers: Mapping[str, Ticker], fees: Fees, clock: Clock
    ) -> None:
        self._before = books
        resting = books.open_orders()
        symbols = {*tickers, *(order.market for order in resting)}
        exchange = _exchange({symbol: markets.get(symbol) for symbol in symbols}, tickers, clock)
        self._engine = Engine(exchange)
        self._account = self._engine.open_account("paper", fees, books.money)
        for order in resting:
            self._engine.restore(self._account, _resting(order))
        for symbol, ticker in tickers.items():
            exchange.board.pin(symbol, ticker.last)

    def check(self, request: OrderRequest) -> None:
        """Raises OrderRejected, DeadlineTooNear or Unavailable."""
        try:
            self._engine.check(self._account, _ticket(request))
        except RefusedError as refused:
            raise self._error(refused, request.market) from refused

    def place(self, request: OrderRequest) -> str:
        """The new order's id. Raises as `check`."""
        try:
            return self._engine.place(self._account, _ticket(request)).id
        except RefusedError as refused:
            raise self._error(refused, request.market) from refused

    def amend_stop(self, exchange_id: str, amount: Decimal, stop_price: Decimal) -> None:
        """Raises OrderNotFound, OrderRejected or Unavailable."""
        order = self._account.open.get(exchange_id)
        if order is None:
            raise OrderNotFound(f"The paper order {exchange_id} is not open")
        try:
            self._engine.amend(self._account, order, Amendment(amount=amount, stop_price=stop_price))
        except RefusedError as refused:
            raise self._error(refused, order.symbol) from refused

    def cancel(self, exchange_id: str) -> None:
        order = self._account.open.get(exchange_id)
        if order is not None:
            self._engine.cancel(self._account, order)

    def books(self) -> Books:
        orders = dict(self._before.orders)
        for number, order in self._account.orders.items():
            orders[number] = _reported(order, orders.get(number))
        fills = tuple(map(_execution, self._account.fills.values()))
        money = dict(self._account.balances)
        return replace(self._before, money=money, orders=orders, fills=(*self._before.fills, *fills))

    def balances(self) -> Mapping[str, Balance]:
        account = self._account
        return {
            currency: Balance(currency, total, account.held(currency)) for currency, total in account.balances.items()
        }

    def _error(self, refused: RefusedError, market: str) -> BrokerError:
        said = f"Paper order in {market} refused: {refused.refusal.value}"
        if refused.refusal is EngineRefusal.DEADLINE_ELAPSED:
            return DeadlineTooNear(said)
        if refused.refusal is EngineRefusal.MODE:
            return Unavailable(f"{market} does not accept such orders now ({refused.detail})")
        if refused.refusal is EngineRefusal.INSUFFICIENT_FUNDS:
            said = f"{said}, {money(self._account.available(refused.detail), refused.detail)} is free"
        return OrderRejected(said, refused.refusal.value)


class _RealPrices:
    """A price source without ticks, as prices are pinned. Market time is the wall clock."""

    def __init__(self, symbols: Iterable[str]) -> None:
        self._symbols = tuple(symbols)

    def symbols(self) -> tuple[str, ...]:
        return self._symbols

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:  # noqa: ARG002 - the protocol's signature
        return ()

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:  # noqa: ARG002 - likewise
        return []

    def market_time(self, wall: float) -> float:
        return wall


def _exchange(markets: Mapping[str, Market | None], tickers: Mapping[str, Ticker], clock: Clock) -> SimulatedExchange:
    prices = _RealPrices(markets)
    return SimulatedExchange(
        markets={symbol: _spec(symbol, market) for symbol, market in markets.items()},
        board=PriceBoard(prices, prices, clock),
        clock=clock,
        ids=Ids(order=_new_id, fill=_new_id, ledger=_new_id),
        market_modes={symbol: _mode(market) for symbol, market in markets.items()},
        quotes={symbol: Quote(ticker.bid, ticker.ask) for symbol, ticker in tickers.items()},
    )


def _spec(symbol: str, market: Market | None) -> MarketSpec:
    base, _, quote = symbol.partition("/")
    return MarketSpec(
        symbol=symbol,
        base=market.base if market else base,
        quote=market.quote if market else quote,
        amount_step=market.amount_step if market else _COST_STEP,
        price_step=market.price_step if market else _COST_STEP,
        cost_step=_COST_STEP,
        min_amount=market.min_amount if market else ZERO,
        min_cost=market.min_cost if market else ZERO,
    )


def _mode(market: Market | None) -> Mode:
    if market is None or not market.tradable:
        return Mode.CANCEL_ONLY
    return Mode.ONLINE if market.takes_market_orders else Mode.LIMIT_ONLY


def _new_id() -> str:
    return str(uuid.uuid4())


def _ticket(request: OrderRequest) -> Ticket:
    return Ticket(
        symbol=request.market,
        side=request.side,
        kind=_KINDS[request.type],
        amount=request.amount,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        deadline=request.deadline.timestamp(),
        post_only=request.post_only,
        client_id=request.client_id,
    )


def _resting(order: Order) -> EngineOrder:
    ticket = Ticket(
        symbol=order.market,
        side=order.side,
        kind=_KINDS[order.type],
        amount=order.amount,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        client_id=order.client_id,
    )
    return EngineOrder(
        id=order.exchange_id,
        owner="paper",
        ticket=ticket,
        amount=order.amount,
        created=order.created.timestamp(),
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        filled=order.filled,
        cost=order.filled * (order.average_price or ZERO),
        fee=order.fee,
        hold_price=order.limit_price or order.stop_price or ZERO,
    )


def _reported(order: EngineOrder, before: Order | None) -> Order:
    """The order in NIJA's form; fields that the engine did not change are copied exactly."""
    known = before or Order(
        exchange_id=order.id,
        client_id=order.client_id,
        market=order.symbol,
        side=order.side,
        type=next(kind for kind, engines in _KINDS.items() if engines is order.kind),
        status=OrderStatus.OPEN,
        amount=order.amount,
        filled=ZERO,
        average_price=None,
        fee=ZERO,
        created=_moment(order.created),
        limit_price=order.limit_price,
    )
    return replace(
        known,
        status=OrderStatus(order.status.value),
        amount=order.amount,
        filled=order.filled,
        average_price=known.average_price if order.filled == known.filled else order.average_price,
        fee=order.fee,
        closed=None if order.closed is None else _moment(order.closed),
        stop_price=order.stop_price,
        reason=order.reason,
    )


def _execution(fill: EngineFill) -> Fill:
    return Fill(
        id=fill.id,
        order_id=fill.order_id,
        market=fill.symbol,
        side=fill.side,
        amount=fill.amount,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        time=_moment(fill.time),
        maker=fill.maker,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
