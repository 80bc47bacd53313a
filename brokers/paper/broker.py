"""A broker whose exchange is a file: orders fill at real prices, and nothing is sent anywhere."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.errors import OrderNotFound, OrderRejected, Unavailable
from brokers.model import (
    ZERO,
    Absent,
    Balance,
    Exchange,
    Fees,
    Fill,
    Found,
    KeyInfo,
    Order,
    OrderStatus,
    OrderType,
    Side,
)
from brokers.paper.books import load_books, save_books

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from brokers.clock import Clock
    from brokers.model import Market, OrderRequest, Resolution, Ticker

# The entry tiers: what a small account pays. Read from the exchanges' own tables, autumn 2026.
ENTRY_FEES: Mapping[Exchange, Fees] = MappingProxyType(
    {
        Exchange.KRAKEN: Fees(maker=Decimal("0.0025"), taker=Decimal("0.0040")),
        Exchange.COINBASE: Fees(maker=Decimal("0.0060"), taker=Decimal("0.0120")),
    }
)


class PaperBroker:
    """Implements brokers.base.Broker. `prices` gives a market's last ticker, or None before the first.

    Market orders fill whole at the best price of the other side; stops sell at the bid once it is at their price.
    """

    can_amend_stops = True
    stops_at_market = True
    fees_in_quote = True
    resends_by_id = False

    def __init__(
        self,
        exchange: Exchange,
        books: Path,
        clock: Clock,
        *,
        markets: Callable[[], Mapping[str, Market]],
        prices: Callable[[str], Ticker | None],
        starting: Mapping[str, Decimal],
    ) -> None:
        self.exchange = exchange
        self._path = books
        self._clock = clock
        self._ask_markets = markets
        self._prices = prices
        self._fees = ENTRY_FEES[exchange]
        self._markets: Mapping[str, Market] = MappingProxyType({})
        self._markets_read = float("-inf")
        self._books = load_books(books, starting)

    def connect(self) -> KeyInfo:
        self.refresh_markets()
        return KeyInfo(
            account_uid=f"paper {self._path}",
            permissions=frozenset(),
            missing=frozenset(),
            can_withdraw=False,
            clock_skew=timedelta(0),
        )

    def exchange_time(self) -> datetime:
        return utc_now(self._clock)

    def markets(self) -> Mapping[str, Market]:
        return self._markets

    def sync_clock(self, max_age: float = 300.0) -> None:
        """The machine's clock is the exchange's here."""

    def refresh_markets(self, max_age: float = 60.0) -> None:
        if self.markets_age() > max_age:
            self._markets = MappingProxyType(dict(self._ask_markets()))
            self._markets_read = self._clock.monotonic()

    def markets_age(self) -> float:
        return self._clock.monotonic() - self._markets_read

    def fees(self, market: str) -> Fees:  # noqa: ARG002 - the entry tier is the same for every market
        return self._fees

    def balances(self) -> Mapping[str, Balance]:
        self._match()
        held = self._held()
        return {
            currency: Balance(currency, total, held.get(currency, ZERO))
            for currency, total in self._books.money.items()
        }

    def place(self, request: OrderRequest) -> str:
        ticker = self._prices(request.market)
        market = self._markets.get(request.market)
        if ticker is None or market is None:
            raise Unavailable(f"There is no price of {request.market} yet")
        price = request.stop_price or request.limit_price or _taken(ticker, request.side)
        if not market.allows(request.amount, price):
            raise OrderRejected(f"{request.amount} {market.base} is below the exchange's minimum", "minimum")
        self._check_funds(request, market, price)
        order = Order(
            exchange_id=str(uuid.uuid4()),
            client_id=request.client_id,
            market=request.market,
            side=request.side,
            type=request.type,
            status=OrderStatus.OPEN,
            amount=request.amount,
            filled=ZERO,
            average_price=None,
            fee=ZERO,
            created=self.exchange_time(),
            limit_price=request.limit_price,
            stop_price=request.stop_price,
        )
        self._keep(order)
        self._match()
        return order.exchange_id

    def resolve(self, request: OrderRequest) -> Resolution:
        """A placed order is in the books before `place` returns, so what is not there was never placed."""
        found = next((order for order in self._books.orders.values() if order.client_id == request.client_id), None)
        return Absent("it is not in the paper account's books") if found is None else Found(found)

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:  # noqa: ARG002 - the protocol's signature
        order = self._live(exchange_id)
        self._keep(replace(order, amount=amount, stop_price=stop_price))
        self._match()

    def cancel(self, exchange_id: str) -> None:
        order = self._books.orders.get(exchange_id)
        if order is not None and not order.status.is_final:
            self._keep(replace(order, status=OrderStatus.CANCELLED, closed=self.exchange_time()))

    def order(self, exchange_id: str) -> Order:
        self._match()
        if exchange_id not in self._books.orders:
            raise OrderNotFound(f"There is no paper order {exchange_id}")
        return self._books.orders[exchange_id]

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        self._match()
        return {number: self._books.orders[number] for number in exchange_ids if number in self._books.orders}

    def open_orders(self) -> tuple[Order, ...]:
        self._match()
        return tuple(order for order in self._books.orders.values() if not order.status.is_final)

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        self._match()
        ended = (order for order in self._books.orders.values() if order.closed is not None and order.closed > since)
        return tuple(sorted(ended, key=lambda order: (order.closed or since, order.exchange_id)))

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        self._match()
        return tuple(fill for fill in self._books.fills if fill.time >= since)

    def preview(self, request: OrderRequest) -> None:
        """Stops are amended here, never replaced."""

    def unread_rows(self) -> Mapping[str, str]:
        return {}

    def budget_left(self) -> float:
        return 1.0

    def close(self) -> None:
        """Nothing is held open."""

    def _match(self) -> None:
        """Fill whatever the present prices reach."""
        for order in list(self._books.orders.values()):
            ticker = self._prices(order.market)
            if ticker is not None and not order.status.is_final and _reached(order, ticker):
                self._fill(order, order.limit_price or _taken(ticker, order.side))

    def _fill(self, order: Order, price: Decimal) -> None:
        base, _, quote = order.market.partition("/")
        maker = order.type is OrderType.LIMIT
        value = order.amount * price
        fee = value * (self._fees.maker if maker else self._fees.taker)
        fill = Fill(
            id=str(uuid.uuid4()),
            order_id=order.exchange_id,
            market=order.market,
            side=order.side,
            amount=order.amount,
            price=price,
            fee=fee,
            fee_currency=quote,
            time=self.exchange_time(),
            maker=maker,
        )
        sign = 1 if order.side is Side.BUY else -1
        changes = {base: sign * order.amount, quote: -sign * value - fee}
        done = replace(
            order, status=OrderStatus.FILLED, filled=order.amount, average_price=price, fee=fee, closed=fill.time
        )
        self._books = self._books.with_fill(fill, changes)
        self._keep(done)

    def _check_funds(self, request: OrderRequest, market: Market, price: Decimal) -> None:
        held = self._held()
        if request.side is Side.SELL:
            currency, needed = market.base, request.amount
        else:
            currency, needed = market.quote, request.amount * price * (1 + self._fees.taker)
        free = self._books.money.get(currency, ZERO) - held.get(currency, ZERO)
        if needed > free:
            raise OrderRejected(f"{needed} {currency} is needed and {free} is free", "insufficient funds")

    def _held(self) -> dict[str, Decimal]:
        held: dict[str, Decimal] = {}
        for order in self._books.orders.values():
            if order.status.is_final:
                continue
            base, _, quote = order.market.partition("/")
            if order.side is Side.SELL:
                held[base] = held.get(base, ZERO) + order.amount
            elif order.limit_price is not None:
                cost = order.amount * order.limit_price * (1 + self._fees.taker)
                held[quote] = held.get(quote, ZERO) + cost
        return held

    def _live(self, exchange_id: str) -> Order:
        order = self.order(exchange_id)
        if order.status.is_final:
            raise OrderNotFound(f"The paper order {exchange_id} has ended")
        return order

    def _keep(self, order: Order) -> None:
        self._books = self._books.with_order(order)
        save_books(self._path, self._books)


def _taken(ticker: Ticker, side: Side) -> Decimal:
    return ticker.ask if side is Side.BUY else ticker.bid


def _reached(order: Order, ticker: Ticker) -> bool:
    if order.stop_price is not None:
        return ticker.bid <= order.stop_price
    if order.limit_price is None:
        return True
    return ticker.ask <= order.limit_price if order.side is Side.BUY else ticker.bid >= order.limit_price
