"""What all accounts of a process share at Tulip, and how their brokers are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import Market
from tests.brokers.tulip.broker import TulipBroker
from tests.brokers.tulip.market_data import TulipMarketData
from tests.brokers.tulip.wire import ask, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.description import AccessSettings
    from brokers.model import ApiKey


class TulipAccess:
    """A `brokers.description.ExchangeAccess`. Its markets never change, so they are read once."""

    def __init__(self, settings: AccessSettings) -> None:
        self._settings = settings
        self._markets: Mapping[str, Market] = {}

    def prepare(self) -> None:
        self.markets(0.0)

    def markets(self, max_age: float) -> Mapping[str, Market]:
        if not self._markets:
            rows = ask(self._settings.address, "markets")
            self._markets = {one["symbol"]: value_of(Market, one) for one in rows}
        return self._markets

    def markets_age(self) -> float:
        return 0.0 if self._markets else float("inf")

    def market_data(self, clock: Clock | None = None) -> TulipMarketData:
        return TulipMarketData(self._settings.address)

    def broker(self, api_key: ApiKey, *, tier: str = "", clock: Clock | None = None) -> TulipBroker:
        return TulipBroker(self._settings.address, api_key, self, clock or self._settings.clock)

    def close(self) -> None:
        """Nothing is held open."""
