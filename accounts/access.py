"""Creates the access to an exchange, and each account's broker, from the user's settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.description import AccessSettings
from brokers.exchanges import described

if TYPE_CHECKING:
    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.setting_tables import OwnSettings
    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.description import ExchangeAccess
    from brokers.model import Exchange


def open_access(exchange: Exchange, process: ProcessSettings, clock: Clock, *, timeout: float = 30.0) -> ExchangeAccess:
    """Shared by all accounts of the process. `timeout` is per request, in seconds. Sends no request yet."""
    settings = AccessSettings(
        address=process.addresses[exchange],
        clock=clock,
        nonce_dir=process.data_dir / "nonces",
        nonce_offset_max=process.nonce_offset_max,
        timeout=timeout,
    )
    return described(exchange).open_access(settings)


def account_broker(
    access: ExchangeAccess, credentials: Credentials, own: OwnSettings, clock: Clock | None = None
) -> Broker:
    """An account's broker. Raises ValueError for an unusable key, NonceMarkError."""
    return access.broker(credentials.api_key, tier=own.kraken_tier, clock=clock)
