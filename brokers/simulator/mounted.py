"""What an exchange's face provides to the server.

Each face creates one in its `build` module: `mount_kraken` and `mount_coinbase(config, board, clock, records)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Scope

    from brokers.model import Exchange
    from brokers.simulator.clock import SimulatedClock
    from brokers.simulator.engine.engine import Engine
    from brokers.simulator.engine.markets import MarketSpec, Mode
    from brokers.simulator.engine.orders import Ticket


class ChangeableKey(Protocol):
    """The key settings that owners can change on every exchange. `valid_until` is in Unix seconds, 0 for no end."""

    permissions: frozenset[str]
    revoked: bool
    valid_until: float
    ip_allowlist: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MountedFace:
    """One exchange: its books and the application that speaks its protocol.

    `identify` returns a request's endpoint and account (`kraken:master`, or "") for the middleware. `keys` reports the
    use of each owner's key for the admin's /state; `key_states` are the keys themselves, which may be changed.
    `by_hand` makes an order from the exchange's own format and raises ValueError. `list_anew` lists a market with other
    steps or minimums and returns what its engine must enforce. The modes are those the exchange supports. `tls` is
    true if its clients require TLS.
    """

    exchange: Exchange
    engine: Engine
    app: ASGIApp
    identify: Callable[[Scope], tuple[str, str]]
    keys: Callable[[], Mapping[str, Mapping[str, Any]]]
    key_states: Mapping[str, ChangeableKey]
    clock: SimulatedClock
    by_hand: Callable[[Mapping[str, Any]], Ticket]
    list_anew: Callable[[MarketSpec], MarketSpec]
    market_modes: frozenset[Mode]
    system_modes: frozenset[Mode]
    tls: bool = False
