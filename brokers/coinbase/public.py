"""Coinbase's keyless requests, shared by all accounts of the process because their limit counts per IP address."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.json_fields import number
from brokers.coinbase.limits import public_limit
from brokers.coinbase.symbols import products_of
from brokers.exchange_clock import ExchangeClock, reading
from brokers.shared_answer import SharedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.coinbase.symbols import ProductList
    from brokers.exchange_clock import Reading
    from brokers.model import Market

# A slower answer gives an imprecise time, so a second request may do better.
_PROMPT = 0.5


class CoinbasePublic:
    """Thread-safe. Make one per process and pass it to every broker and to the market data."""

    def __init__(self, *, base_url: str, clock: Clock, timeout: float = 30.0) -> None:
        """Raises ValueError for an unusable URL."""
        self.limit = public_limit()
        client = CoinbaseClient(None, base_url=base_url, clock=clock, timeout=timeout, limit=self.limit)
        asking = threading.Lock()
        self._client = client
        self._products = SharedAnswer(lambda: _read_products(client), clock, asking)
        self.exchange_clock = ExchangeClock(lambda: _read_time(client, clock), clock, asking)

    def prepare(self) -> None:
        """Read in advance what every account needs to connect. Raises BrokerError."""
        self.exchange_clock.sync(0.0)
        self.markets(0.0)

    def products(self, max_age: float) -> ProductList:
        """As read within the last `max_age` seconds."""
        return self._products.get(max_age)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """The markets among them."""
        return self.products(max_age).markets

    def markets_age(self) -> float:
        """Seconds since the markets were read; infinite before the first time."""
        return self._products.age()

    def close(self) -> None:
        self._client.close()


def _read_time(client: CoinbaseClient, clock: Clock) -> Reading:
    """Waits and retries make a reading less exact, so a slow one is repeated and the better one taken."""
    first, took = _timed(client, clock)
    return first if took <= _PROMPT else min(first, _timed(client, clock)[0], key=lambda reading: reading.error)


def _timed(client: CoinbaseClient, clock: Clock) -> tuple[Reading, float]:
    sent = clock.monotonic()
    millis = number(client.get("/time"), "epochMillis")
    received = clock.monotonic()
    return reading(datetime.fromtimestamp(float(millis / 1000), UTC), sent, received), received - sent


def _read_products(client: CoinbaseClient) -> ProductList:
    return products_of(client.get("/market/products", product_type="SPOT"))
