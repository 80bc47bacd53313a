"""How much of a position can be sold now: never more than NIJA bought, never more than is free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Market
    from nija.journal.records import Intent
    from nija.orders.book import Book
    from nija.orders.pace import Pace


class Holdings:
    def __init__(self, broker: Broker, book: Book, clock: Clock, pace: Pace) -> None:
        self._broker = broker
        self._book = book
        self._clock = clock
        self._pace = pace
        self._prices: dict[str, Decimal] = {}
        self._caps: dict[str, tuple[Decimal, float]] = {}

    def market(self, symbol: str) -> Market | None:
        return self._broker.markets().get(symbol)

    @property
    def counts_unbooked(self) -> bool:
        """Whether `sellable` is exact also before fills are booked."""
        return self._broker.fees_in_quote

    def sellable(self, symbol: str) -> Decimal:
        """Down to the market's step. Only right while no sale is filling: see who asks.

        What is known to have filled counts before its fills are booked; of a buy, unless fees may be taken from it.
        """
        position = self._book.position(symbol)
        market = self.market(symbol)
        if position is None or market is None:
            return ZERO
        amount = max(ZERO, position.amount + sum(map(self._ahead, self._book.orders(symbol)), ZERO))
        cap, until = self._caps.get(position.id, (amount, 0.0))
        if self._clock.monotonic() < until:
            amount = min(amount, cap)
        return market.floor_amount(amount)

    def _ahead(self, intent: Intent) -> Decimal:
        """What this order changes of the position by fills that are not booked yet."""
        unbooked = max(ZERO, intent.filled - self._book.booked(intent))
        if intent.request.side is Side.SELL:
            return -unbooked
        return unbooked if self._broker.fees_in_quote else ZERO

    def refused_for(self, symbol: str, amount: Decimal) -> Decimal:
        """After the exchange refused to sell `amount`: what is really free, remembered for a while.

        Raises BrokerError.
        """
        position = self._book.position(symbol)
        market = self.market(symbol)
        if position is None or market is None:
            return ZERO
        balance = self._broker.balances().get(market.base)
        free = market.floor_amount(balance.available if balance else ZERO)
        if free < amount:
            self._caps[position.id] = (free, self._clock.monotonic() + self._pace.retry)
        return min(free, amount)

    def note_price(self, symbol: str, price: Decimal) -> None:
        self._prices[symbol] = price

    def is_dust(self, symbol: str, amount: Decimal) -> bool:
        """Whether so little cannot be sold at all, at the last price known."""
        market = self.market(symbol)
        position = self._book.position(symbol)
        price = self._prices.get(symbol, position.entry_price if position is not None else ZERO)
        return market is not None and not market.allows(market.floor_amount(amount), price)
