"""One account at Coinbase Advanced."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.accounts import balances_of, fees_of, key_info
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.fills import fills_since
from brokers.coinbase.orders import Orders
from brokers.coinbase.public import CoinbasePublic
from brokers.coinbase.recovery import LONGEST_DEADLINE, resolve
from brokers.coinbase.tokens import TokenSigner
from brokers.errors import RequestRefused
from brokers.model import Exchange
from brokers.shared import CLOCK_SHARED, MARKETS_AGAIN, MARKETS_LAST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.model import (
        ApiKey,
        Balance,
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
        signer = TokenSigner(api_key, self._exchange_clock)
        self._client = CoinbaseClient(signer, base_url=base_url, clock=clock, timeout=timeout)
        self._orders = Orders(self._client)
        self._markets: Mapping[str, Market] = {}
        self._fees: tuple[float, Fees] | None = None

    @property
    def exchange(self) -> Exchange:
        return Exchange.COINBASE

    @property
    def can_amend_stops(self) -> bool:
        """A stop-limit cannot be edited reliably here, so a stop is replaced."""
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
        self._exchange_clock.measure(CLOCK_SHARED)
        info = key_info(self._client.get("/key_permissions"), self._exchange_clock.skew)
        self._markets = self._public.markets(MARKETS_LAST)
        return info

    def exchange_time(self) -> datetime:
        return self._exchange_clock.now()

    def sync_clock(self, max_age: float = 300.0) -> None:
        self._exchange_clock.measure(max_age)

    def markets(self) -> Mapping[str, Market]:
        return self._markets

    def refresh_markets(self, max_age: float = MARKETS_AGAIN) -> None:
        self._markets = self._public.markets(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def fees(self, market: str) -> Fees:  # noqa: ARG002 - Coinbase has one tier for all markets of an account
        now = self._clock.monotonic()
        if self._fees is None or now - self._fees[0] >= _FEES_HOLD:
            self._fees = (now, fees_of(self._client.get("/transaction_summary", product_type="SPOT")))
        return self._fees[1]

    def balances(self) -> Mapping[str, Balance]:
        return balances_of(self._client.pages("/accounts", "accounts", limit=_WALLETS_PER_PAGE))

    def place(self, request: OrderRequest) -> str:
        """Coinbase knows no deadline for an order, so a late one is not sent."""
        left = request.deadline - self.exchange_time()
        if not _NO_TIME < left <= LONGEST_DEADLINE:
            raise RequestRefused(
                f"not sent: the order's deadline {request.deadline.isoformat()} is over or too far off"
            )
        return self._orders.create(request, self._market(request.market))

    def preview(self, request: OrderRequest) -> None:
        """Not asked yet."""

    def resolve(self, request: OrderRequest) -> Resolution:
        """Send again before the deadline, only search after it: the rule and its reasons stand in `recovery`.

        The exchange's time is asked anew, as a clock that was set since connect would move the deadline.
        """
        self._exchange_clock.measure()
        return resolve(self._orders, request, self._markets.get(request.market), self.exchange_time())

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

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        return fills_since(self._client, since)

    def unread_rows(self) -> Mapping[str, str]:
        return {}

    def budget_left(self) -> float:
        return self._client.budget_left()

    def close(self) -> None:
        self._client.close()
        if self._owns_public:
            self._public.close()

    def _market(self, symbol: str) -> Market:
        if symbol not in self._markets:
            raise RequestRefused(
                f"{symbol} is not a spot market of Coinbase; connect first, or mend `markets` in nija.toml"
            )
        return self._markets[symbol]
