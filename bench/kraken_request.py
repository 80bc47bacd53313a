"""CPU time of one private request through NIJA's Kraken broker, against the same one through bare krakenex.

Run: python -m bench.kraken_request
The exchange is the simulator in a child process, so that its own work is not counted.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import krakenex

from brokers.kraken.broker import KrakenBroker
from brokers.nonce import Nonce
from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.simulator.child import ChildSimulator

ROUNDS = 9
REQUESTS = 40
TARGET = 1.15


class ImpatientClock:
    """Waits pass at once: the rate limits are counted, but not sat out."""

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


def compared(child: ChildSimulator, folder: Path) -> list[tuple[float, float]]:
    """Bare krakenex's and the broker's microseconds, round by round."""
    ours, theirs = child.accounts
    clock = ImpatientClock()
    api = krakenex.API(theirs.api_key.key, theirs.api_key.secret)
    api.uri = child.addresses.kraken_url
    # Its own nonces repeat within a millisecond; a counter costs it nothing.
    nonces = itertools.count(int(time.time() * 1e6))
    api._nonce = lambda: next(nonces)  # noqa: SLF001 - the library's own hook
    broker = KrakenBroker(
        ours.api_key, base_url=api.uri, nonce=Nonce(folder / "nonce", clock=clock), clock=clock, tier="pro"
    )
    broker.connect()

    def bare() -> object:
        return api.query_private("BalanceEx", timeout=30)

    rounds = [(cpu_of(bare), cpu_of(broker.balances)) for _ in range(ROUNDS + 1)]
    broker.close()
    api.close()
    return rounds[1:]


def main() -> None:
    config = SimulatorConfig(made_up_accounts(1)[:2], limits=Limits(private=False, public=False))
    child = start_child(config)
    with TemporaryDirectory() as folder:
        rounds = compared(child, Path(folder))
    child.stop()
    ratio = median(through / base for base, through in rounds)
    print(f"bare krakenex   {median(base for base, _ in rounds):6.0f} µs CPU a request")
    print(f"NIJA's broker   {median(through for _, through in rounds):6.0f} µs CPU a request")
    print(f"ratio           {ratio:6.2f} (target: at most {TARGET})")


if __name__ == "__main__":
    main()
