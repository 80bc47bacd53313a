"""Many seeded faults: the same world as the state machine's, with far more faults per order."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.exchanges import exchanges
from brokers.simulator.engine.markets import Mode
from tests.nija.orders.desk_world import MARKETS, DeskWorld
from tests.nija.orders.exchange_model import Fault
from tests.nija.orders.order_checker import oversold, owners_coins_sold

if TYPE_CHECKING:
    from collections.abc import Callable

_STEPS = 60
_KINDS = ("place", "place", "place", "read", "cancel", "amend")


def run(seed: int) -> tuple[list[str], DeskWorld]:
    """The violations of one run, and the world after it (closed)."""
    luck = random.Random(seed)
    world = DeskWorld(luck.choice(exchanges()), base_fees=luck.random() < 0.5)
    try:
        for _ in range(_STEPS):
            luck.choice(_actions(world, luck))()
            wrong = [*oversold(world.exchange), *owners_coins_sold(world.exchange)]
            if wrong:
                return wrong, world
        world.come_to_rest()
        return world.violations(), world
    finally:
        world.close()


def _actions(world: DeskWorld, luck: random.Random) -> list[Callable[[], None]]:
    market = luck.choice(sorted(MARKETS))

    def fault() -> None:
        world.fault(luck.choice(_KINDS), luck.choice(list(Fault)))

    def enter() -> None:
        world.candle_closes()
        world.enter(market, Decimal(luck.randint(1, 5000)) / 1000, luck.randint(1, 30))

    def again() -> None:
        world.enter(market, Decimal(luck.randint(1, 5000)) / 1000)

    def increase() -> None:
        world.candle_closes()
        world.increase(market, Decimal(luck.randint(1, 3000)) / 1000)

    def reduce() -> None:
        world.candle_closes()
        world.reduce(market, luck.randint(0, 100))

    def lag() -> None:
        world.exchange.fill_lag = luck.choice([0.0, 0.1, 4.0, 30.0])

    def change_mode() -> None:
        world.exchange.modes[market] = luck.choice([Mode.ONLINE, Mode.ONLINE, Mode.ONLINE, *Mode])

    def lose_disk() -> None:
        if not world.exchange.in_flight() and luck.random() < 0.3:
            world.lose_disk()

    return [
        *[fault] * 5,
        *[enter] * 4,
        again,
        *[increase] * 3,
        *[reduce] * 3,
        lambda: world.increase(market, Decimal(luck.randint(1, 3000)) / 1000),
        lambda: world.reduce(market, luck.randint(0, 100)),
        *[lambda: world.exit(market)] * 2,
        *[lambda: world.trail(market, luck.randint(60, 99))] * 3,
        *[lambda: world.move_price(market, luck.choice([50, 85, 95, 99, 101, 105, 120, 150]))] * 2,
        *[lambda: world.clock.advance(luck.choice([1, 5, 20, 60, 400]))] * 3,
        *[lambda: world.refresh(with_prices=luck.random() < 0.7)] * 6,
        lambda: world.kill_after(luck.randint(1, 12)),
        lag,
        world.exchange.finish_half_open,
        lambda: world.owner_buys(market, Decimal(luck.randint(1, 3000)) / 1000),
        lambda: world.owner_sells(market, Decimal(luck.randint(1, 6000)) / 1000),
        lambda: world.owner_withdraws(market, Decimal(luck.randint(1, 6000)) / 1000),
        world.exchange.owner_cancels_all,
        lambda: world.owner_moves_stop(market, luck.randint(50, 99)),
        *[change_mode] * 2,
        world.flatten,
        lose_disk,
    ]
