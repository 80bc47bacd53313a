"""The exchange that daemons are tried against: a process or thread of its own, so that it outlives them.

Its books and faults are reached as anybody reaches them, through the admin door.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import requests

from accounts.identity import AccountId
from brokers.model import Exchange
from brokers.simulator.config import (
    Limits,
    SimulatedAccount,
    SimulatorConfig,
    Tier,
    coinbase_key,
    kraken_key,
    made_up_iban,
    made_up_uuid,
)
from brokers.simulator.server import running_simulator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brokers.simulator.faults import FaultKind

# A daily candle closes every second.
FAST = 86_400.0
FOUR = ("kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:master")
_TIMEOUT = 30.0


def accounts(*names: str, seed: int = 11, **changes: object) -> tuple[SimulatedAccount, ...]:
    """Accounts called `kraken:master` and the like, each with 10,000 USD and a key of its own."""
    rng = random.Random(seed)
    made = []
    for name in names:
        exchange_name, _, owner = name.partition(":")
        kraken = exchange_name == Exchange.KRAKEN.value
        key, uid = (kraken_key(rng), made_up_iban(rng)) if kraken else (coinbase_key(rng), made_up_uuid(rng))
        account = SimulatedAccount(Exchange(exchange_name), owner, key, {"USD": Decimal(10_000)}, account_uid=uid)
        made.append(replace(account, **changes))  # type: ignore[arg-type]  # the fields of a SimulatedAccount
    return tuple(made)


def credentials(traders: Iterable[SimulatedAccount]) -> dict[str, str]:
    variables = {}
    for account in traders:
        prefix = AccountId(account.exchange, account.owner).env_prefix
        variables[f"{prefix}_API_KEY"] = account.api_key.key
        variables[f"{prefix}_API_SECRET"] = account.api_key.secret
    return variables


@dataclass(frozen=True, slots=True)
class Venue:
    """A running simulator as the daemons' tests see it. `environment` is what a daemon needs to trade there."""

    admin_url: str
    environment: Mapping[str, str]

    def state(self, *only: str) -> Mapping[str, Any]:
        """The judge: all it has to say, or these parts alone."""
        params = {"only": ",".join(only)} if only else {}
        state: Mapping[str, Any] = requests.get(f"{self.admin_url}/state", params, timeout=_TIMEOUT).json()
        return state

    def books(self, account: str) -> Mapping[str, Any]:
        books: Mapping[str, Any] = self.state("accounts")["accounts"][account]
        return books

    def has_struck(self) -> bool:
        """Whether any fault has struck yet."""
        return bool(self.state("faults_injected")["faults_injected"])

    def violations(self) -> list[Any]:
        violations: list[Any] = self.state("violations")["violations"]
        return violations

    def requests(self, account: str, endpoint: str = "", since: float = 0.0) -> list[Mapping[str, Any]]:
        """What an account asked, oldest first; `since` is Unix seconds. Without an account: the public requests."""
        return [
            request
            for request in self.state("requests")["requests"]
            if request["account"] == account and endpoint in request["endpoint"] and request["time"] >= since
        ]

    def fault(self, kind: FaultKind, **values: object) -> None:
        self._post("faults", {"kind": kind.value} | values)

    def heal(self) -> None:
        """End every fault."""
        requests.delete(f"{self.admin_url}/faults", timeout=_TIMEOUT).raise_for_status()

    def freeze(self) -> None:
        """From here on no price moves, so that nothing fills by itself."""
        for name, market in self.state("markets")["markets"].items():
            for symbol, price in market["prices"].items():
                self._post("price", {"exchange": name, "market": symbol, "price": price})

    def _post(self, door: str, body: object) -> None:
        answer = requests.post(f"{self.admin_url}/{door}", json=body, timeout=_TIMEOUT)
        assert answer.status_code == requests.codes.ok, answer.text


@contextlib.contextmanager
def exchange(traders: Iterable[SimulatedAccount], speed: float = FAST) -> Iterator[Venue]:
    """A simulator in this process. Connects are not spread out unless a test says so."""
    traders = tuple(traders)
    config = SimulatorConfig(traders, speed=speed, limits=Limits(tier=Tier.PRO))
    with running_simulator(config) as simulator:
        addresses = simulator.addresses
        environment = {
            "KRAKEN_API_URL": addresses.kraken_url,
            "COINBASE_API_URL": addresses.coinbase_url,
            "REQUESTS_CA_BUNDLE": addresses.ca_file,
            "NIJA_CONNECT_DELAY": "0",
            "NIJA_NONCE_OFFSET_MAX": "0.01",
        }
        yield Venue(addresses.admin_url, environment | credentials(traders))
