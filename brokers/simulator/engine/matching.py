"""Fills: an order takes from the book of its account, and the account's balances follow exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.engine.accounts import Account, LedgerEntry
from brokers.simulator.engine.book import BookLevel
from brokers.simulator.engine.funds import affordable, hold_currency, hold_for
from brokers.simulator.engine.markets import MarketSpec, floor_to
from brokers.simulator.engine.orders import EngineFill, EngineOrder, Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from brokers.simulator.engine.exchange import SimulatedExchange


@dataclass(slots=True, eq=False)
class Matching:
    """Stateless except for the number of executions."""

    exchange: SimulatedExchange
    executions: int = 0

    def levels(self, account: Account, symbol: str, side: Side, limit: Decimal | None) -> Iterator[BookLevel]:
        """What is left for this account on the opposite levels, best first, up to the limit price."""
        taken = account.taken(symbol, self.exchange.board.sequence(symbol))
        for level in self.exchange.book(symbol).opposite(side):
            if limit is not None and not _reaches(side, limit, level.price):
                return
            left = level.amount - taken.get(level.price, ZERO)
            if left > ZERO:
                yield BookLevel(level.price, left)

    def crosses(self, symbol: str, side: Side, limit: Decimal) -> bool:
        """Whether a limit price would take liquidity rather than rest."""
        levels = self.exchange.book(symbol).opposite(side)
        return bool(levels) and _reaches(side, limit, levels[0].price)

    def depth(self, account: Account, symbol: str, side: Side, limit: Decimal | None) -> Decimal:
        return sum((level.amount for level in self.levels(account, symbol, side, limit)), ZERO)

    def take(self, account: Account, order: EngineOrder, limit: Decimal | None) -> None:
        """Fill as a taker at the levels' prices, as far as depth, limit and funds allow."""
        spec = self.exchange.spec(order.symbol)
        currency = hold_currency(spec, order.side)
        for level in list(self.levels(account, order.symbol, order.side, limit)):
            amount = min(order.remaining, level.amount)
            if limit is None:
                free = account.available(currency) + order.held
                amount = min(amount, affordable(spec, account.fees, order, free, level.price))
            if amount <= ZERO:
                return
            self._note_taken(account, order, level.price, amount)
            self._fill(account, order, amount, level.price, maker=False)

    def make(self, account: Account, order: EngineOrder) -> None:
        """Fill a resting limit order at its own price with the liquidity that reached it."""
        limit = order.limit_price
        if limit is None:
            return
        for level in list(self.levels(account, order.symbol, order.side, limit)):
            amount = min(order.remaining, level.amount)
            if amount <= ZERO:
                return
            self._note_taken(account, order, level.price, amount)
            self._fill(account, order, amount, limit, maker=True)

    def give(self, account: Account, order: EngineOrder, price: Decimal) -> None:
        """Fill the whole order at this price regardless of the book; the price may be 0."""
        self._fill(account, order, order.remaining, price, maker=False)

    def rehold(self, account: Account, order: EngineOrder) -> None:
        """Hold what the rest of the order needs now, and release the difference."""
        spec = self.exchange.spec(order.symbol)
        needed = ZERO
        if not order.status.is_final:
            needed = hold_for(spec, account.fees, order.ticket, order.remaining, order.hold_price)
        account.hold(hold_currency(spec, order.side), needed - order.held)
        order.held = needed

    def release(self, account: Account, order: EngineOrder) -> None:
        spec = self.exchange.spec(order.symbol)
        account.hold(hold_currency(spec, order.side), -order.held)
        order.held = ZERO

    def _note_taken(self, account: Account, order: EngineOrder, price: Decimal, amount: Decimal) -> None:
        taken = account.taken(order.symbol, self.exchange.board.sequence(order.symbol))
        taken[price] = taken.get(price, ZERO) + amount

    def _fill(self, account: Account, order: EngineOrder, amount: Decimal, price: Decimal, *, maker: bool) -> None:
        spec = self.exchange.spec(order.symbol)
        account.start_lag(self.exchange.clock.time())
        fill = self._execution(account, order, amount, price, maker=maker)
        order.filled += amount
        order.cost += fill.cost
        order.fee += fill.fee
        order.fill_ids.append(fill.id)
        account.fills[fill.id] = fill
        if order.remaining == ZERO:
            order.status, order.closed = Status.FILLED, fill.time
            account.open.pop(order.id, None)
        if not order.ticket.on_margin:
            self._settle(spec, account, fill)
        if order.held:
            self.rehold(account, order)

    def _execution(
        self, account: Account, order: EngineOrder, amount: Decimal, price: Decimal, *, maker: bool
    ) -> EngineFill:
        spec = self.exchange.spec(order.symbol)
        self.executions += 1
        rate = account.fees.maker if maker else account.fees.taker
        cost = floor_to(amount * price, spec.cost_step)
        in_base = order.ticket.fee_in_base
        fee = floor_to(amount * rate, spec.amount_step) if in_base else floor_to(cost * rate, spec.cost_step)
        return EngineFill(
            id=self.exchange.ids.fill(),
            number=self.executions,
            order_id=order.id,
            symbol=order.symbol,
            side=order.side,
            kind=order.kind,
            amount=amount,
            price=price,
            cost=cost,
            fee=fee,
            fee_currency=spec.base if in_base else spec.quote,
            time=self.exchange.clock.time(),
            maker=maker,
        )

    def _settle(self, spec: MarketSpec, account: Account, fill: EngineFill) -> None:
        sign = 1 if fill.side is Side.BUY else -1
        for currency, change in ((spec.base, sign * fill.amount), (spec.quote, -sign * fill.cost)):
            fee = fill.fee if currency == fill.fee_currency else ZERO
            account.credit(currency, change - fee)
            self._enter(account, fill, currency, change, fee)

    def _enter(self, account: Account, fill: EngineFill, currency: str, change: Decimal, fee: Decimal) -> None:
        entry = LedgerEntry(
            id=self.exchange.ids.ledger(),
            reference=fill.id,
            time=fill.time,
            type="trade",
            currency=currency,
            amount=change,
            fee=fee,
            balance=account.balance(currency),
        )
        account.ledger[entry.id] = entry


def _reaches(side: Side, limit: Decimal, price: Decimal) -> bool:
    return limit >= price if side is Side.BUY else limit <= price
