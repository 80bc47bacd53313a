"""One account at Coinbase Advanced."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.account_mapping import balances_of, fees_of, key_info_of
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.lookups import CoinbaseLookups
from brokers.coinbase.orders import CoinbaseOrders
from brokers.coinbase.public import CoinbasePublic
from brokers.coinbase.recovery import LONGEST_DEADLINE, resolve
from brokers.coinbase.symbols import NO_PRODUCTS
from brokers.coinbase.tokens import TokenSigner
from brokers.errors import BrokerError, DeadlineTooNear, RequestRefused
from brokers.model import Exchange
from brokers.shared_answer import CLOCK_MAX_AGE, CLOCK_TTL, MARKETS_MIN_REFRESH, MARKETS_TTL
from brokers.unread_rows import UnreadRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.model import (
        ApiKey,
        Balance,
        Evidence,
        Fees,
        Fill,
        KeyInfo,
        Market,
        Order,
        OrderRequest,
        Resolution,
    )

_FEES_TTL = 3_600.0
_WALLETS_PER_PAGE = 250
_NO_TIME = timedelta(0)


class CoinbaseBroker:
    """A `brokers.base.Broker`. Raises ValueError if the key or the URL is unusable.

    `public` is shared by all accounts of the process; without it the broker makes its own.
    """

    def __init__(
        self,
        api_key: ApiKey,
        *,
        base_url: str,
        clock: Clock,
        timeout: float = 30.0,
        public: CoinbasePublic | None = None,
    ) -> None:
        self._clock = clock
        self._owns_public = public is None
        self._public = public or CoinbasePublic(base_url=base_url, clock=clock, timeout=timeout)
        self._exchange_clock = self._public.exchange_clock
        signer = TokenSigner(api_key, self._exchange_clock.now)
        self._client = CoinbaseClient(
            signer, base_url=base_url, clock=clock, timeout=timeout, exchange_clock=self._exchange_clock
        )
        self._unread = UnreadRows()
        self._lookups = CoinbaseLookups(
            self._client, clock=clock, exchange_clock=self._exchange_clock, unread=self._unread
        )
        self._orders = CoinbaseOrders(self._client, self._lookups)
        self._products = NO_PRODUCTS
        self._fees: tuple[float, Fees] | None = None

    @property
    def exchange(self) -> Exchange:
        return Exchange.COINBASE

    @property
    def can_amend_stops(self) -> bool:
        """No: stops are replaced, after a `preview`.

        As of November 2026, the documentation of `POST /orders/edit` speaks of "a specified new `size`, or new
        `price`". Its sample request also has a `stop_price`, but does not say for which orders that works, nor whether
        the old order rests until the edit is accepted. According to Coinbase's own library, only good-till-cancelled
        limit orders can be edited (1.8.4); the version after it passes `stop_price` on.
        """
        return False

    @property
    def stops_at_market(self) -> bool:
        """There are no stop-market orders: see MAX_STOP_SLIPPAGE in `order_mapping`."""
        return False

    @property
    def resends_by_id(self) -> bool:
        return True

    @property
    def fees_in_quote(self) -> bool:
        return True

    def connect(self) -> KeyInfo:
        self._exchange_clock.sync(CLOCK_TTL)
        info = key_info_of(self._client.get("/key_permissions"), self._exchange_clock.skew())
        self._products = self._public.products(MARKETS_TTL)
        return info

    def exchange_time(self) -> datetime:
        return self._exchange_clock.now()

    def sync_clock(self, max_age: float = 300.0) -> None:
        self._exchange_clock.sync(max_age)

    def markets(self) -> Mapping[str, Market]:
        return self._products.markets

    def refresh_markets(self, max_age: float = MARKETS_MIN_REFRESH) -> None:
        self._products = self._public.products(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def fees(self, market: str) -> Fees:  # noqa: ARG002 - Coinbase has one fee tier for all markets of an account
        now = self._clock.monotonic()
        if self._fees is None or now - self._fees[0] >= _FEES_TTL:
            self._fees = (now, fees_of(self._client.get("/transaction_summary", product_type="SPOT")))
        return self._fees[1]

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:  # noqa: ARG002 - at 30 calls a second, no reserve is needed
        wallets = self._client.pages("/accounts", "accounts", limit=_WALLETS_PER_PAGE)
        return balances_of(wallets, self._unread.begin("balances"))

    def place(self, request: OrderRequest) -> str:
        """Coinbase has no deadlines for orders, so a late order is not sent."""
        market = self._market(request.market)
        # Coinbase rejects a wrongly dated token without harm, so a clock that cannot be read must not stop an exit.
        with suppress(BrokerError):
            self._exchange_clock.sync(math.inf)
        left = request.deadline - self.exchange_time()
        if not _NO_TIME < left <= LONGEST_DEADLINE:
            raise DeadlineTooNear(
                f"The order was not sent: its deadline {request.deadline.isoformat()} has passed or is too far ahead"
            )
        return self._orders.create(request, market)

    def preview(self, request: OrderRequest) -> None:
        self._orders.preview(request, self._market(request.market))

    def resolve(self, request: OrderRequest) -> Resolution:
        """The rule and its reasons are in `recovery`."""
        # An order that is found is found, whatever the time.
        with suppress(BrokerError):
            self._exchange_clock.sync(CLOCK_MAX_AGE)
        market = self.markets().get(request.market)
        return resolve(self._orders, self._lookups, request, market, self._exchange_clock)

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:  # noqa: ARG002 - the protocol's signature
        raise RequestRefused("Coinbase cannot move a stop: place the new one and cancel the old one")

    def cancel(self, exchange_id: str) -> None:
        self._orders.cancel(exchange_id)

    def order(self, exchange_id: str) -> Order:
        return self._lookups.order(exchange_id)

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        return self._lookups.orders(exchange_ids)

    def open_orders(self) -> tuple[Order, ...]:
        return self._lookups.open_orders()

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        return self._lookups.closed_orders(since)

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:  # noqa: ARG002 - see balances
        return self._lookups.fills(since)

    def unread_rows(self) -> Mapping[str, str]:
        """A product that could not be read is listed as `product:<id>`."""
        return {**self._products.unread, **self._unread.all()}

    def another_program(self) -> Evidence | None:
        return None

    def budget_left(self) -> float:
        return self._client.budget_left()

    def close(self) -> None:
        self._client.close()
        if self._owns_public:
            self._public.close()

    def _market(self, symbol: str) -> Market:
        market = self.markets().get(symbol)
        if market is None:
            raise RequestRefused(
                f"{symbol} is not a spot market of Coinbase; connect first, or correct `markets` in nija.toml"
            )
        return market
