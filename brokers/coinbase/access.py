"""What all accounts of a process share at Coinbase, and how their brokers are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.coinbase.public import CoinbasePublic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.description import AccessSettings
    from brokers.model import ApiKey, Market


class CoinbaseAccess:
    """A `brokers.description.ExchangeAccess`. Raises ValueError for an unusable address."""

    def __init__(self, settings: AccessSettings) -> None:
        self._settings = settings
        self._public = CoinbasePublic(base_url=settings.address, clock=settings.clock, timeout=settings.timeout)

    def prepare(self) -> None:
        self._public.prepare()

    def markets(self, max_age: float) -> Mapping[str, Market]:
        return self._public.markets(max_age)

    def markets_age(self) -> float:
        return self._public.markets_age()

    def market_data(self, clock: Clock | None = None) -> CoinbaseMarketData:
        settings = self._settings
        return CoinbaseMarketData(
            base_url=settings.address,
            clock=clock or settings.clock,
            timeout=settings.timeout,
            public=self._public,
        )

    def broker(self, api_key: ApiKey, *, tier: str = "", clock: Clock | None = None) -> CoinbaseBroker:  # noqa: ARG002 - every account has the same limits
        settings = self._settings
        return CoinbaseBroker(
            api_key,
            base_url=settings.address,
            clock=clock or settings.clock,
            timeout=settings.timeout,
            public=self._public,
        )

    def close(self) -> None:
        self._public.close()
