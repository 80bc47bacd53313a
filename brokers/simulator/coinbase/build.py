"""A Coinbase face from a simulator's configuration."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from brokers.model import Exchange
from brokers.simulator.coinbase.app import coinbase_app, identify
from brokers.simulator.coinbase.auth import CoinbaseKeyRing
from brokers.simulator.coinbase.by_hand import hand_ticket
from brokers.simulator.coinbase.face import CoinbaseFace
from brokers.simulator.coinbase.fee_table import FEE_TIERS
from brokers.simulator.coinbase.ids import coinbase_ids
from brokers.simulator.coinbase.limits import RequestLimits
from brokers.simulator.coinbase.symbols import offered
from brokers.simulator.engine.engine import Engine
from brokers.simulator.engine.exchange import SimulatedExchange
from brokers.simulator.engine.markets import Mode
from brokers.simulator.mounted import MountedFace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.clock import SimulatedClock
    from brokers.simulator.config import SimulatorConfig
    from brokers.simulator.engine.board import PriceBoard
    from brokers.simulator.records import Records

_MOST_OPEN_ORDERS = 500
# Each except AWAY is a flag of a product.
_PRODUCT_MODES = frozenset(Mode) - {Mode.REDUCE_ONLY, Mode.MAINTENANCE}
_SYSTEM_MODES = _PRODUCT_MODES - {Mode.AWAY} | {Mode.MAINTENANCE}


def mount_coinbase(config: SimulatorConfig, board: PriceBoard, clock: SimulatedClock, records: Records) -> MountedFace:
    face = build_coinbase(config, board, clock, records)

    def keys() -> Mapping[str, Mapping[str, Any]]:
        return {
            state.account.owner: {"fingerprint": state.account.api_key.fingerprint} for state in face.keys.keys.values()
        }

    return MountedFace(
        exchange=Exchange.COINBASE,
        engine=face.engine,
        app=coinbase_app(face),
        identify=identify(face),
        keys=keys,
        key_states={state.account.owner: state for state in face.keys.keys.values()},
        clock=clock,
        by_hand=partial(hand_ticket, face),
        list_anew=face.products.change,
        market_modes=_PRODUCT_MODES,
        system_modes=_SYSTEM_MODES,
        tls=True,
    )


def build_coinbase(config: SimulatorConfig, board: PriceBoard, clock: SimulatedClock, records: Records) -> CoinbaseFace:
    """Raises ValueError for an account whose key is not a Coinbase key."""
    products = offered(board.symbols())
    exchange = SimulatedExchange(
        markets={product.spec.symbol: product.spec for product in products.all},
        board=board,
        clock=clock,
        ids=coinbase_ids(config.seed),
        depth=config.depth,
        max_open_orders=_MOST_OPEN_ORDERS,
        kept_orders=config.retention.orders,
    )
    engine = Engine(exchange)
    accounts = tuple(account for account in config.accounts if account.exchange == Exchange.COINBASE)
    for account in accounts:
        engine.open_account(account.owner, FEE_TIERS[account.fee_tier].fees, account.balances)
    face = CoinbaseFace(
        engine=engine,
        products=products,
        keys=CoinbaseKeyRing.of(accounts, clock),
        limits=RequestLimits(clock, private=config.limits.private, public=config.limits.public),
        records=records,
        clock=clock,
    )
    engine.listen_to_forgetting(face.memory.forget)
    return face
