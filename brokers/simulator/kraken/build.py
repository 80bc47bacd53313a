"""A Kraken face from a simulator's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.model import Exchange
from brokers.simulator.engine.engine import Engine
from brokers.simulator.engine.venue import Venue
from brokers.simulator.kraken.app import identify, kraken_app
from brokers.simulator.kraken.auth import KeyRing
from brokers.simulator.kraken.counters import MAX_OPEN_ORDERS, Counters
from brokers.simulator.kraken.face import KrakenFace
from brokers.simulator.kraken.fee_table import FEE_TIERS
from brokers.simulator.kraken.ids import kraken_ids
from brokers.simulator.kraken.names import offered
from brokers.simulator.mounted import MountedFace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.simulator.config import SimulatorConfig
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.records import Records


def mount_kraken(config: SimulatorConfig, board: PriceBoard, clock: Clock, records: Records) -> MountedFace:
    face = build_kraken(config, board, clock, records)

    def keys() -> Mapping[str, Mapping[str, Any]]:
        return {
            state.account.owner: {
                "fingerprint": state.account.api_key.fingerprint,
                "last_nonce": state.last_nonce,
                "nonces": list(state.nonces),
            }
            for state in face.keys.keys.values()
        }

    return MountedFace(Exchange.KRAKEN, face.engine, kraken_app(face), identify(face), keys)


def build_kraken(config: SimulatorConfig, board: PriceBoard, clock: Clock, records: Records) -> KrakenFace:
    names = offered(board.symbols())
    venue = Venue(
        markets={pair.spec.symbol: pair.spec for pair in names.pairs},
        board=board,
        clock=clock,
        ids=kraken_ids(config.seed),
        depth=config.depth,
        max_open_orders=MAX_OPEN_ORDERS[config.limits.tier],
    )
    engine = Engine(venue)
    accounts = tuple(account for account in config.accounts if account.exchange is Exchange.KRAKEN)
    for account in accounts:
        engine.open_account(account.owner, FEE_TIERS[account.fee_tier].as_fees(), account.balances)
    return KrakenFace(
        engine=engine,
        names=names,
        keys=KeyRing.of(accounts, config.limits, clock),
        counters=Counters(config.limits, clock),
        limits=config.limits,
        records=records,
    )
