"""All checks an order must pass before the engine accepts it, in the order in which an exchange makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.engine.funds import hold_currency, hold_for
from brokers.simulator.engine.markets import MarketSpec, Mode, ceil_to, floor_to, is_multiple
from brokers.simulator.engine.orders import Amendment, EngineOrder, Kind, Ticket
from brokers.simulator.engine.refusals import Barrier, EngineRefusal, RefusedError

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.exchange import SimulatedExchange
    from brokers.simulator.engine.matching import Matching


@dataclass(frozen=True, slots=True)
class Checks:
    """Every method raises RefusedError."""

    exchange: SimulatedExchange
    matching: Matching

    def ticket(self, account: Account, ticket: Ticket, amount: Decimal, replaces: EngineOrder | None = None) -> None:
        """`amount` is in base; `replaces` is an order whose slot and funds this one takes over."""
        spec = self.exchange.spec(ticket.symbol)
        price = self.exchange.price(ticket.symbol)
        self._moment(ticket)
        self._mode(ticket)
        self._restriction(account, ticket)
        self.amount(spec, amount)
        self.prices(spec, ticket.limit_price, ticket.stop_price)
        self._cost(spec, ticket, amount, price)
        self._identity(account, ticket, replaces)
        if ticket.post_only:
            self.post_only(ticket)
        self._funds(account, ticket, amount, replaces)

    def amount(self, spec: MarketSpec, amount: Decimal) -> None:
        if not is_multiple(amount, spec.amount_step):
            raise RefusedError(EngineRefusal.AMOUNT_STEP, spec.symbol)
        if amount < spec.min_amount:
            raise RefusedError(EngineRefusal.AMOUNT_MINIMUM, spec.symbol)

    def prices(self, spec: MarketSpec, *prices: Decimal | None) -> None:
        for price in prices:
            if price is None:
                continue
            if price <= ZERO:
                raise RefusedError(EngineRefusal.PRICE_INVALID, spec.symbol)
            if not is_multiple(price, spec.price_step):
                raise RefusedError(EngineRefusal.PRICE_STEP, spec.symbol)

    def post_only(self, ticket: Ticket, limit: Decimal | None = None) -> None:
        wanted = limit or ticket.limit_price
        if wanted is not None and self.matching.crosses(ticket.symbol, ticket.side, wanted):
            raise RefusedError(EngineRefusal.WOULD_CROSS, ticket.symbol)

    def hold_price(self, ticket: Ticket) -> Decimal:
        """The price at which a buy's funds are held: the highest it can reach, if known."""
        price = ticket.limit_price or ticket.stop_price or self.exchange.price(ticket.symbol)
        if ticket.trail is None:
            return price
        distance = ceil_to(ticket.trail.distance(price), self.exchange.spec(ticket.symbol).price_step)
        return price + distance + max(ZERO, ticket.trail.limit_offset)

    def amendment(self, account: Account, order: EngineOrder, wanted: Amendment, amount: Decimal) -> Decimal:
        """The price at which the amended order's funds are held."""
        spec = self.exchange.spec(order.symbol)
        if not self.exchange.mode_of(order.symbol).takes_changes:
            raise RefusedError(EngineRefusal.MODE, self.exchange.mode_of(order.symbol).value)
        if amount != order.amount:
            self.amount(spec, amount)
        self.prices(spec, wanted.limit_price, wanted.stop_price)
        limit, stop = wanted.limit_price or order.limit_price, wanted.stop_price or order.stop_price
        price = order.hold_price if order.ticket.trail else limit or stop or order.hold_price
        if amount * price < spec.min_cost:
            raise RefusedError(EngineRefusal.COST_MINIMUM, spec.symbol)
        if wanted.limit_price is not None and (wanted.post_only or order.post_only):
            self.post_only(order.ticket, wanted.limit_price)
        currency = hold_currency(spec, order.side)
        needed = hold_for(spec, account.fees, order.ticket, amount - order.filled, price)
        if needed > account.available(currency) + order.held:
            raise RefusedError(EngineRefusal.INSUFFICIENT_FUNDS, currency)
        return price

    def sweep_cost(self, account: Account, ticket: Ticket, amount: Decimal) -> Decimal:
        """The cost of a market buy of `amount` now, including the fee."""
        spec = self.exchange.spec(ticket.symbol)
        left, total = amount, ZERO
        for level in self.matching.levels(account, ticket.symbol, ticket.side, None):
            part = min(left, level.amount)
            total += hold_for(spec, account.fees, ticket, part, level.price)
            left -= part
            if left <= ZERO:
                break
        return total

    def sweep_amount(self, account: Account, ticket: Ticket, quote: Decimal) -> Decimal:
        """The amount of base that `quote` buys at market now."""
        spec = self.exchange.spec(ticket.symbol)
        rate = 1 + account.fees.taker if ticket.quote_includes_fee else 1
        left, total = quote / rate, ZERO
        for level in self.matching.levels(account, ticket.symbol, ticket.side, None):
            part = min(left / level.price, level.amount)
            total += part
            left -= part * level.price
            if left <= ZERO:
                break
        return floor_to(total, spec.amount_step)

    def _moment(self, ticket: Ticket) -> None:
        if ticket.deadline is not None and self.exchange.clock.time() > ticket.deadline:
            raise RefusedError(EngineRefusal.DEADLINE_ELAPSED)

    def _mode(self, ticket: Ticket) -> None:
        mode = self.exchange.mode_of(ticket.symbol)
        allowed = {
            Mode.ONLINE: True,
            Mode.POST_ONLY: ticket.post_only,
            Mode.LIMIT_ONLY: ticket.kind.ends_as_limit,
            Mode.REDUCE_ONLY: ticket.side is Side.SELL,
        }
        if mode is Mode.AWAY:
            raise RefusedError(EngineRefusal.UNKNOWN_MARKET, ticket.symbol)
        if not allowed.get(mode, False):
            raise RefusedError(EngineRefusal.MODE, mode.value)

    def _restriction(self, account: Account, ticket: Ticket) -> None:
        restriction = account.restrictions.get(ticket.symbol)
        if restriction is None:
            return
        agreed = ticket.agreed or ticket.kind is not Kind.MARKET
        if restriction.barrier is not Barrier.AGREEMENT or not agreed:
            raise RefusedError(EngineRefusal.RESTRICTED, ticket.symbol, restriction)

    def _cost(self, spec: MarketSpec, ticket: Ticket, amount: Decimal, last: Decimal) -> None:
        price = ticket.limit_price or ticket.stop_price or last
        if amount * price < spec.min_cost:
            raise RefusedError(EngineRefusal.COST_MINIMUM, spec.symbol)

    def _identity(self, account: Account, ticket: Ticket, replaces: EngineOrder | None) -> None:
        others = [order for order in account.open.values() if order is not replaces]
        if ticket.client_id is not None and any(order.client_id == ticket.client_id for order in others):
            raise RefusedError(EngineRefusal.CLIENT_ID_IN_USE, ticket.client_id)
        if sum(order.symbol == ticket.symbol for order in others) >= self.exchange.max_open_orders:
            raise RefusedError(EngineRefusal.TOO_MANY_ORDERS, ticket.symbol)

    def _funds(self, account: Account, ticket: Ticket, amount: Decimal, replaces: EngineOrder | None) -> None:
        spec = self.exchange.spec(ticket.symbol)
        currency = hold_currency(spec, ticket.side)
        free = account.available(currency)
        if replaces is not None and hold_currency(self.exchange.spec(replaces.symbol), replaces.side) == currency:
            free += replaces.held
        if ticket.kind is Kind.MARKET and ticket.side is Side.BUY:
            needed = self.sweep_cost(account, ticket, amount)
        else:
            needed = hold_for(spec, account.fees, ticket, amount, self.hold_price(ticket))
        if needed > free:
            raise RefusedError(EngineRefusal.INSUFFICIENT_FUNDS, currency)
