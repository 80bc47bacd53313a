"""Whose coins are those? What is held of a currency is NIJA's positions and the owner's own, and both may shrink.

The owner's share is known from before an entry and followed since. Where less is there than both together, the orders
of the account are asked who sold: an order without NIJA's id that was larger than the owner's share took NIJA's coins,
and so did an order with NIJA's id that this journal does not know. Coins that left without an order (a withdrawal)
were the owner's as far as his share reaches. What cannot be attributed is in doubt: NIJA does not sell it, and what
stays missing is booked out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import Fill

BY_HAND = "sold by the owner's hand"
BY_ANOTHER = "sold by another program with NIJA's ids"
WITHDRAWN = "withdrawn from the account"
UNEXPLAINED = "no longer in the account"


@dataclass(frozen=True, slots=True)
class Movement:
    """What one order that the journal does not know did to a currency; negative where it left.

    `by_nija`: it has NIJA's id.
    """

    order_id: str
    market: str
    amount: Decimal
    time: datetime
    by_nija: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """Coins of NIJA's positions that left without a sale of this NIJA's."""

    amount: Decimal
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """`owner` is the owner's share after it all, None where it is not known; `missing` could not be attributed."""

    owner: Decimal | None
    taken: tuple[Taken, ...] = ()
    missing: Decimal = ZERO

    @property
    def taken_amount(self) -> Decimal:
        return sum((taken.amount for taken in self.taken), ZERO)


def attribute(
    total: Decimal, booked: Decimal, owner: Decimal | None, movements: Sequence[Movement] = ()
) -> Attribution:
    """Of `total` in the account, NIJA booked `booked` and the owner had `owner` before these movements."""
    moved = sum((movement.amount for movement in movements), ZERO)
    before = total - booked - moved
    # What came in without an order is the owner's, and was there before he sold it.
    share = max(owner or ZERO, before)
    left = booked
    taken: list[Taken] = []
    for movement in sorted(movements, key=lambda movement: movement.time):
        sold = -movement.amount
        if sold <= ZERO or (sold <= share and not movement.by_nija):
            share -= sold
            continue
        part = min(sold, left)
        if part > ZERO:
            taken.append(Taken(part, movement.market, BY_ANOTHER if movement.by_nija else BY_HAND))
        left -= part
        share = max(ZERO, share - (sold - part))
    missing = left + share - total
    if missing <= share and (owner is not None or missing <= ZERO):
        return Attribution(share - missing, tuple(taken))
    return Attribution(None if owner is None else share, tuple(taken), missing)


def settled(total: Decimal, booked: Decimal, doubtful: Attribution) -> Attribution:
    """The same once it has been missing for long: who withdrew more than his share took NIJA's coins.

    Where not even his share is known, everything that is left counts as his.
    """
    left = booked - doubtful.taken_amount
    if doubtful.owner is None:
        taken = Taken(left, "", UNEXPLAINED)
    else:
        taken = Taken(min(doubtful.missing, left), "", WITHDRAWN)
    return Attribution(total - (left - taken.amount), (*doubtful.taken, taken))


def certain(total: Decimal, booked: Decimal, known: Attribution) -> Decimal:
    """How much of what is there certainly is NIJA's."""
    left = booked - known.taken_amount
    if known.missing <= ZERO:
        return left
    if known.owner is None:
        return ZERO
    return min(left, max(ZERO, total - known.owner))


def movements_of(currency: str, fills: Iterable[Fill], by_nija: Iterable[str]) -> tuple[Movement, ...]:
    """What these fills did to a currency, one movement an order; `by_nija` are the ids of orders with NIJA's mark."""
    amounts: dict[str, Decimal] = {}
    first: dict[str, Fill] = {}
    for fill in fills:
        amount = _change(currency, fill)
        if amount != ZERO:
            amounts[fill.order_id] = amounts.get(fill.order_id, ZERO) + amount
            first.setdefault(fill.order_id, fill)
    marked = frozenset(by_nija)
    return tuple(
        Movement(order_id, first[order_id].market, amount, first[order_id].time, order_id in marked)
        for order_id, amount in amounts.items()
    )


def _change(currency: str, fill: Fill) -> Decimal:
    base, _, quote = fill.market.partition("/")
    sign = 1 if fill.side is Side.BUY else -1
    change = ZERO
    if base == currency:
        change += sign * fill.amount
    if quote == currency:
        change -= sign * fill.amount * fill.price
    if fill.fee_currency == currency:
        change -= fill.fee
    return change
