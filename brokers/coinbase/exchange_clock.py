"""The exchange's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from brokers.clock import utc_now
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.wire import number

if TYPE_CHECKING:
    from brokers.clock import Clock

_PROMPT = 0.5


class ExchangeClock:
    """This machine's clock, put right by the skew measured last."""

    def __init__(self, *, base_url: str | None, clock: Clock, timeout: float) -> None:
        self._base_url = base_url
        self._clock = clock
        self._timeout = timeout
        self.skew = timedelta(0)

    def now(self) -> datetime:
        return utc_now(self._clock) + self.skew

    def measure(self) -> None:
        """Without the key: a token dated by a wrong clock would be refused here already."""
        client = CoinbaseClient(None, base_url=self._base_url, clock=self._clock, timeout=self._timeout)
        try:
            self.skew = measure_skew(client, self._clock)
        finally:
            client.close()


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
