"""A simulator for tests, with prices and time that move only when the test says so.

with manual_rig() as rig:                       # kraken:master, :daivon_frazier, :tania_gilbert, coinbase:master
    api = rig.kraken_api("daivon_frazier")      # a real krakenex client on a real socket
    rig.price("BTC/USD", "51000")               # the market moves, and all orders have met it on return
    rig.fault(FaultKind.DROP_AFTER, endpoint="AddOrder", count=1)
    rig.clock.advance(5)                        # the exchange's wall clock
    rig.account("kraken:master").balances       # the exchange's own books
"""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import krakenex

from brokers.model import ApiKey, Exchange
from brokers.simulator import FACES
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts
from brokers.simulator.engine.market_data import CandleRow, Tick
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.server import Simulator, running_simulator
from brokers.simulator.world import Prices
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brokers.simulator.config import SimulatedAccount
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.records import Violation

START_PRICES = {"BTC/USD": "50000", "ETH/USD": "3000", "SOL/USD": "150", "ADA/USD": "0.5"}
UNLIMITED = Limits(private=False, public=False)


class ManualPrices:
    """A PriceSource whose ticks and candles are what the test put in."""

    def __init__(self, prices: Mapping[str, str]) -> None:
        self._last = {symbol: Decimal(price) for symbol, price in prices.items()}
        self._ticks: dict[str, deque[Tick]] = defaultdict(deque)
        self._candles: dict[tuple[str, int], list[CandleRow]] = {}
        for symbol, price in prices.items():
            self.set(symbol, price)

    def set(self, symbol: str, price: str | Decimal, volume: str = "1") -> None:
        """The next tick of a market."""
        self._last[symbol] = Decimal(price)
        self._ticks[symbol].append(Tick(0.0, Decimal(price), Decimal(volume)))

    def set_candles(self, symbol: str, seconds: int, rows: list[CandleRow]) -> None:
        """Oldest first, the last one running."""
        self._candles[symbol, seconds] = rows

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._last)

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:
        ticks = self._ticks[symbol]
        return [ticks.popleft() for _ in range(len(ticks))]

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:
        """Flat at the last price for 800 rows unless set."""
        if (symbol, seconds) in self._candles:
            return self._candles[symbol, seconds]
        price, running = self._last[symbol], int(until) // seconds * seconds
        times = range(running - 799 * seconds, running + 1, seconds)
        return [CandleRow(time, price, price, price, price, price, Decimal(1), 1) for time in times]


class WallMarketClock:
    """Market time is the wall clock's."""

    def market_time(self, wall: float) -> float:
        return wall


@dataclass(frozen=True, slots=True)
class Rig:
    simulator: Simulator
    clock: ManualClock
    sources: Mapping[str, ManualPrices]
    clients: list[krakenex.API] = field(default_factory=list)
    nonces: Iterator[int] = field(default_factory=lambda: itertools.count(1_700_000_000_000_000))

    def price(self, symbol: str, price: str) -> None:
        """Move a market on both exchanges; every order has met the new price when this returns."""
        for source in self.sources.values():
            source.set(symbol, price)
        self.tick()

    def tick(self) -> None:
        self.simulator.call(self.simulator.world.tick)

    def advance(self, seconds: float) -> None:
        """Let the wall clock go on, and what is due happen."""
        self.clock.advance(seconds)
        self.tick()

    def fault(self, kind: FaultKind, **values: object) -> None:
        fault = replace(Fault(kind), **values)  # type: ignore[arg-type]  # the fields of a Fault
        self.simulator.call(lambda: self.simulator.world.plan.add(fault))

    def account(self, name: str) -> Account:
        exchange, _, owner = name.partition(":")
        return self.simulator.world.faces[Exchange(exchange)].engine.accounts[owner]

    def simulated(self, name: str) -> SimulatedAccount:
        return next(account for account in self.simulator.accounts if account.name == name)

    def violations(self) -> list[Violation]:
        return self.simulator.call(lambda: list(self.simulator.world.records.violations))

    def kraken_api(self, owner: str = "master", key: ApiKey | None = None) -> krakenex.API:
        """A krakenex client of an account, with nonces that rise by one; closed with the rig."""
        chosen = key or self.simulated(f"kraken:{owner}").api_key
        api = krakenex.API(chosen.key, chosen.secret)
        api.uri = self.simulator.kraken_url
        api._nonce = lambda: next(self.nonces)
        self.clients.append(api)
        return api


def usd_accounts(balance: str = "10000", **changes: object) -> tuple[SimulatedAccount, ...]:
    """The demo's four accounts with round balances of USD alone, and any other change."""
    balances = {"USD": Decimal(balance)}
    made = made_up_accounts(7)
    return tuple(replace(account, **({"balances": balances} | changes)) for account in made)  # type: ignore[arg-type]


@contextlib.contextmanager
def manual_rig(config: SimulatorConfig | None = None, prices: Mapping[str, str] = START_PRICES) -> Iterator[Rig]:
    """A running simulator; without a configuration it has round balances and no rate limits."""
    chosen = config or SimulatorConfig(usd_accounts(), limits=UNLIMITED)
    clock = ManualClock()
    sources = {str(exchange): ManualPrices(prices) for exchange in FACES}
    with running_simulator(chosen, clock=clock, prices=Prices(WallMarketClock(), sources)) as simulator:
        rig = Rig(simulator, clock, sources)
        try:
            yield rig
        finally:
            for client in rig.clients:
                client.close()
