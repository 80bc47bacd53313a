"""The books of one account: balances, holds, orders, fills and the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fees

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from brokers.simulator.engine.orders import EngineFill, EngineOrder
    from brokers.simulator.engine.refusals import Restriction


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One change of one balance: `balance`, the new value, is the old one plus `amount` minus `fee`."""

    id: str
    reference: str
    time: float
    type: str
    currency: str
    amount: Decimal
    fee: Decimal
    balance: Decimal
    subtype: str = ""


@dataclass(frozen=True, slots=True)
class _Lag:
    since: float
    until: float
    balances: Mapping[str, Decimal]
    holds: Mapping[str, Decimal]


@dataclass(slots=True, eq=False)
class Account:
    """Changed only by the engine. `orders`, `fills` and `ledger` hold everything since the start, oldest first.

    Of the `forgotten` ended orders nothing is left there. `restrictions` are the markets it may not trade, by symbol.
    `balances_told` is the time of the balances that were last reported to its client.
    """

    owner: str
    fees: Fees
    balances: dict[str, Decimal]
    holds: dict[str, Decimal] = field(default_factory=dict)
    orders: dict[str, EngineOrder] = field(default_factory=dict)
    open: dict[str, EngineOrder] = field(default_factory=dict)
    fills: dict[str, EngineFill] = field(default_factory=dict)
    ledger: dict[str, LedgerEntry] = field(default_factory=dict)
    dead_man: float | None = None
    balance_lag: float = 0.0
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    balances_told: float | None = None
    forgotten: int = 0
    _lag: _Lag | None = None
    _taken: dict[str, tuple[int, dict[Decimal, Decimal]]] = field(default_factory=dict)

    def balance(self, currency: str) -> Decimal:
        return self.balances.get(currency, ZERO)

    def held(self, currency: str) -> Decimal:
        return self.holds.get(currency, ZERO)

    def available(self, currency: str) -> Decimal:
        return self.balance(currency) - self.held(currency)

    def credit(self, currency: str, amount: Decimal) -> None:
        """Change a balance; a negative amount reduces it."""
        self.balances[currency] = self.balance(currency) + amount

    def hold(self, currency: str, amount: Decimal) -> None:
        """Hold more of a currency; a negative amount releases it."""
        self.holds[currency] = self.held(currency) + amount

    def open_orders(self, symbol: str | None = None) -> Iterator[EngineOrder]:
        return (order for order in self.open.values() if symbol is None or order.symbol == symbol)

    def forget_ended(self, kept: int) -> tuple[EngineOrder, ...]:
        """Drop all but the `kept` orders that ended last, with their fills and ledger entries; return the dropped."""
        if len(self.orders) - len(self.open) <= kept:
            return ()
        ended = sorted((order for order in self.orders.values() if order.status.is_final), key=_end_of)
        dropped = tuple(ended[: len(ended) - kept])
        fills = {fill_id for order in dropped for fill_id in order.fill_ids}
        for order in dropped:
            del self.orders[order.id]
        for fill_id in fills:
            del self.fills[fill_id]
        self.ledger = {key: entry for key, entry in self.ledger.items() if entry.reference not in fills}
        self.forgotten += len(dropped)
        return dropped

    def taken(self, symbol: str, sequence: int) -> dict[Decimal, Decimal]:
        """The amounts this account has taken of each price level since the market's last tick."""
        known = self._taken.get(symbol)
        if known is None or known[0] != sequence:
            known = (sequence, {})
            self._taken[symbol] = known
        return known[1]

    def start_lag(self, now: float) -> None:
        """Keep reporting the current balances for `balance_lag` seconds."""
        if self.balance_lag > 0 and (self._lag is None or now >= self._lag.until):
            self._lag = _Lag(now, now + self.balance_lag, dict(self.balances), dict(self.holds))

    def shown_balances(self, now: float) -> tuple[Mapping[str, Decimal], Mapping[str, Decimal]]:
        """Balances and holds as reported to the client, delayed if a lag is active."""
        if self._lag is not None and now < self._lag.until:
            self.balances_told = self._lag.since
            return self._lag.balances, self._lag.holds
        self.balances_told = now
        return self.balances, self.holds


def _end_of(order: EngineOrder) -> float:
    return order.closed or order.created
