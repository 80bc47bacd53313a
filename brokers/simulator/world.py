"""Everything inside one simulator, independent of the network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.model import Exchange
from brokers.simulator.act_plan import ActPlan
from brokers.simulator.clock import SimulatedClock
from brokers.simulator.coinbase.build import mount_coinbase
from brokers.simulator.engine.board import PriceBoard
from brokers.simulator.faults import FaultPlan
from brokers.simulator.kraken.build import mount_kraken
from brokers.simulator.prices import replay_prices, synthetic_prices
from brokers.simulator.records import Records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brokers.clock import Clock
    from brokers.simulator.config import SimulatorConfig
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.engine.market_data import CandleRow, MarketClock, PriceSource, Tick
    from brokers.simulator.mounted import MountedFace


_MOUNTS = {Exchange.KRAKEN: mount_kraken, Exchange.COINBASE: mount_coinbase}


@dataclass(frozen=True, slots=True)
class Prices:
    """Sources are keyed by exchange name; an exchange without one offers no markets."""

    clock: MarketClock
    sources: Mapping[str, PriceSource]


@dataclass(frozen=True, slots=True)
class World:
    config: SimulatorConfig
    clock: Clock
    faces: Mapping[Exchange, MountedFace]
    plan: FaultPlan
    records: Records
    acts: ActPlan = field(default_factory=ActPlan)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def engines(self) -> Iterable[Engine]:
        return (face.engine for face in self.faces.values())

    def tick(self) -> None:
        """Move prices, and process everything that is due: orders that end, and scheduled acts."""
        for engine in self.engines():
            engine.exchange.board.advance()
            engine.tick()
        self.acts.play(self.faces, self.clock.time())


def build_world(config: SimulatorConfig, clock: Clock, prices: Prices | None = None) -> World:
    """`prices` default to those of the configuration."""
    chosen = prices or _configured(config, clock)
    records = Records(config.retention.requests)

    faces = {
        exchange: mount(config, _board(chosen, exchange, own, clock), own, records)
        for exchange, mount in _MOUNTS.items()
        for own in [SimulatedClock(clock)]
    }
    world = World(config, clock, faces, FaultPlan(config.seed), records)
    world.tick()
    return world


def _board(prices: Prices, exchange: Exchange, own: SimulatedClock, clock: Clock) -> PriceBoard:
    """Candles close by the exchange's own clock if market time equals the wall clock's."""
    now = clock.time()
    follows = prices.clock.market_time(now) == now
    return PriceBoard(prices.sources.get(exchange, _Nothing()), prices.clock, own if follows else clock)


def _configured(config: SimulatorConfig, clock: Clock) -> Prices:
    now, kept = clock.time(), config.retention.candles
    if config.candles is not None:
        made = replay_prices(config.candles, speed=config.speed, wall_start=now, start=config.start, kept_candles=kept)
    else:
        made = synthetic_prices(wall_start=now, seed=config.seed, speed=config.speed, kept_candles=kept)
    return Prices(made.clock, made.sources)


class _Nothing:
    """The source of an exchange without prices."""

    def symbols(self) -> tuple[str, ...]:
        return ()

    def advance(self, symbol: str, until: float) -> Iterable[Tick]:
        raise KeyError(symbol, until)

    def candles(self, symbol: str, seconds: int, until: float) -> list[CandleRow]:
        raise KeyError(symbol, seconds, until)
