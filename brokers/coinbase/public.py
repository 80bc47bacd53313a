"""Coinbase's keyless requests that all accounts of a process share: their limit counts by address."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from brokers.coinbase.client import CoinbaseClient, public_room
from brokers.coinbase.json_fields import number
from brokers.coinbase.symbols import products_of
from brokers.exchange_clock import ExchangeClock, reading
from brokers.shared_answer import SharedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.coinbase.symbols import Products
    from brokers.exchange_clock import Reading
    from brokers.model import Market

# An answer that took longer says little of the moment in the middle: a second one may be better.
_PROMPT = 0.5


class CoinbasePublic:
    """Thread-safe. Make one per process and hand it to every broker, and its `room` to the market data."""

    def __init__(self, *, base_url: str | None, clock: Clock, timeout: float = 30.0) -> None:
        """Raises ValueError for an unusable URL."""
        self.room = public_room()
        client = CoinbaseClient(None, base_url=base_url, clock=clock, timeout=timeout, room=self.room)
        asking = threading.Lock()
        self._client = client
        self._products = SharedAnswer(lambda: read_products(client), clock, asking)
        self.exchange_clock = ExchangeClock(lambda: ask_time(client, clock), clock, asking)

    def prepare(self) -> None:
        """Ask now for what every account needs to connect. Raises BrokerError."""
        self.exchange_clock.sync(0.0)
        self.markets(0.0)

    def products(self, max_age: float) -> Products:
        """As read within the last `max_age` seconds."""
        return self._products.get(max_age)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """The same, without those that could not be read."""
        return self.products(max_age).markets

    def markets_age(self) -> float:
        """Seconds since the markets were read; infinite before."""
        return self._products.age()

    def close(self) -> None:
        self._client.close()


def server_time(client: CoinbaseClient) -> datetime:
    return datetime.fromtimestamp(float(number(client.get("/time"), "epochMillis") / 1000), UTC)


def ask_time(client: CoinbaseClient, clock: Clock) -> Reading:
    """The exchange's time; waits and retries in the question make it less exact, so a slow one is asked twice."""
    first, took = _timed(client, clock)
    return first if took <= _PROMPT else min(first, _timed(client, clock)[0], key=lambda told: told.error)


def _timed(client: CoinbaseClient, clock: Clock) -> tuple[Reading, float]:
    sent = clock.monotonic()
    told = server_time(client)
    received = clock.monotonic()
    return reading(told, sent, received), received - sent


def read_products(client: CoinbaseClient) -> Products:
    return products_of(client.get("/market/products", product_type="SPOT"))
