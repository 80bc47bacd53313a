"""What an exchange's face hands to the server.

Each face's package makes one in its `build` module: `mount_kraken` and `mount_coinbase(config, board, clock, records)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Scope

    from brokers.model import Exchange
    from brokers.simulator.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class MountedFace:
    """One exchange: its books, and the application that speaks its protocol.

    `identify` names a request's endpoint and account (`kraken:master`, or "") for the gate. `keys` reports, per
    owner, what was seen of the key, for the admin's /state. `tls` where the exchange's clients can speak nothing else.
    """

    exchange: Exchange
    engine: Engine
    app: ASGIApp
    identify: Callable[[Scope], tuple[str, str]]
    keys: Callable[[], Mapping[str, Mapping[str, Any]]]
    tls: bool = False
