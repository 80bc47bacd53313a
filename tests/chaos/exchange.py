"""The exchange of a chaos run: a simulator of its own, on the same quick clock as the daemons that trade there."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from accounts.identity import AccountId
from brokers.model import Side
from brokers.simulator.config import Limits, SimulatorConfig
from brokers.simulator.engine.orders import Kind, Ticket
from brokers.simulator.server import Simulator, running_simulator
from brokers.simulator.state import state_parts
from tests.chaos.quick_clock import Epoch, QuickClock
from tests.chaos.thin_prices import MARKETS, thin_prices
from tests.made_up import accounts, environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brokers.model import Exchange
    from brokers.simulator.acts import Act
    from brokers.simulator.engine.markets import Mode
    from brokers.simulator.faults import Fault

FOUR = ("kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:master")
FACTOR = 40.0
# The owner's own coins: with them an exchange lets NIJA sell more than NIJA bought, so that the checker would see it.
_OWNED = {"USD": Decimal(20_000), "BTC": Decimal(1), "ETH": Decimal(10)}
_DAY = 86_400.0
# Public calls are counted by address, and a daemon that was killed comes back here within a second of the quick clock,
# which no real one does.
_LIMITS = Limits(public=False)


@dataclass(frozen=True, slots=True)
class ChaosExchange:
    simulator: Simulator
    epoch: Epoch
    environment: Mapping[str, str]
    accounts: tuple[AccountId, ...]

    def state(self) -> Mapping[str, Any]:
        """Books, whose coins are whose, violations, faults injected and acts done, all of one moment."""
        parts = state_parts(self.simulator.world)
        wanted = ("time", "accounts", "violations", "faults_injected", "ownership", "markets", "acts_done")
        return self.simulator.call(lambda: {name: parts[name]() for name in wanted})

    def strike(self, faults: Sequence[Fault]) -> None:
        self.simulator.call(lambda: self.simulator.world.plan.add(*faults))

    def let_act(self, acts: Sequence[Act]) -> None:
        self.simulator.call(lambda: self.simulator.world.acts.add(*acts))

    def heal(self) -> None:
        """No more faults, and owners and exchanges leave everything as it is."""

        def calm() -> None:
            self.simulator.world.plan.clear()
            self.simulator.world.acts.calm(self.simulator.world.faces)

        self.simulator.call(calm)

    def mode(self, exchange: Exchange, mode: Mode) -> None:
        engine = self.simulator.world.faces[exchange].engine
        self.simulator.call(lambda: engine.set_mode(mode))

    def freeze(self) -> None:
        """From here on no price moves, so that nothing fills by itself."""

        def pin() -> None:
            for engine in self.simulator.world.engines():
                board = engine.exchange.board
                for market in MARKETS:
                    board.pin(market, board.last(market) or Decimal(1))

        self.simulator.call(pin)

    def owner_orders(self) -> None:
        """The owner rests an order of each kind by hand in every account, far from where the price will be."""

        def place() -> None:
            for account in self.accounts:
                engine = self.simulator.world.faces[account.exchange].engine
                books = engine.accounts[account.owner]
                price = engine.exchange.board.last("BTC/USD") or Decimal(1)
                low, high = (price / 3).quantize(Decimal(1)), (price * 3).quantize(Decimal(1))
                amount = Decimal("0.01")
                engine.place(books, Ticket("BTC/USD", Side.SELL, Kind.LIMIT, amount, limit_price=high, by_hand=True))
                engine.place(books, Ticket("BTC/USD", Side.BUY, Kind.LIMIT, amount, limit_price=low, by_hand=True))

        self.simulator.call(place)


@contextmanager
def chaos_exchange(
    seed: int, names: Sequence[str] = FOUR, *, factor: float = FACTOR, candle: float = 15.0
) -> Iterator[ChaosExchange]:
    """`candle`: a daily candle closes once in so many seconds of the quick clock."""
    traders = accounts(*names, seed=seed, balances=dict(_OWNED))
    epoch = Epoch.begins_now(factor)
    speed = _DAY / candle
    prices = thin_prices(wall_start=epoch.wall, seed=seed, speed=speed)
    config = SimulatorConfig(traders, speed=speed, seed=seed, limits=_LIMITS)
    with running_simulator(config, clock=QuickClock(epoch), prices=prices) as simulator:
        told = environment(simulator.addresses, traders, nonce_offset_max=0.5)
        yield ChaosExchange(simulator, epoch, told, tuple(map(AccountId.parse, names)))
