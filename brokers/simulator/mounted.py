"""What an exchange's face hands to the server.

Each face's package makes one in its `build` module: `mount_kraken` and `mount_coinbase(config, board, clock, records)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Scope

    from brokers.model import Exchange
    from brokers.simulator.clock import ExchangeClock
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.engine.markets import MarketSpec, Mode
    from brokers.simulator.engine.orders import Ticket


class ChangeableKey(Protocol):
    """What every exchange lets an owner change of a key. `valid_until` is in Unix seconds, 0 for no end."""

    permissions: frozenset[str]
    revoked: bool
    valid_until: float
    ip_allowlist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MountedFace:
    """One exchange: its books, and the application that speaks its protocol.

    `identify` names a request's endpoint and account (`kraken:master`, or "") for the gate. `keys` reports, per
    owner, what was seen of the key, for the admin's /state; `key_states` are the keys themselves, to be changed.
    `by_hand` makes an order of the exchange's own words; it raises ValueError. `list_anew` shows a market with other
    steps or minimums, and tells what its engine is to keep to. The modes are those that the exchange knows.
    `tls` where its clients can speak nothing else.
    """

    exchange: Exchange
    engine: Engine
    app: ASGIApp
    identify: Callable[[Scope], tuple[str, str]]
    keys: Callable[[], Mapping[str, Mapping[str, Any]]]
    key_states: Mapping[str, ChangeableKey]
    clock: ExchangeClock
    by_hand: Callable[[Mapping[str, Any]], Ticket]
    list_anew: Callable[[MarketSpec], MarketSpec]
    market_modes: frozenset[Mode]
    system_modes: frozenset[Mode]
    tls: bool = False
