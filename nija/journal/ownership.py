"""Whose coins are those? What is held of a currency is NIJA's positions and the owner's own, and both may shrink.

The owner's share is known from before an entry and followed since. Where less is there than both together, the orders
of the account are asked who sold: an order without NIJA's id that was larger than the owner's share took NIJA's coins,
and so did an order with NIJA's id that this journal does not know, unless it sold what such orders had bought. Coins
that left without an order (a withdrawal) were the owner's as far as his share reaches. What cannot be attributed is in
doubt: NIJA does not sell it, and what stays missing is booked out.
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
    from nija.journal.records import Holding

BY_HAND = "sold by the owner's hand"
BY_ANOTHER = "sold by another program with NIJA's ids"
WITHDRAWN = "withdrawn from the account"
UNEXPLAINED = "no longer in the account"


@dataclass(frozen=True, slots=True)
class UnbookedMovement:
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
    """`owner` is the owner's share after it all; `taken` left NIJA's positions; `missing` could not be attributed.

    `is_known` is False while something is missing and the owner's share was never seen before. `others` is the part of
    `owner` that another program with NIJA's ids bought.
    """

    owner: Decimal
    taken: tuple[Taken, ...] = ()
    missing: Decimal = ZERO
    is_known: bool = True
    others: Decimal = ZERO

    @property
    def taken_amount(self) -> Decimal:
        return sum((taken.amount for taken in self.taken), ZERO)


def attribute(
    total: Decimal,
    booked: Decimal,
    known: Holding | None,
    movements: Sequence[UnbookedMovement] = (),
    others: Decimal = ZERO,
) -> Attribution:
    """Whose the `total` in the account is, of which NIJA booked `booked`.

    `known` and `others` are what was known before `movements`, which are all that orders did since; without `known`
    they are all since NIJA's first entry.
    """
    moved = sum((movement.amount for movement in movements), ZERO)
    if known is None:
        share, missing = max(ZERO, total - booked - moved), ZERO
    else:
        share, missing = known.amount, known.missing
    unexplained = total - (booked + share - missing + moved)
    if missing > ZERO and unexplained == missing:
        # The balance lagged behind a fill, and has come up with it.
        unexplained, missing = ZERO, ZERO
    # What came in without an order is the owner's, and was there before he sold it.
    share += max(ZERO, unexplained)
    share, lowest, others, taken = _walk(share, booked, movements, others)
    withdrawn = max(ZERO, -unexplained)
    is_known = (known is None or known.is_known or missing == ZERO) and (known is not None or withdrawn == ZERO)
    # When it was withdrawn nobody says: it may have been before he bought what he has now.
    if withdrawn <= lowest:
        return Attribution(share - withdrawn, taken, missing, is_known, others)
    return Attribution(share, taken, missing + withdrawn, is_known, others)


def may_lag(total: Decimal, booked: Decimal, known: Holding | None, movements: Sequence[UnbookedMovement]) -> bool:
    """Whether the balance may be from before one of these sales by hand.

    It looks as if coins had come in that he sold. Where his share is not known, that cannot even be told.
    """
    if not any(movement.amount < ZERO and not movement.by_nija for movement in movements):
        return False
    if known is None:
        return True
    moved = sum((movement.amount for movement in movements), ZERO)
    return total > booked + known.amount - known.missing + moved


def guarded(total: Decimal, booked: Decimal) -> Attribution:
    """The same where NIJA's own stop has bound all of its coins meanwhile: whatever moved was the owner's."""
    return Attribution(max(ZERO, total - booked), (), max(ZERO, booked - total))


def _walk(
    share: Decimal, booked: Decimal, movements: Sequence[UnbookedMovement], others: Decimal
) -> tuple[Decimal, Decimal, Decimal, tuple[Taken, ...]]:
    """After these orders: the owner's share, the lowest it was meanwhile, others' part of it, and what was NIJA's."""
    left, lowest = booked, share
    taken: list[Taken] = []
    for movement in sorted(movements, key=lambda movement: movement.time):
        sold = -movement.amount
        if movement.by_nija:
            # What another NIJA bought, it sells.
            its = min(sold, others)
            others, share, sold = others - its, share - its, sold - its
        if sold <= ZERO or (sold <= share and not movement.by_nija):
            share -= sold
            lowest = min(lowest, share)
            continue
        part = min(sold, left)
        if part > ZERO:
            taken.append(Taken(part, movement.market, BY_ANOTHER if movement.by_nija else BY_HAND))
        left -= part
        share = max(ZERO, share - (sold - part))
        lowest = min(lowest, share)
    return share, lowest, others, tuple(taken)


def settled(total: Decimal, booked: Decimal, doubtful: Attribution) -> Attribution:
    """The same once it has been missing for long: who withdrew more than his share took NIJA's coins.

    Where not even his share is known, everything that is left counts as his.
    """
    left = booked - doubtful.taken_amount
    missing = Taken(min(doubtful.missing, left), "", WITHDRAWN)
    taken = missing if doubtful.is_known else Taken(left, "", UNEXPLAINED)
    return Attribution(max(ZERO, total - (left - taken.amount)), (*doubtful.taken, taken))


def uncertain(booked: Decimal, known: Attribution) -> Decimal:
    """How much of NIJA's coins cannot be said to be NIJA's."""
    left = booked - known.taken_amount
    return min(left, known.missing) if known.is_known or known.missing == ZERO else left


def movements_of(currency: str, fills: Iterable[Fill], by_nija: Iterable[str]) -> tuple[UnbookedMovement, ...]:
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
        UnbookedMovement(order_id, first[order_id].market, amount, first[order_id].time, order_id in marked)
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
