"""CPU time of one private request through NIJA's Kraken broker, against the same one through bare krakenex.

Run: python -m bench.kraken_request
The exchange is the simulator in a child process, so that its own work is not counted.
"""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import krakenex

from bench.pairing import ImpatientClock, compare
from brokers.kraken.broker import KrakenBroker
from brokers.nonce import Nonce
from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts

if TYPE_CHECKING:
    from brokers.simulator.child import ChildSimulator


def measure(child: ChildSimulator, folder: Path) -> None:
    ours, theirs = child.accounts
    clock = ImpatientClock()
    api = krakenex.API(theirs.api_key.key, theirs.api_key.secret)
    api.uri = child.addresses.kraken_url
    # Its own nonces repeat within a millisecond; a counter costs it nothing.
    nonces = itertools.count(int(time.time() * 1e6))
    api._nonce = lambda: next(nonces)  # noqa: SLF001 - the library's own hook
    broker = KrakenBroker(ours.api_key, base_url=api.uri, nonce=Nonce(folder / "nonce", clock=clock), clock=clock)
    broker.connect()
    compare("bare krakenex", lambda: api.query_private("BalanceEx", timeout=30), broker.balances)
    broker.close()
    api.close()


def main() -> None:
    child = start_child(SimulatorConfig(made_up_accounts(1)[:2], limits=Limits(private=False, public=False)))
    try:
        with TemporaryDirectory() as folder:
            measure(child, Path(folder))
    finally:
        child.stop()


if __name__ == "__main__":
    main()
