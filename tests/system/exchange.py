"""The exchange that daemons are tried against: a process or thread of its own, so that it outlives them.

Its books and faults are reached as anybody reaches them, through the admin door.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from brokers.simulator.config import Limits, SimulatorConfig, Tier
from brokers.simulator.server import running_simulator
from tests.chaos.quick_clock import Epoch, QuickClock
from tests.made_up import environment
from tests.system.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from brokers.simulator.config import SimulatedAccount
    from brokers.simulator.faults import FaultKind

# A daily candle closes every second.
FAST = 86_400.0
FOUR = ("kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:master")
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class RunningExchange:
    """A running simulator as the daemons' tests see it. `environment` is what a daemon needs to trade there."""

    admin_url: str
    environment: Mapping[str, str]

    def state(self, *only: str) -> Mapping[str, Any]:
        """The whole state of the simulator, or these parts alone."""
        params = {"only": ",".join(only)} if only else {}
        state: Mapping[str, Any] = requests.get(f"{self.admin_url}/state", params, timeout=_TIMEOUT).json()
        return state

    def books(self, account: str) -> Mapping[str, Any]:
        books: Mapping[str, Any] = self.state("accounts")["accounts"][account]
        return books

    def struck(self) -> set[str]:
        """The kinds of the faults that have struck so far."""
        return set(self.state("faults_injected")["faults_injected"])

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

    # What owners do by hand and what befalls the exchange; brokers/simulator/admin.py describes every door.

    def do(self, door: str, **body: object) -> Any:  # noqa: ANN401 - whatever the door answers
        return self._post(door, body)

    def undo(self, door: str, **body: object) -> Any:  # noqa: ANN401 - the same
        return self._asked("DELETE", door, body)

    def owned(self, account: str) -> Mapping[str, Any]:
        """Whose coins are whose."""
        owned: Mapping[str, Any] = requests.get(f"{self.admin_url}/ownership", timeout=_TIMEOUT).json()[account]
        return owned

    def _post(self, door: str, body: object) -> Any:  # noqa: ANN401 - the same
        return self._asked("POST", door, body)

    def _asked(self, method: str, door: str, body: object) -> Any:  # noqa: ANN401 - the same
        answer = requests.request(method, f"{self.admin_url}/{door}", json=body, timeout=_TIMEOUT)
        assert answer.status_code == requests.codes.ok, answer.text
        return answer.json()


@dataclass(frozen=True, slots=True)
class QuickExchange:
    """The same by a clock that runs faster: `daemon(folder)` is one that trades by it."""

    exchange: RunningExchange
    epoch: Epoch

    def daemon(self, folder: Path, environment: Mapping[str, str] | None = None) -> Daemon:
        arguments = tuple(map(repr, (self.epoch.wall, self.epoch.steady, self.epoch.factor)))
        return Daemon(folder, environment or self.exchange.environment, arguments, "tests.system.quick_run")


@contextlib.contextmanager
def quick_exchange(traders: Iterable[SimulatedAccount], factor: float) -> Iterator[QuickExchange]:
    """A simulator whose candles last as long as real ones, by a clock that runs `factor` times as fast."""
    traders = tuple(traders)
    epoch = Epoch.begins_now(factor)
    config = SimulatorConfig(traders, limits=Limits(tier=Tier.PRO))
    with running_simulator(config, clock=QuickClock(epoch)) as simulator:
        yield QuickExchange(RunningExchange(simulator.admin_url, environment(simulator.addresses, traders)), epoch)


@contextlib.contextmanager
def running_exchange(traders: Iterable[SimulatedAccount], speed: float = FAST) -> Iterator[RunningExchange]:
    """A simulator in this process."""
    traders = tuple(traders)
    config = SimulatorConfig(traders, speed=speed, limits=Limits(tier=Tier.PRO))
    with running_simulator(config) as simulator:
        yield RunningExchange(simulator.admin_url, environment(simulator.addresses, traders))
