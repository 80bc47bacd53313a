"""What NIJA has made of an account, by its own journal.

The loss limits are measured on this and not on the balance: a deposit, a withdrawal, a trade by the owner's hand or a
balance that lags behind a fill would each look like a gain or a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from nija.trader.purse import exposure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from brokers.model import Fill
    from nija.journal.fills import FillStore
    from nija.journal.positions import Position


class Earnings:
    """Used by one trader alone. Fees taken in the base currency show as a smaller position."""

    def __init__(self, fills: FillStore, quote: str) -> None:
        self._fills = fills
        self._quote = quote
        self._counted = -1
        self._cash = ZERO

    def total(self, positions: Mapping[str, Position], prices: Mapping[str, Decimal]) -> Decimal:
        """Realised and unrealised profit since the journal began, in the quote currency."""
        count = self._fills.count()
        if count != self._counted:
            self._cash = sum((_cash(fill, self._quote) for fill in self._fills.all()), ZERO)
            self._counted = count
        return self._cash + exposure(positions, prices, self._quote)


def _cash(fill: Fill, quote: str) -> Decimal:
    """What the fill did to the quote currency's balance."""
    if fill.market.partition("/")[2] != quote:
        return ZERO
    value = fill.amount * fill.price
    fee = fill.fee if fill.fee_currency == quote else ZERO
    return (value if fill.side is Side.SELL else -value) - fee
