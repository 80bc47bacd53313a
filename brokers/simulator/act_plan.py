"""The acts to come, done when their moment has come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from brokers.model import Exchange
from brokers.simulator.acting import ACTS, Scene
from brokers.simulator.acts import Act, ActKind
from brokers.simulator.engine.hands import Hands
from brokers.simulator.engine.markets import MarketSpec, Mode
from brokers.simulator.engine.refusals import RefusedError

if TYPE_CHECKING:
    from brokers.simulator.world import World

_ENDS = {ActKind.MODE: ActKind.ONLINE, ActKind.CLOCK: ActKind.CLOCK_RIGHT, ActKind.RESTRICTS: ActKind.ALLOWS}


@dataclass(slots=True, eq=False)
class ActPlan:
    """The acts to come, and how many were done or refused by kind."""

    pending: list[Act] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _first: dict[tuple[Exchange, str], MarketSpec] = field(default_factory=dict)

    def add(self, *acts: Act) -> None:
        self.pending = sorted([*self.pending, *acts], key=lambda act: act.at)

    def play(self, world: World) -> None:
        """Do what is due by now."""
        now = world.clock.time()
        while self.pending and self.pending[0].at <= now:
            act = self.pending.pop(0)
            try:
                self.do(world, act)
            except (RefusedError, ValueError):
                self.refused[act.kind.value] += 1
            else:
                self.done[act.kind.value] += 1
                if act.kind in _ENDS:
                    self.add(replace(act, kind=_ENDS[act.kind], at=act.at + act.seconds))

    def do(self, world: World, act: Act) -> None:
        """Raises RefusedError or ValueError where it cannot be done now."""
        exchange, _, owner = act.account.partition(":")
        face = world.faces[Exchange(exchange)]
        first = self._first.setdefault((face.exchange, act.market), face.engine.venue.spec(act.market))
        ACTS[act.kind](Scene(face, Hands(face.engine, face.engine.accounts[owner]), first), act)

    def calm(self, world: World) -> None:
        """Nothing more comes, all markets are open to everybody, and the clocks are right. Steps stay as they are."""
        self.pending.clear()
        for face in world.faces.values():
            face.clock.set_wrong(0.0, 0.0)
            for account in face.engine.accounts.values():
                account.restrictions.clear()
            for market, mode in face.engine.venue.market_modes.items():
                if mode is not Mode.ONLINE:
                    face.engine.set_mode(Mode.ONLINE, market)
