"""The cash and the holdings of one account, fill by fill."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.model import ZERO

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Booking:
    """The account's cash and what it holds of one market, as of the close of the first candle that opens at `time`."""

    market: str
    time: int
    cash: Decimal
    amount: Decimal


@dataclass(slots=True)
class Ledger:
    """`bookings` are in the order of time; `amounts` is what is held now, by market (base)."""

    cash: Decimal
    bookings: list[Booking] = field(default_factory=list)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def book(self, market: str, time: int, *, amount: Decimal, cash: Decimal) -> None:
        """Both are changes."""
        self.cash += cash
        left = self.amounts.get(market, ZERO) + amount
        self.amounts[market] = left
        self.bookings.append(Booking(market, time, self.cash, left))
