"""A broker whose exchange is a file: orders fill at real prices on the simulator's engine, and nothing is sent."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from brokers.clock import utc_now
from brokers.errors import OrderNotFound, OrderRejected, Unavailable
from brokers.model import ZERO, Absent, Found, KeyInfo
from brokers.paper.books import load_books, save_books
from brokers.paper.engine import EngineAct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from pathlib import Path

    from brokers.clock import Clock
    from brokers.description import ExchangeDescription
    from brokers.model import Balance, Evidence, Fees, Fill, Market, Order, OrderRequest, Resolution, Ticker
    from brokers.paper.books import Books


class ListedMarkets(Protocol):
    """The real exchange's markets, shared by all accounts of the process."""

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """As read within the last `max_age` seconds. Raises BrokerError."""
        ...

    def markets_age(self) -> float: ...


class PaperBroker:
    """A `brokers.base.Broker`. `prices` returns a market's last ticker, or None before the first.

    Every change is written to disk before it is returned: a change that cannot be written did not happen.
    """

    can_amend_stops = True
    stops_at_market = True
    fees_in_quote = True
    resends_by_id = False

    def __init__(
        self,
        description: ExchangeDescription,
        books: Path,
        clock: Clock,
        *,
        listed: ListedMarkets,
        prices: Callable[[str], Ticker | None],
        starting: Mapping[str, Decimal],
    ) -> None:
        self.exchange = description.exchange
        self._path = books
        self._clock = clock
        self._listed = listed
        self._prices = prices
        self._fees = description.entry_fees
        self._markets: Mapping[str, Market] = MappingProxyType({})
        self._books = load_books(books, starting)
        self._open = self._books.open_orders()
        self._balances = self._act(self._books).balances()
        self._met: Mapping[str, Ticker] = {}

    def connect(self) -> KeyInfo:
        self.refresh_markets()
        self._keep(self._books.named())
        return KeyInfo(
            account_uid=f"paper {self._books.account}",
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
        """The machine's clock is the paper exchange's clock."""

    def refresh_markets(self, max_age: float = 60.0) -> None:
        self._markets = self._listed.markets(max_age)

    def markets_age(self) -> float:
        return self._listed.markets_age()

    def fees(self, market: str) -> Fees:  # noqa: ARG002 - the entry tier is the same for every market
        return self._fees

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:  # noqa: ARG002 - there is no rate limit
        self._look()
        return self._balances

    def place(self, request: OrderRequest) -> str:
        self._must_be_on_offer(request.market)
        act = self._act(self._books, request.market)
        exchange_id = act.place(request)
        self._keep(act.books())
        self._balances = act.balances()
        return exchange_id

    def preview(self, request: OrderRequest) -> None:
        """Ignores the holds of other orders: an order that lacks only their coins passes."""
        self._must_be_on_offer(request.market)
        self._act(self._books.without_open_orders(), request.market).check(request)

    def resolve(self, request: OrderRequest) -> Resolution:
        """A placed order is in the books before `place` returns, so an order that is not there was never placed."""
        found = next((order for order in self._books.orders.values() if order.client_id == request.client_id), None)
        return Absent("it is not in the paper account's books") if found is None else Found(found)

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        act = self._act(self._books, market)
        act.amend_stop(exchange_id, amount, stop_price)
        self._keep(act.books())
        self._balances = act.balances()

    def cancel(self, exchange_id: str) -> None:
        act = self._act(self._books)
        act.cancel(exchange_id)
        self._keep(act.books())
        self._balances = act.balances()

    def order(self, exchange_id: str) -> Order:
        found = self._look().orders.get(exchange_id)
        if found is None:
            raise OrderNotFound(f"There is no paper order {exchange_id}")
        return found

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        known = self._look().orders
        return {number: known[number] for number in exchange_ids if number in known}

    def open_orders(self) -> tuple[Order, ...]:
        self._look()
        return self._open

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        ended = (order for order in self._look().orders.values() if order.closed is not None and order.closed > since)
        return tuple(sorted(ended, key=lambda order: (order.closed or since, order.exchange_id)))

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:  # noqa: ARG002 - as balances
        return tuple(fill for fill in self._look().fills if fill.time >= since)

    def unread_rows(self) -> Mapping[str, str]:
        return {}

    def another_program(self) -> Evidence | None:
        return None

    def budget_left(self) -> float:
        return 1.0

    def close(self) -> None:
        """Nothing to close."""

    def _look(self) -> Books:
        """The books after matching the open orders at current prices. Raises Unavailable."""
        present = self._tickers(order.market for order in self._open)
        if present != self._met:
            act = self._act(self._books)
            self._keep(act.books())
            self._balances = act.balances()
            self._met = present
        return self._books

    def _act(self, books: Books, *markets: str) -> EngineAct:
        """An engine for the books' own markets and `markets`, at current prices."""
        tickers = self._tickers((*markets, *(order.market for order in books.open_orders())))
        return EngineAct(books, self._markets, tickers, self._fees, self._clock)

    def _tickers(self, markets: Iterable[str]) -> Mapping[str, Ticker]:
        found = {market: self._prices(market) for market in markets}
        return {market: ticker for market, ticker in found.items() if ticker is not None and _has_prices(ticker)}

    def _keep(self, books: Books) -> None:
        """Save what changed; if that fails, everything stays as it was."""
        kept = books.forgetting(self.exchange_time())
        if kept != self._books:
            save_books(self._path, kept)
        self._books = kept
        self._open = kept.open_orders()

    def _must_be_on_offer(self, market: str) -> None:
        if market not in self._markets:
            raise OrderRejected(f"{self.exchange} has no market {market}", "unknown market")
        if not self._tickers((market,)):
            raise Unavailable(f"There is no price of {market} yet")


def _has_prices(ticker: Ticker) -> bool:
    return min(ticker.bid, ticker.ask, ticker.last) > ZERO
