"""What the owner of an account does by hand on the exchange's website, without a key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.engine.orders import Amendment, EngineOrder, Kind, Ticket
from brokers.simulator.engine.ownership import STAKED, UNSTAKED
from brokers.simulator.engine.refusals import EngineRefusal, RefusedError

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.engine import Engine

_KINDS = {
    (False, False): Kind.MARKET,
    (True, False): Kind.LIMIT,
    (False, True): Kind.STOP_LOSS,
    (True, True): Kind.STOP_LOSS_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Hands:
    """Every method raises RefusedError if the exchange would not allow it to the owner either."""

    engine: Engine
    account: Account

    def trade(
        self, symbol: str, side: Side, amount: Decimal, limit: Decimal | None = None, stop: Decimal | None = None
    ) -> EngineOrder:
        """At market, at a limit, behind a stop, or both."""
        kind = _KINDS[limit is not None, stop is not None]
        return self.place(Ticket(symbol, side, kind, amount, limit_price=limit, stop_price=stop))

    def place(self, ticket: Ticket) -> EngineOrder:
        """An order of any kind."""
        return self.engine.place(self.account, replace(ticket, by_hand=True))

    def cancel(self, order_id: str) -> None:
        """Any open order of the account, NIJA's included."""
        order = self._order(order_id)
        self.engine.cancel(self.account, order)
        order.ended_by_hand = True

    def cancel_all(self) -> int:
        """Returns how many were cancelled."""
        orders = list(self.account.open.values())
        for order in orders:
            self.cancel(order.id)
        return len(orders)

    def amend(self, order_id: str, wanted: Amendment) -> EngineOrder:
        """Move or resize any open order, NIJA's included."""
        order = self._order(order_id)
        before, added = order.amount, order.added_by_hand
        self.engine.amend(self.account, order, wanted)
        order.added_by_hand = added + order.amount - before
        return order

    def deposit(self, currency: str, amount: Decimal) -> None:
        self.engine.deposit(self.account, currency, amount)

    def withdraw(self, currency: str, amount: Decimal) -> None:
        self.engine.deposit(self.account, currency, -amount)

    def stake(self, currency: str, amount: Decimal, program: str = "S") -> None:
        """Stake coins: they become `BTC.S`, or the equivalent of another program."""
        self.engine.move(self.account, currency, -amount, "transfer", STAKED)
        self.engine.move(self.account, f"{currency}.{program}", amount, "transfer", "stakingfromspot")

    def unstake(self, currency: str, amount: Decimal, program: str = "S") -> None:
        self.engine.move(self.account, f"{currency}.{program}", -amount, "transfer", "stakingtospot")
        self.engine.move(self.account, currency, amount, "transfer", UNSTAKED)

    def receive_fill(
        self, symbol: str, side: Side, amount: Decimal, price: Decimal = ZERO, leverage: str = ""
    ) -> EngineOrder:
        """A fill at a price outside the book: from a promotion, conversion or correction, often at 0.

        With leverage, it moves no coins.
        """
        base = self.engine.exchange.spec(symbol).base
        if side is Side.SELL and not leverage and amount > self.account.available(base):
            raise RefusedError(EngineRefusal.INSUFFICIENT_FUNDS, base)
        face = {"leverage": leverage} if leverage else {}
        ticket = Ticket(symbol, side, Kind.MARKET, amount, by_hand=True, on_margin=bool(leverage), face=face)
        return self.engine.give(self.account, ticket, price)

    def _order(self, order_id: str) -> EngineOrder:
        order = self.account.orders.get(order_id)
        if order is None:
            raise RefusedError(EngineRefusal.INVALID_ORDER, order_id)
        return order
