"""Scheduled acts, carried out when they are due."""

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
    from collections.abc import Mapping

    from brokers.simulator.mounted import MountedFace

_ENDS = {ActKind.MODE: ActKind.ONLINE, ActKind.CLOCK: ActKind.CLOCK_RIGHT, ActKind.RESTRICTS: ActKind.ALLOWS}


@dataclass(slots=True, eq=False)
class ActPlan:
    """The scheduled acts, and how many were done or refused, by kind."""

    pending: list[Act] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _first: dict[tuple[Exchange, str], MarketSpec] = field(default_factory=dict)

    def add(self, *acts: Act) -> None:
        self.pending = sorted([*self.pending, *acts], key=lambda act: act.at)

    def play(self, faces: Mapping[Exchange, MountedFace], now: float) -> None:
        """Carry out the acts that are due at `now` (wall time)."""
        while self.pending and self.pending[0].at <= now:
            act = self.pending.pop(0)
            try:
                self.do(faces, act)
            except (RefusedError, ValueError):
                self.refused[act.kind.value] += 1
            else:
                self.done[act.kind.value] += 1
                if act.kind in _ENDS:
                    self.add(replace(act, kind=_ENDS[act.kind], at=act.at + act.seconds))

    def do(self, faces: Mapping[Exchange, MountedFace], act: Act) -> None:
        """Raises RefusedError or ValueError if it cannot be done now."""
        exchange, _, owner = act.account.partition(":")
        face = faces[Exchange(exchange)]
        first = self._first.setdefault((face.exchange, act.market), face.engine.exchange.spec(act.market))
        ACTS[act.kind](Scene(face, Hands(face.engine, face.engine.accounts[owner]), first), act)

    def calm(self, faces: Mapping[Exchange, MountedFace]) -> None:
        """Cancel all scheduled acts, open every market to everybody and correct the clocks. Steps stay as they are."""
        self.pending.clear()
        for face in faces.values():
            face.clock.set_wrong(0.0, 0.0)
            for account in face.engine.accounts.values():
                account.restrictions.clear()
            for market, mode in face.engine.exchange.market_modes.items():
                if mode is not Mode.ONLINE:
                    face.engine.set_mode(Mode.ONLINE, market)
