"""An account's balances and funds: its quote currency and NIJA's positions, never the owner's other coins."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.model import ZERO, Balance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from brokers.base import Broker
    from brokers.clock import Clock
    from nija.journal.positions import Position

# Each read costs one call of the rate limit; every trade triggers a read of its own.
_BALANCES_TTL = 60.0


@dataclass(frozen=True, slots=True)
class AccountFunds:
    """In quote currency: `total` is in the account, `invested` is what NIJA's open positions cost."""

    quote: str
    total: Decimal
    invested: Decimal


class BalanceCache:
    """The account's balances, read once a minute and after every trade. Used by its trader alone."""

    def __init__(self, broker: Broker, clock: Clock) -> None:
        self._broker = broker
        self._clock = clock
        self._balances: Mapping[str, Balance] = MappingProxyType({})
        self._asked = float("-inf")
        self._answered: float | None = None
        self._held: Mapping[str, Position] = MappingProxyType({})

    def note(self, positions: Mapping[str, Position]) -> None:
        """Read the balances again if the positions have changed."""
        if positions != self._held:
            self._held = MappingProxyType(dict(positions))
            self._asked = float("-inf")

    def balances(self) -> Mapping[str, Balance]:
        """Raises BrokerError."""
        now = self._clock.monotonic()
        if now - self._asked >= _BALANCES_TTL:
            self._balances = MappingProxyType(dict(self._broker.balances()))
            self._asked = now
            self._answered = self._clock.monotonic()
        return self._balances

    @property
    def known(self) -> Mapping[str, Balance]:
        """The last balances, without a request."""
        return self._balances

    @property
    def answered(self) -> float | None:
        """When the balances were last read (steady clock); None before the first read."""
        return self._answered

    def total(self, currency: str) -> Decimal:
        balance = self.balances().get(currency)
        return balance.total if balance is not None else ZERO

    def available(self, currency: str) -> Decimal:
        balance = self.balances().get(currency)
        return balance.available if balance is not None else ZERO


def cost(positions: Mapping[str, Position], quote: str) -> Decimal:
    """What the positions in `quote` markets cost, without fees."""
    mine = (position for market, position in positions.items() if market.partition("/")[2] == quote)
    return sum((position.amount * position.entry_price for position in mine), ZERO)


def value_of(amounts: Mapping[str, Decimal], prices: Mapping[str, Decimal], quote: str) -> Decimal:
    """The value of these base amounts by market, of the markets quoted in `quote`; each needs a price."""
    return sum(
        (amount * prices[market] for market, amount in amounts.items() if market.partition("/")[2] == quote), ZERO
    )
