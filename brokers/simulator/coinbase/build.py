"""A Coinbase face from a simulator's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brokers.model import Exchange
from brokers.simulator.coinbase.app import coinbase_app, identify
from brokers.simulator.coinbase.auth import KeyRing
from brokers.simulator.coinbase.face import CoinbaseFace
from brokers.simulator.coinbase.fee_table import FEE_TIERS
from brokers.simulator.coinbase.ids import coinbase_ids
from brokers.simulator.coinbase.limits import RequestLimits
from brokers.simulator.coinbase.products import offered
from brokers.simulator.engine.engine import Engine
from brokers.simulator.engine.venue import Venue
from brokers.simulator.mounted import MountedFace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.simulator.config import SimulatorConfig
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.records import Records

_MOST_OPEN_ORDERS = 500


def mount_coinbase(config: SimulatorConfig, board: PriceBoard, clock: Clock, records: Records) -> MountedFace:
    face = build_coinbase(config, board, clock, records)

    def keys() -> Mapping[str, Mapping[str, Any]]:
        return {
            state.account.owner: {"fingerprint": state.account.api_key.fingerprint} for state in face.keys.keys.values()
        }

    return MountedFace(Exchange.COINBASE, face.engine, coinbase_app(face), identify(face), keys, tls=True)


def build_coinbase(config: SimulatorConfig, board: PriceBoard, clock: Clock, records: Records) -> CoinbaseFace:
    """Raises ValueError for an account whose key is none of Coinbase's."""
    products = offered(board.symbols())
    venue = Venue(
        markets={product.spec.symbol: product.spec for product in products.all},
        board=board,
        clock=clock,
        ids=coinbase_ids(config.seed),
        depth=config.depth,
        max_open_orders=_MOST_OPEN_ORDERS,
    )
    engine = Engine(venue)
    accounts = tuple(account for account in config.accounts if account.exchange is Exchange.COINBASE)
    for account in accounts:
        engine.open_account(account.owner, FEE_TIERS[account.fee_tier].fees, account.balances)
    return CoinbaseFace(
        engine=engine,
        products=products,
        keys=KeyRing.of(accounts, clock),
        limits=RequestLimits(clock, private=config.limits.private, public=config.limits.public),
        records=records,
    )
