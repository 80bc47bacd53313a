"""A Kraken face from a simulator's configuration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from brokers.model import Exchange
from brokers.simulator.engine.engine import Engine
from brokers.simulator.engine.exchange import SimulatedExchange
from brokers.simulator.engine.markets import Mode
from brokers.simulator.kraken.app import identify, kraken_app
from brokers.simulator.kraken.auth import KrakenKeyRing
from brokers.simulator.kraken.by_hand import hand_ticket
from brokers.simulator.kraken.face import KrakenFace
from brokers.simulator.kraken.fee_table import FEE_TIERS
from brokers.simulator.kraken.ids import kraken_ids
from brokers.simulator.kraken.limits import MAX_OPEN_ORDERS, Counters
from brokers.simulator.kraken.symbols import offered
from brokers.simulator.mounted import MountedFace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.clock import SimulatedClock
    from brokers.simulator.config import SimulatorConfig
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.records import Records


# The possible values of `status`, of a pair and of the whole exchange.
_PAIR_MODES = frozenset(
    {Mode.ONLINE, Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.LIMIT_ONLY, Mode.REDUCE_ONLY, Mode.AWAY},
)
_SYSTEM_MODES = frozenset({Mode.ONLINE, Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.LIMIT_ONLY, Mode.MAINTENANCE})


def mount_kraken(config: SimulatorConfig, board: PriceBoard, clock: SimulatedClock, records: Records) -> MountedFace:
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

    return MountedFace(
        exchange=Exchange.KRAKEN,
        engine=face.engine,
        app=kraken_app(face),
        identify=identify(face),
        keys=keys,
        key_states={state.account.owner: state for state in face.keys.keys.values()},
        clock=clock,
        by_hand=partial(hand_ticket, face),
        list_anew=face.names.change,
        market_modes=_PAIR_MODES,
        system_modes=_SYSTEM_MODES,
    )


def build_kraken(config: SimulatorConfig, board: PriceBoard, clock: SimulatedClock, records: Records) -> KrakenFace:
    names = offered(board.symbols())
    exchange = SimulatedExchange(
        markets={pair.spec.symbol: pair.spec for pair in names.pairs},
        board=board,
        clock=clock,
        ids=kraken_ids(config.seed),
        depth=config.depth,
        max_open_orders=MAX_OPEN_ORDERS[config.limits.tier],
        kept_orders=config.retention.orders,
    )
    engine = Engine(exchange)
    accounts = tuple(account for account in config.accounts if account.exchange == Exchange.KRAKEN)
    for account in accounts:
        engine.open_account(account.owner, FEE_TIERS[account.fee_tier].as_fees(), account.balances)
    return KrakenFace(
        engine=engine,
        names=names,
        keys=KrakenKeyRing.of(accounts, config.limits, clock, config.retention.requests),
        counters=Counters(config.limits, clock),
        limits=config.limits,
        records=records,
        clock=clock,
    )
