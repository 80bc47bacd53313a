"""What all accounts of a process share at Kraken, and how their brokers are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.kraken.broker import KrakenBroker
from brokers.kraken.market_data import KrakenMarketData
from brokers.kraken.public import KrakenPublic
from brokers.nonce import Nonce

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.description import AccessSettings
    from brokers.model import ApiKey, Market

_LOWEST_TIER = "starter"


class KrakenAccess:
    """A `brokers.description.ExchangeAccess`."""

    def __init__(self, settings: AccessSettings) -> None:
        self._settings = settings
        self._public = KrakenPublic(base_url=settings.address, clock=settings.clock, timeout=settings.timeout)

    def prepare(self) -> None:
        self._public.prepare()

    def markets(self, max_age: float) -> Mapping[str, Market]:
        return self._public.markets(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def market_data(self, clock: Clock | None = None) -> KrakenMarketData:
        settings = self._settings
        return KrakenMarketData(
            base_url=settings.address, clock=clock or settings.clock, timeout=settings.timeout, public=self._public
        )

    def broker(self, api_key: ApiKey, *, tier: str = "", clock: Clock | None = None) -> KrakenBroker:
        settings = self._settings
        nonce = Nonce(
            settings.nonce_dir / api_key.fingerprint, clock=settings.clock, offset_max=settings.nonce_offset_max
        )
        return KrakenBroker(
            api_key,
            base_url=settings.address,
            nonce=nonce,
            clock=clock or settings.clock,
            timeout=settings.timeout,
            tier=tier or _LOWEST_TIER,
            public=self._public,
        )

    def close(self) -> None:
        self._public.close()
