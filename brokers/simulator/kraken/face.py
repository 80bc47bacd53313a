"""State shared by the handlers of the Kraken face, and the call they handle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.simulator.engine.markets import Mode
from brokers.simulator.kraken.errors import KrakenError

if TYPE_CHECKING:
    from brokers.simulator.clock import SimulatedClock
    from brokers.simulator.config import Limits
    from brokers.simulator.engine.accounts import Account
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.faults import FaultKind
    from brokers.simulator.kraken.arguments import Arguments
    from brokers.simulator.kraken.auth import KrakenKeyRing, KrakenKeyState
    from brokers.simulator.kraken.limits import Counters
    from brokers.simulator.kraken.symbols import Names, Pair
    from brokers.simulator.records import Records, RequestContext


@dataclass(frozen=True, slots=True)
class KrakenFace:
    engine: Engine
    names: Names
    keys: KrakenKeyRing
    counters: Counters
    limits: Limits
    records: Records
    clock: SimulatedClock

    @property
    def board(self) -> PriceBoard:
        return self.engine.exchange.board

    def pairs(self) -> tuple[Pair, ...]:
        """The pairs listed now."""
        return tuple(pair for pair in self.names.pairs if not self._is_away(pair))

    def pair(self, name: str) -> Pair:
        """Raises KrakenError; an unlisted pair is not the client's mistake if it was delisted."""
        pair = self.names.pair(name)
        if pair is None or self._is_away(pair):
            raise KrakenError("EQuery:Unknown asset pair", injected=pair is not None)
        return pair

    def _is_away(self, pair: Pair) -> bool:
        return self.engine.exchange.market_modes.get(pair.spec.symbol) is Mode.AWAY


@dataclass(frozen=True, slots=True)
class KrakenCall:
    """One request: its arguments and, if private, its key and account."""

    face: KrakenFace
    arguments: Arguments
    context: RequestContext


@dataclass(frozen=True, slots=True)
class KrakenPrivateCall(KrakenCall):
    key: KrakenKeyState
    account: Account

    @property
    def now(self) -> float:
        return self.face.clock.time()

    @property
    def received(self) -> float:
        """When the request arrived, by the exchange's clock."""
        return self.face.clock.at(self.context.received)

    def seconds(self, kind: FaultKind) -> float:
        """The seconds of the fault of this kind for this request; 0 without one."""
        fault = self.context.fault(kind)
        return fault.seconds if fault else 0.0

    def charge(self, symbol: str, cost: float) -> None:
        """Charge the engine's counter. Raises KrakenError if it overflows."""
        if not self.face.counters.order(self.account.owner, symbol, cost):
            raise KrakenError("EOrder:Rate limit exceeded")
