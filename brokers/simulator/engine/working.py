"""The open orders: they wait for their trigger, take from the book, or rest on it until they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.engine.orders import EngineOrder, Kind, Status, TimeInForce
from brokers.simulator.engine.triggers import is_hit, triggered_limit, update_trail

if TYPE_CHECKING:
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.exchange import SimulatedExchange
    from brokers.simulator.engine.matching import Matching


class WorkingOrders:
    """Every open order of every account, by market."""

    def __init__(self, exchange: SimulatedExchange, matching: Matching) -> None:
        self._exchange = exchange
        self._matching = matching
        self._orders: dict[str, dict[str, EngineOrder]] = {symbol: {} for symbol in exchange.markets}

    def of(self, symbol: str) -> tuple[EngineOrder, ...]:
        return tuple(self._orders.get(symbol, {}).values())

    def add(self, account: Account, order: EngineOrder) -> None:
        account.orders[order.id] = order
        account.open[order.id] = order
        self._orders[order.symbol][order.id] = order

    def end(self, account: Account, order: EngineOrder, status: Status, reason: str) -> None:
        """Take an order off the book for good."""
        order.status, order.reason, order.closed = status, reason, self._exchange.clock.time()
        account.open.pop(order.id, None)
        self.drop(order)
        self._matching.release(account, order)

    def drop(self, order: EngineOrder) -> None:
        """Stop matching it."""
        self._orders[order.symbol].pop(order.id, None)

    def meet(self, account: Account, order: EngineOrder, *, taker: bool) -> None:
        """Match an order against the market; `taker` if it is new to the book and not resting there."""
        if order.waits_for_trigger:
            self._watch(account, order)
        elif order.kind is Kind.MARKET or (order.kind.has_trigger and not order.kind.ends_as_limit):
            self._sweep(account, order)
        else:
            self._limit(account, order, taker=taker)
        if order.status.is_final:
            self.drop(order)

    def _watch(self, account: Account, order: EngineOrder) -> None:
        price = self._exchange.price(order.symbol)
        update_trail(order, price, self._exchange.spec(order.symbol))
        if not is_hit(order, price):
            if order.kind is Kind.BRACKET:
                self._matching.make(account, order)
            return
        order.triggered, order.triggered_at = True, self._exchange.clock.time()
        if order.kind.ends_as_limit:
            order.limit_price = triggered_limit(order, self._exchange.spec(order.symbol))
            self._limit(account, order, taker=True)
        else:
            self._sweep(account, order)

    def _sweep(self, account: Account, order: EngineOrder) -> None:
        self._matching.release(account, order)
        self._matching.take(account, order, None)
        if order.status is Status.OPEN:
            self.end(account, order, Status.CANCELLED, "Insufficient liquidity")

    def _limit(self, account: Account, order: EngineOrder, *, taker: bool) -> None:
        force, limit = order.ticket.time_in_force, order.limit_price
        if not taker:
            self._matching.make(account, order)
            return
        short = self._matching.depth(account, order.symbol, order.side, limit) < order.remaining
        if force is not TimeInForce.FOK or not short:
            self._matching.take(account, order, limit)
        if order.status is Status.OPEN and force in (TimeInForce.IOC, TimeInForce.FOK):
            self.end(account, order, Status.CANCELLED, f"{force.value} order not fully filled")
