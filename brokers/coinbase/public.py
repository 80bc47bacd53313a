"""Coinbase's keyless requests that all accounts of a process share: their limit counts by address."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from brokers.coinbase.client import CoinbaseClient, public_room
from brokers.coinbase.exchange_clock import ExchangeClock, measure_skew
from brokers.coinbase.products import markets_of
from brokers.shared import SharedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.model import Market


class CoinbasePublic:
    """Thread-safe. Make one per process and hand it to every broker, and its `room` to the market data."""

    def __init__(self, *, base_url: str | None, clock: Clock, timeout: float = 30.0) -> None:
        """Raises ValueError for an unusable URL."""
        self.room = public_room()
        client = CoinbaseClient(None, base_url=base_url, clock=clock, timeout=timeout, room=self.room)
        asking = threading.Lock()
        self._client = client
        self._markets = SharedAnswer(lambda: read_markets(client), clock, asking)
        self.exchange_clock = ExchangeClock(clock, SharedAnswer(lambda: measure_skew(client, clock), clock, asking))

    def prepare(self) -> None:
        """Ask now for what every account needs to connect. Raises BrokerError."""
        self.exchange_clock.measure()
        self.markets(0.0)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """As read within the last `max_age` seconds."""
        return self._markets.get(max_age)

    def markets_age(self) -> float:
        """Seconds since the markets were read; infinite before."""
        return self._markets.age()

    def close(self) -> None:
        self._client.close()


def read_markets(client: CoinbaseClient) -> Mapping[str, Market]:
    return markets_of(client.get("/market/products", product_type="SPOT"))
