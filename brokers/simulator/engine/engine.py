"""The exchange-neutral engine: one per exchange, called only from the server's event loop.

An order is checked, its funds are held, and then it is matched against its account's view of the book. Prices arrive
through the PriceBoard; time is the injected wall clock. Everything here acts immediately and never waits.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from brokers.model import ZERO
from brokers.simulator.engine.accounts import Account, LedgerEntry
from brokers.simulator.engine.checks import Checks
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.matching import Matching
from brokers.simulator.engine.orders import Amendment, CloseTerms, EngineOrder, Kind, Status, Ticket, closing_ticket
from brokers.simulator.engine.refusals import EngineRefusal, RefusedError
from brokers.simulator.engine.working import WorkingOrders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from brokers.model import Fees
    from brokers.simulator.engine.exchange import SimulatedExchange


class Engine:
    """Accounts by owner, and operations on their orders. Refusals raise RefusedError."""

    def __init__(self, exchange: SimulatedExchange) -> None:
        self.exchange = exchange
        self.accounts: dict[str, Account] = {}
        self.matching = Matching(exchange)
        self.checks = Checks(exchange, self.matching)
        self._working = WorkingOrders(exchange, self.matching)
        self._timers: list[tuple[float, int, str, str]] = []
        self._timer_count = 0
        self._when_forgetting: list[Callable[[EngineOrder], None]] = []
        exchange.board.listen(self._on_price)

    def listen_to_forgetting(self, listener: Callable[[EngineOrder], None]) -> None:
        """Call `listener(order)` for every order that is no longer remembered."""
        self._when_forgetting.append(listener)

    def open_account(self, owner: str, fees: Fees, balances: Mapping[str, Decimal]) -> Account:
        account = Account(owner, fees, {})
        self.accounts[owner] = account
        for currency, amount in balances.items():
            self.deposit(account, currency, amount)
        return account

    def deposit(self, account: Account, currency: str, amount: Decimal) -> None:
        """Deposit, or withdraw if negative. Raises RefusedError if the funds are not free."""
        self.move(account, currency, amount, "deposit" if amount >= ZERO else "withdrawal")

    def move(self, account: Account, currency: str, amount: Decimal, kind: str, subtype: str = "") -> None:
        """Change a balance other than by a trade. Raises RefusedError if the funds are not free."""
        if account.available(currency) + amount < ZERO:
            raise RefusedError(EngineRefusal.INSUFFICIENT_FUNDS, currency)
        account.credit(currency, amount)
        entry_id = self.exchange.ids.ledger()
        account.ledger[entry_id] = LedgerEntry(
            id=entry_id,
            reference=self.exchange.ids.fill(),
            time=self.exchange.clock.time(),
            type=kind,
            currency=currency,
            amount=amount,
            fee=ZERO,
            balance=account.balance(currency),
            subtype=subtype,
        )

    def check(self, account: Account, ticket: Ticket) -> None:
        """The checks of `place`, without effect."""
        self.checks.ticket(account, ticket, self._amount(account, ticket))

    def place(self, account: Account, ticket: Ticket, *, late_by: float = 0.0) -> EngineOrder:
        """Accept an order; it may be filled on return. It is listed only after `late_by` seconds."""
        amount = self._amount(account, ticket)
        self.checks.ticket(account, ticket, amount)
        return self._accept(account, ticket, amount, late_by)

    def give(self, account: Account, ticket: Ticket, price: Decimal) -> EngineOrder:
        """An order filled at this price regardless of the market; the price may be 0."""
        order = self._opened(account, ticket, ticket.amount, 0.0)
        self.matching.give(account, order, price)
        self._working.drop(order)
        return order

    def replace(self, account: Account, order: EngineOrder, ticket: Ticket) -> EngineOrder:
        """Replace an order with another that uses its funds. If the new one is refused, nothing changes."""
        self._must_be_open(order)
        amount = self._amount(account, ticket)
        self.checks.ticket(account, ticket, amount, replaces=order)
        self._working.end(account, order, Status.CANCELLED, "Order replaced")
        return self._accept(account, ticket, amount, 0.0)

    def restore(self, account: Account, order: EngineOrder) -> None:
        """Restore an open order of an earlier engine with its funds held; it is matched at the next price."""
        self._working.add(account, order)
        self.matching.rehold(account, order)

    def cancel(
        self, account: Account, order: EngineOrder, *, after: float = 0.0, reason: str = "User requested"
    ) -> None:
        """Cancel an order now or `after` seconds from now; it may fill until then."""
        self._must_be_open(order)
        if after > 0:
            order.cancel_at = self.exchange.clock.time() + after
            self._at(order.cancel_at, account.owner, order.id)
        else:
            self._working.end(account, order, Status.CANCELLED, reason)

    def amend(self, account: Account, order: EngineOrder, wanted: Amendment) -> None:
        """Change an open order in place; an amount at or below the filled one ends it."""
        self._must_be_open(order)
        amount = order.amount if wanted.amount is None else wanted.amount
        if amount <= order.filled:
            self._working.end(account, order, Status.CANCELLED, "Amended below the filled amount")
            return
        order.hold_price = self.checks.amendment(account, order, wanted, amount)
        if wanted.amount is not None:
            order.resized.append((self.exchange.clock.time(), order.amount))
            order.amount, order.added_by_hand = amount, ZERO
        order.amended = self.exchange.clock.time()
        order.limit_price = wanted.limit_price or order.limit_price
        order.stop_price = wanted.stop_price or order.stop_price
        order.post_only = order.post_only or wanted.post_only
        self.matching.rehold(account, order)
        if order.status is Status.OPEN and self.exchange.may_fill(order):
            self._meet(account, order, taker=not order.waits_for_trigger)

    def set_mode(self, mode: Mode, symbol: str | None = None) -> None:
        """Of one market, or of the whole exchange; orders waiting for the mode become active."""
        if symbol is None:
            self.exchange.mode = mode
        else:
            self.exchange.market_modes[symbol] = mode
            self.exchange.note_change(symbol)
        for name in self.exchange.markets if symbol is None else (symbol,):
            self._on_price(name)

    def cancel_all(self, account: Account, *, reason: str = "User requested") -> int:
        orders = list(account.open.values())
        for order in orders:
            self._working.end(account, order, Status.CANCELLED, reason)
        return len(orders)

    def set_dead_man(self, account: Account, seconds: float) -> float | None:
        """Cancel all orders of the account after `seconds` unless called again; 0 disarms. Returns the time."""
        account.dead_man = self.exchange.clock.time() + seconds if seconds > 0 else None
        if account.dead_man is not None:
            self._at(account.dead_man, account.owner, "")
        return account.dead_man

    def tick(self) -> None:
        """Process what is due: starts, expiries, delayed cancellations, dead man's switches, old orders.

        During maintenance nothing is processed.
        """
        if self.exchange.mode is Mode.MAINTENANCE:
            return
        now = self.exchange.clock.time()
        while self._timers and self._timers[0][0] <= now:
            _, _, owner, order_id = heapq.heappop(self._timers)
            account = self.accounts[owner]
            order = account.open.get(order_id)
            if order is not None:
                self._due(account, order, now)
            elif not order_id and account.dead_man is not None and account.dead_man <= now:
                account.dead_man = None
                self.cancel_all(account, reason="Cancel all orders after timeout")
        self._forget()

    def _forget(self) -> None:
        kept = self.exchange.kept_orders
        if kept is None:
            return
        for account in self.accounts.values():
            for order in account.forget_ended(kept):
                for listener in self._when_forgetting:
                    listener(order)

    def _due(self, account: Account, order: EngineOrder, now: float) -> None:
        ticket = order.ticket
        if order.cancel_at is not None and order.cancel_at <= now:
            self._working.end(account, order, Status.CANCELLED, "User requested")
        elif ticket.expires is not None and ticket.expires <= now:
            self._working.end(account, order, Status.EXPIRED, "Order expired")
        elif order.status is Status.PENDING and ticket.starts is not None and ticket.starts <= now:
            order.status = Status.OPEN
            self._meet(account, order, taker=True)

    def _amount(self, account: Account, ticket: Ticket) -> Decimal:
        self.exchange.spec(ticket.symbol)
        self.exchange.price(ticket.symbol)
        if ticket.quote_amount is None:
            return ticket.amount
        return self.checks.sweep_amount(account, ticket, ticket.quote_amount)

    def _opened(self, account: Account, ticket: Ticket, amount: Decimal, late_by: float) -> EngineOrder:
        now = self.exchange.clock.time()
        order = EngineOrder(
            id=self.exchange.ids.order(),
            owner=account.owner,
            ticket=ticket,
            amount=amount,
            created=now,
            limit_price=ticket.limit_price,
            stop_price=ticket.stop_price,
            hold_price=self.checks.hold_price(ticket),
            post_only=ticket.post_only,
            visible_from=now + late_by,
            balances_told=account.balances_told,
        )
        self._working.add(account, order)
        return order

    def _accept(self, account: Account, ticket: Ticket, amount: Decimal, late_by: float) -> EngineOrder:
        order = self._opened(account, ticket, amount, late_by)
        if ticket.kind is not Kind.MARKET or ticket.starts is not None or ticket.idle:
            self.matching.rehold(account, order)
        if ticket.expires is not None:
            self._at(ticket.expires, account.owner, order.id)
        if ticket.starts is not None and ticket.starts > order.created:
            order.status = Status.PENDING
            self._at(ticket.starts, account.owner, order.id)
        else:
            self._meet(account, order, taker=True)
        return order

    def _on_price(self, symbol: str) -> None:
        for order in self._working.of(symbol):
            if order.status is Status.OPEN and self.exchange.may_fill(order):
                self._meet(self.accounts[order.owner], order, taker=False)

    def _meet(self, account: Account, order: EngineOrder, *, taker: bool) -> None:
        if order.ticket.idle:
            return
        fills_before = len(order.fill_ids)
        self._working.meet(account, order, taker=taker)
        self._close_legs(account, order, fills_before)

    def _close_legs(self, account: Account, order: EngineOrder, fills_before: int) -> None:
        close = order.ticket.close
        if close is None:
            return
        for fill_id in order.fill_ids[fills_before:]:
            self._close_leg(account, order, close, account.fills[fill_id].amount)

    def _close_leg(self, account: Account, parent: EngineOrder, close: CloseTerms, amount: Decimal) -> None:
        ticket = closing_ticket(parent, close, amount)
        try:
            leg = self.place(account, ticket)
        except RefusedError as refused:
            parent.reason = f"close order refused: {refused}"
        else:
            leg.parent = parent.id

    def _must_be_open(self, order: EngineOrder) -> None:
        if order.status.is_final:
            raise RefusedError(EngineRefusal.UNKNOWN_ORDER, order.id)

    def _at(self, moment: float, owner: str, order_id: str) -> None:
        self._timer_count += 1
        heapq.heappush(self._timers, (moment, self._timer_count, owner, order_id))
