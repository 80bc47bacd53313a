"""CPU time of one private request through NIJA's Coinbase broker, against the same one through coinbase-advanced-py.

Run: python -m bench.coinbase_request
The exchange is the simulator in a child process, so that its own work is not counted. Both sides check the same
certificate authority; the library's logger is silent on both, as its output would be counted too.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from coinbase.rest import RESTClient

from bench.pairing import ImpatientClock, compare
from brokers.clock import SystemClock
from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.public import CoinbasePublic
from brokers.model import Exchange
from brokers.simulator.child import start_child
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts

if TYPE_CHECKING:
    from brokers.simulator.child import ChildSimulator


def measure(child: ChildSimulator) -> None:
    key = next(account for account in child.accounts if account.exchange == Exchange.COINBASE).api_key
    url = child.addresses.coinbase_url
    os.environ["REQUESTS_CA_BUNDLE"] = child.addresses.ca_file
    bare = RESTClient(api_key=key.key, api_secret=key.secret, base_url=url.removeprefix("https://"), timeout=30)
    # Tokens are dated by a clock that does not run ahead.
    public = CoinbasePublic(base_url=url, clock=SystemClock())
    broker = CoinbaseBroker(key, base_url=url, clock=ImpatientClock(), public=public)
    broker.connect()
    compare("bare coinbase-advanced-py", lambda: bare.get_accounts(limit=250), broker.balances)
    bare.session.close()
    broker.close()
    public.close()


def main() -> None:
    child = start_child(SimulatorConfig(made_up_accounts(1), limits=Limits(private=False, public=False)))
    try:
        measure(child)
    finally:
        child.stop()


if __name__ == "__main__":
    main()
