"""One account's way to Kraken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.errors import BadAnswer
from brokers.kraken.account_mapping import balances_of, fees_of, key_info_of
from brokers.kraken.client import PrivateClient
from brokers.kraken.json_fields import parsing
from brokers.kraken.limits import TIERS, EngineCounters
from brokers.kraken.lookups import Records
from brokers.kraken.orders import ABSENCE_MARGIN, Desk
from brokers.kraken.public import KrakenPublic
from brokers.model import Exchange
from brokers.shared_answer import CLOCK_SHARED, MARKETS_AGAIN, MARKETS_LAST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.model import ApiKey, Balance, Evidence, Fees, Fill, KeyInfo, Market, Order, OrderRequest, Resolution
    from brokers.nonce import Nonce

_FEES_LAST = 3_600.0


class KrakenBroker:
    """Implements brokers.base.Broker. One request at a time; safe to call from several threads.

    `public` is shared by all accounts of the process; without it the broker makes its own. `absence_margin` is how
    long after its deadline an accepted order may still show up.
    """

    def __init__(  # noqa: PLR0913 - what an account consists of, by keyword
        self,
        api_key: ApiKey,
        *,
        base_url: str | None = None,
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
        self._client = PrivateClient(api_key, base_url=base_url, nonce=nonce, clock=clock, timeout=timeout, tier=limits)
        self._exchange_clock = self._public.exchange_clock
        self._records = Records(
            self._client, self._public, clock=clock, exchange_clock=self._exchange_clock, engine=engine
        )
        self._desk = Desk(
            self._client,
            self._public,
            self._records,
            clock=clock,
            exchange_clock=self._exchange_clock,
            engine=engine,
            absence_margin=absence_margin,
        )
        self._fees: dict[str, tuple[float, Fees]] = {}
        self._holds = False
        self._unnamed: Mapping[str, str] = {}

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
        """Every order of ours says so (`fciq`)."""
        return True

    def connect(self) -> KeyInfo:
        result = self._records.read("GetApiKeyInfo")
        self._exchange_clock.sync(CLOCK_SHARED)
        with parsing("key rights"):
            info = key_info_of(result, self._fingerprint, self._exchange_clock.skew())
        self._client.nonces.stored(info.stored_nonce)
        self._public.markets(MARKETS_LAST)
        return info

    def exchange_time(self) -> datetime:
        return self._exchange_clock.now()

    def sync_clock(self, max_age: float = 300.0) -> None:
        self._exchange_clock.sync(max_age)

    def markets(self) -> Mapping[str, Market]:
        return self._public.symbols().markets

    def refresh_markets(self, max_age: float = MARKETS_AGAIN) -> None:
        self._public.markets(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def fees(self, market: str) -> Fees:
        now = self._clock.monotonic()
        known = self._fees.get(market)
        if known is None or now - known[0] > _FEES_LAST:
            pair_id = self._public.symbols().pair_id(market)
            result = self._records.read("TradeVolume", {"pair": pair_id})
            with parsing("fees"):
                known = (now, fees_of(result, pair_id))
            self._fees[market] = known
        return known[1]

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:
        """An account that never held anything answers with nothing at all (hummingbot#2085); no other one does."""
        result = self._records.read("BalanceEx", urgent=protects)
        if self._holds and not result:
            raise BadAnswer("Kraken's BalanceEx did not say what the account holds")
        self._holds = bool(result)
        symbols = self._public.symbols()
        with parsing("balances"):
            balances, unread = balances_of(result, symbols)
            if unread:
                self._public.learn_names()
                balances, unread = balances_of(result, symbols)
        self._unnamed = unread
        return balances

    def place(self, request: OrderRequest) -> str:
        return self._desk.place(request)

    def preview(self, request: OrderRequest) -> None:
        self._desk.preview(request)

    def resolve(self, request: OrderRequest) -> Resolution:
        return self._desk.resolve(request)

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        self._desk.amend_stop(exchange_id, market, amount, stop_price)

    def cancel(self, exchange_id: str) -> None:
        self._desk.cancel(exchange_id)

    def order(self, exchange_id: str) -> Order:
        return self._records.order(exchange_id)

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        return self._records.orders(exchange_ids)

    def open_orders(self) -> tuple[Order, ...]:
        return self._records.open_orders()

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        return self._records.closed_orders(since)

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        return self._records.fills(since, protects=protects)

    def unread_rows(self) -> Mapping[str, str]:
        return {**self._records.unread(), **self._unnamed}

    def another_program(self) -> Evidence | None:
        return self._client.nonces.another_program

    def budget_left(self) -> float:
        return self._client.budget_left()

    def close(self) -> None:
        self._client.close()
        if self._owns_public:
            self._public.close()
