"""The exchange's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.coinbase.wire import number

if TYPE_CHECKING:
    from brokers.clock import Clock
    from brokers.coinbase.client import CoinbaseClient
    from brokers.shared import SharedAnswer

_PROMPT = 0.5


class ExchangeClock:
    """This machine's clock, put right by the skew measured last. Thread-safe: one serves all accounts."""

    def __init__(self, clock: Clock, skew: SharedAnswer[timedelta]) -> None:
        self._clock = clock
        self._measured = skew
        self.skew = timedelta(0)

    def now(self) -> datetime:
        return utc_now(self._clock) + self.skew

    def measure(self, max_age: float = 0.0) -> None:
        """Ask the exchange, unless someone has within `max_age` seconds."""
        self.skew = self._measured.get(max_age)


def server_time(client: CoinbaseClient) -> datetime:
    return datetime.fromtimestamp(float(number(client.get("/time"), "epochMillis") / 1000), UTC)


def measure_skew(client: CoinbaseClient, clock: Clock) -> timedelta:
    """The exchange's clock minus this machine's, taken at the middle of a question that was answered at once."""
    skew, took = _asked(client, clock)
    if took > _PROMPT:
        skew, took = min((skew, took), _asked(client, clock), key=lambda measured: measured[1])
    return skew


def _asked(client: CoinbaseClient, clock: Clock) -> tuple[timedelta, float]:
    """The skew, and how many seconds the question took: waits and retries in it would shift the middle."""
    before = clock.time()
    theirs = server_time(client)
    after = clock.time()
    return theirs - datetime.fromtimestamp((before + after) / 2, UTC), after - before
