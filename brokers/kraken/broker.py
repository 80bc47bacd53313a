"""One account at Kraken."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from brokers.errors import BadAnswer, BrokerError, MarketRefused
from brokers.kraken.account_mapping import balances_of, fees_of, key_info_of
from brokers.kraken.client import KrakenClient
from brokers.kraken.json_fields import parsing
from brokers.kraken.limits import TIERS, EngineCounters
from brokers.kraken.lookups import KrakenLookups
from brokers.kraken.orders import KrakenOrders
from brokers.kraken.public import KrakenPublic
from brokers.kraken.recovery import ABSENCE_MARGIN, resolve
from brokers.kraken.refusals import NOT_LISTED
from brokers.model import Exchange
from brokers.shared_answer import CLOCK_MAX_AGE, CLOCK_TTL, MARKETS_MIN_REFRESH, MARKETS_TTL
from brokers.unread_rows import UnreadRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.model import ApiKey, Balance, Evidence, Fees, Fill, KeyInfo, Market, Order, OrderRequest, Resolution
    from brokers.nonce import Nonce

_FEES_TTL = 3_600.0


class KrakenBroker:
    """A `brokers.base.Broker`. Sends one request at a time; safe to call from several threads.

    `public` is shared by all accounts of the process; without it the broker makes its own. `absence_margin` is how
    long after its deadline an accepted order may still appear.
    """

    def __init__(  # noqa: PLR0913 - what an account consists of, by keyword
        self,
        api_key: ApiKey,
        *,
        base_url: str,
        nonce: Nonce,
        clock: Clock,
        timeout: float = 30.0,
        tier: str = "starter",
        public: KrakenPublic | None = None,
        absence_margin: timedelta = ABSENCE_MARGIN,
    ) -> None:
        limits = TIERS[tier]
        engine = EngineCounters(limits)
        self._fingerprint = api_key.fingerprint
        self._clock = clock
        self._owns_public = public is None
        self._public = public or KrakenPublic(base_url=base_url, clock=clock, timeout=timeout)
        self._exchange_clock = self._public.exchange_clock
        self._client = KrakenClient(api_key, base_url=base_url, nonce=nonce, clock=clock, timeout=timeout, tier=limits)
        self._unread = UnreadRows()
        self._lookups = KrakenLookups(self._client, self._public, clock=clock, engine=engine, unread=self._unread)
        self._orders = KrakenOrders(self._client, clock=clock, exchange_clock=self._exchange_clock, engine=engine)
        self._absence_margin = absence_margin
        self._fees: dict[str, tuple[float, Fees]] = {}
        self._has_held = False

    @property
    def exchange(self) -> Exchange:
        return Exchange.KRAKEN

    @property
    def can_amend_stops(self) -> bool:
        return True

    @property
    def stops_at_market(self) -> bool:
        return True

    @property
    def resends_by_id(self) -> bool:
        return False

    @property
    def fees_in_quote(self) -> bool:
        """Every order of NIJA's asks for that (`fciq`)."""
        return True

    def connect(self) -> KeyInfo:
        result = self._client.read("GetApiKeyInfo")
        self._exchange_clock.sync(CLOCK_TTL)
        with parsing("key rights"):
            info = key_info_of(result, self._fingerprint, self._exchange_clock.skew())
        self._client.nonces.stored(info.stored_nonce)
        self._public.markets(MARKETS_TTL)
        return info

    def exchange_time(self) -> datetime:
        return self._exchange_clock.now()

    def sync_clock(self, max_age: float = 300.0) -> None:
        self._exchange_clock.sync(max_age)

    def markets(self) -> Mapping[str, Market]:
        return self._public.symbols().markets

    def refresh_markets(self, max_age: float = MARKETS_MIN_REFRESH) -> None:
        self._public.markets(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def fees(self, market: str) -> Fees:
        now = self._clock.monotonic()
        known = self._fees.get(market)
        if known is None or now - known[0] > _FEES_TTL:
            pair_id = self._public.symbols().pair_id(market)
            result = self._client.read("TradeVolume", {"pair": pair_id})
            with parsing("fees"):
                known = (now, fees_of(result, pair_id))
            self._fees[market] = known
        return known[1]

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:
        """Only an account that never held anything gets an empty answer (hummingbot#2085)."""
        result = self._client.read("BalanceEx", urgent=protects)
        if self._has_held and not result:
            raise BadAnswer("Kraken's answer to BalanceEx lists no balances, although the account held some before")
        self._has_held = bool(result)
        symbols = self._public.symbols()
        with parsing("balances"):
            balances, unread = balances_of(result, symbols)
            if unread:
                self._public.learn_names()
                balances, unread = balances_of(result, symbols)
        self._unread.replace("balances", unread)
        return balances

    def place(self, request: OrderRequest) -> str:
        market = self._market(request.market)
        # Kraken rejects a wrong deadline without harm, so a clock that cannot be measured now must not stop an exit.
        with suppress(BrokerError):
            self._exchange_clock.sync(math.inf)
        return self._orders.create(request, market, self._pair_id(market))

    def preview(self, request: OrderRequest) -> None:
        market = self._market(request.market)
        self._orders.preview(request, market, self._pair_id(market))

    def resolve(self, request: OrderRequest) -> Resolution:
        """The rule and its reasons are in `recovery`."""
        # An order that is found is found, whatever the time.
        with suppress(BrokerError):
            self._exchange_clock.sync(CLOCK_MAX_AGE)
        return resolve(self._lookups, request, self._exchange_clock, self._absence_margin)

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        self._orders.amend_stop(exchange_id, self._market(market), amount, stop_price)

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

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        return self._lookups.fills(since, protects=protects)

    def unread_rows(self) -> Mapping[str, str]:
        return self._unread.all()

    def another_program(self) -> Evidence | None:
        return self._client.nonces.another_program

    def budget_left(self) -> float:
        return self._client.budget_left()

    def close(self) -> None:
        self._client.close()
        if self._owns_public:
            self._public.close()

    def _market(self, symbol: str) -> Market:
        market = self.markets().get(symbol)
        if market is None:
            raise MarketRefused(f"Kraken does not list {symbol}", NOT_LISTED)
        return market

    def _pair_id(self, market: Market) -> str:
        return self._public.symbols().pair_id(market.symbol)
