"""CPU time of one private request through NIJA's Coinbase broker, against the same one through coinbase-advanced-py.

Run: python -m bench.coinbase_request
The exchange is the simulator in a child process, so that its own work is not counted. Both sides check the same
certificate authority; the library's logger is silent on both, as its output would be counted too.
"""

from __future__ import annotations

import os
import time
from statistics import median
from typing import TYPE_CHECKING

from coinbase.rest import RESTClient

from brokers.coinbase.broker import CoinbaseBroker
from brokers.model import Exchange
from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.simulator.child import ChildSimulator

ROUNDS = 9
REQUESTS = 40
TARGET = 1.15


class ImpatientClock:
    """Waits pass at once: the rate limit is counted, but not sat out."""

    stopping = False

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds


def cpu_of(request: Callable[[], object]) -> float:
    """Microseconds of this process per request."""
    started = time.process_time()
    for _ in range(REQUESTS):
        request()
    return (time.process_time() - started) / REQUESTS * 1e6


def compared(child: ChildSimulator) -> list[tuple[float, float]]:
    """The bare library's and the broker's microseconds, round by round."""
    key = next(account for account in child.accounts if account.exchange is Exchange.COINBASE).api_key
    url = child.addresses.coinbase_url
    os.environ["REQUESTS_CA_BUNDLE"] = child.addresses.ca_file
    bare = RESTClient(api_key=key.key, api_secret=key.secret, base_url=url.removeprefix("https://"), timeout=30)
    broker = CoinbaseBroker(key, base_url=url, clock=ImpatientClock())
    broker.connect()

    def through_library() -> object:
        return bare.get_accounts(limit=250)

    rounds = [(cpu_of(through_library), cpu_of(broker.balances)) for _ in range(ROUNDS + 1)]
    bare.session.close()
    broker.close()
    return rounds[1:]


def main() -> None:
    child = start_child(SimulatorConfig(made_up_accounts(1), limits=Limits(private=False, public=False)))
    try:
        rounds = compared(child)
    finally:
        child.stop()
    ratio = median(ours / bare for bare, ours in rounds)
    print(f"bare coinbase-advanced-py {median(bare for bare, _ in rounds):6.0f} µs CPU a request")
    print(f"NIJA's broker             {median(ours for _, ours in rounds):6.0f} µs CPU a request")
    print(f"ratio                     {ratio:6.2f} (target: at most {TARGET})")


if __name__ == "__main__":
    main()
