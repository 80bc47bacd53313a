"""NIJA's earnings on an account, from its own journal.

The loss limits are measured on them and not on the balance: a deposit, a withdrawal, a trade by the owner or a balance
that lags behind a fill would each look like a gain or a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from nija.journal.positions import fold

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Fill
    from nija.journal.journal import Journal
    from nija.journal.records import WriteOff


class Earnings:
    """Used by one trader alone. Fees taken in the base currency show as a smaller position."""

    def __init__(self, journal: Journal, quote: str) -> None:
        self._journal = journal
        self._quote = quote
        self._seen: tuple[int, int] | None = None
        self._booked = ZERO

    def total(self, worth: Decimal) -> Decimal:
        """Realised and unrealised profit since the journal began; `worth` is the value of the open positions. In quote.

        A write-off is valued at the price of its time: it is neither gain nor loss.
        """
        changes = self._journal.fills.changes, self._journal.plans.losses
        if changes != self._seen:
            sold = sum((_cash(fill, self._quote) for fill in self._journal.fills.all()), ZERO)
            left = sum((self._value(loss) for loss in self._journal.plans.all_write_offs()), ZERO)
            self._booked, self._seen = sold + left, changes
        return self._booked + worth

    def _value(self, loss: WriteOff) -> Decimal:
        plan = self._journal.plans.get(loss.position_id)
        if plan is None or not _is_in(plan.market, self._quote):
            return ZERO
        if loss.price is not None:
            return loss.amount * loss.price
        # No price was recorded (dust, for example): valued at cost.
        position = fold(plan, self._journal.fills.of_position(plan.id))
        return loss.amount * position.entry_price


def _cash(fill: Fill, quote: str) -> Decimal:
    """The change of the quote currency's balance."""
    if not _is_in(fill.market, quote):
        return ZERO
    value = fill.amount * fill.price
    fee = fill.fee if fill.fee_currency == quote else ZERO
    return (value if fill.side is Side.SELL else -value) - fee


def _is_in(market: str, quote: str) -> bool:
    return market.partition("/")[2] == quote
