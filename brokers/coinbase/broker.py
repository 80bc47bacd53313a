"""One account at Coinbase Advanced."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.account_mapping import balances_of, fees_of, key_info
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.lookups import Fills
from brokers.coinbase.orders import Orders
from brokers.coinbase.public import CoinbasePublic
from brokers.coinbase.recovery import LONGEST_DEADLINE, resolve
from brokers.coinbase.symbols import NONE_YET
from brokers.coinbase.tokens import TokenSigner
from brokers.errors import BrokerError, DeadlineTooNear, RequestRefused
from brokers.model import Exchange
from brokers.shared_answer import CLOCK_SHARED, MARKETS_AGAIN, MARKETS_LAST
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

_FEES_HOLD = 3_600.0
_WALLETS_PER_PAGE = 250
_NO_TIME = timedelta(0)
_CLOCK_HOLDS = 300.0


class CoinbaseBroker:
    """A `brokers.base.Broker`. Raises ValueError where the key or the URL cannot be used.

    `public` is shared by all accounts of the process; without it the broker makes its own.
    """

    def __init__(
        self,
        api_key: ApiKey,
        *,
        base_url: str | None,
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
        self._orders = Orders(self._client, clock, self.exchange_time, self._unread)
        self._fills = Fills(self._client, clock, self._unread)
        self._products = NONE_YET
        self._fees: tuple[float, Fees] | None = None

    @property
    def exchange(self) -> Exchange:
        return Exchange.COINBASE

    @property
    def can_amend_stops(self) -> bool:
        """No: a stop is replaced here, after `preview`.

        Looked up in November 2026. The page of `POST /orders/edit` describes "a specified new `size`, or new `price`".
        Its example of a request has a `stop_price` too, but as far as the copies at hand show, nothing says for which
        orders it works, nor whether the old order rests until the edit is accepted. Coinbase's own library says that
        only good-till-cancelled limit orders can be edited (1.8.4); the version after it passes `stop_price` on.
        """
        return False

    @property
    def stops_at_market(self) -> bool:
        """There is no stop-market order: see STOP_ROOM in `order_format`."""
        return False

    @property
    def resends_by_id(self) -> bool:
        return True

    @property
    def fees_in_quote(self) -> bool:
        return True

    def connect(self) -> KeyInfo:
        self._exchange_clock.sync(CLOCK_SHARED)
        info = key_info(self._client.get("/key_permissions"), self._exchange_clock.skew())
        self._products = self._public.products(MARKETS_LAST)
        return info

    def exchange_time(self) -> datetime:
        return self._exchange_clock.now()

    def sync_clock(self, max_age: float = 300.0) -> None:
        self._exchange_clock.sync(max_age)

    def markets(self) -> Mapping[str, Market]:
        return self._products.markets

    def refresh_markets(self, max_age: float = MARKETS_AGAIN) -> None:
        self._products = self._public.products(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def fees(self, market: str) -> Fees:  # noqa: ARG002 - Coinbase has one tier for all markets of an account
        now = self._clock.monotonic()
        if self._fees is None or now - self._fees[0] >= _FEES_HOLD:
            self._fees = (now, fees_of(self._client.get("/transaction_summary", product_type="SPOT")))
        return self._fees[1]

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:  # noqa: ARG002 - room for 30 calls a second
        wallets = self._client.pages("/accounts", "accounts", limit=_WALLETS_PER_PAGE)
        return balances_of(wallets, self._unread.begin("balances"))

    def place(self, request: OrderRequest) -> str:
        """Coinbase knows no deadline for an order, so a late one is not sent."""
        market = self._market(request.market)
        # A token with a wrong date is refused without harm: a clock that cannot be asked now stops no exit.
        with suppress(BrokerError):
            self._exchange_clock.sync(math.inf)
        left = request.deadline - self.exchange_time()
        if not _NO_TIME < left <= LONGEST_DEADLINE:
            raise DeadlineTooNear(
                f"not sent: the order's deadline {request.deadline.isoformat()} is over or too far off"
            )
        return self._orders.create(request, market)

    def preview(self, request: OrderRequest) -> None:
        self._orders.preview(request, self._market(request.market))

    def resolve(self, request: OrderRequest) -> Resolution:
        """Send again before the deadline, only search after it: the rule and its reasons stand in `recovery`.

        An order that is found is known whatever the time.
        """
        with suppress(BrokerError):
            self._exchange_clock.sync(_CLOCK_HOLDS)
        return resolve(self._orders, request, self.markets().get(request.market), self._exchange_clock)

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:  # noqa: ARG002 - the protocol's signature
        raise RequestRefused("Coinbase cannot move a stop: place the new one and cancel the old one")

    def cancel(self, exchange_id: str) -> None:
        self._orders.cancel(exchange_id)

    def order(self, exchange_id: str) -> Order:
        return self._orders.by_id(exchange_id)

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        return self._orders.by_ids(exchange_ids)

    def open_orders(self) -> tuple[Order, ...]:
        return self._orders.open()

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        return self._orders.closed(since)

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:  # noqa: ARG002 - as balances
        return self._fills.since(since, self.exchange_time())

    def unread_rows(self) -> Mapping[str, str]:
        """A product that could not be read stands as `product:<id>`."""
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
