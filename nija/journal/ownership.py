"""The rules of ownership: a balance is made up of NIJA's positions and the owner's share, and both may shrink.

The owner's share is known from before an entry and tracked since. If the balance is below both together, the account's
orders show who sold. An order without NIJA's id that was larger than the owner's share took NIJA's coins; so did an
order with NIJA's id that this journal does not know, unless it sold what such orders had bought. Coins that left
without an order (a withdrawal) were the owner's, up to his share. The rest is in doubt: NIJA does not sell it, and
writes it off if it stays missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fill, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from decimal import Decimal

    from nija.journal.records import Holding

BY_HAND = "sold by the owner's hand"
BY_ANOTHER = "sold by another program with NIJA's ids"
WITHDRAWN = "withdrawn from the account"
UNEXPLAINED = "no longer in the account"


@dataclass(frozen=True, slots=True)
class UnbookedMovement:
    """The effect on a currency of one order that the journal does not know; negative if it sold.

    `by_nija`: it has NIJA's id.
    """

    order_id: str
    market: str
    amount: Decimal
    time: datetime
    by_nija: bool = False


@dataclass(frozen=True, slots=True)
class Removal:
    """Coins that left NIJA's positions without a sale by this NIJA."""

    amount: Decimal
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """`owner`: the owner's share in the end; `taken`: what left NIJA's positions; `missing`: what is not attributed.

    `is_known` is False while something is missing and the owner's share was never seen before. `others` is the part of
    `owner` that another program bought with NIJA's ids.
    """

    owner: Decimal
    taken: tuple[Removal, ...] = ()
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
    """Split `total`, the balance, between NIJA, which has booked `booked`, and the owner.

    `known` and `others` are the state before `movements`, the effects of all orders since; without `known`, of all
    orders since NIJA's first entry.
    """
    moved = sum((movement.amount for movement in movements), ZERO)
    if known is None:
        share, missing = max(ZERO, total - booked - moved), ZERO
    else:
        share, missing = known.amount, known.missing
    unexplained = total - (booked + share - missing + moved)
    if missing > ZERO and unexplained == missing:
        # The balance lagged behind a fill and has caught up.
        unexplained, missing = ZERO, ZERO
    # Coins that came in without an order are the owner's, and count as deposited before he sold any.
    share += max(ZERO, unexplained)
    share, lowest, others, taken = _walk(share, booked, movements, others)
    withdrawn = max(ZERO, -unexplained)
    is_known = (known is None or known.is_known or missing == ZERO) and (known is not None or withdrawn == ZERO)
    # The time of the withdrawal is unknown: it may precede his latest purchase.
    if withdrawn <= lowest:
        return Attribution(share - withdrawn, taken, missing, is_known, others)
    return Attribution(share, taken, missing + withdrawn, is_known, others)


def may_lag(total: Decimal, booked: Decimal, known: Holding | None, movements: Sequence[UnbookedMovement]) -> bool:
    """Whether the balance may be older than one of these sales by hand.

    Then it looks as if the coins he sold had been deposited. If his share is not known, that cannot even be told.
    """
    if not any(movement.amount < ZERO and not movement.by_nija for movement in movements):
        return False
    if known is None:
        return True
    moved = sum((movement.amount for movement in movements), ZERO)
    return total > booked + known.amount - known.missing + moved


def guarded(total: Decimal, booked: Decimal) -> Attribution:
    """As `attribute`, if NIJA's own stop locked all of its coins meanwhile: whatever moved was the owner's."""
    return Attribution(max(ZERO, total - booked), (), max(ZERO, booked - total))


def _walk(
    share: Decimal, booked: Decimal, movements: Sequence[UnbookedMovement], others: Decimal
) -> tuple[Decimal, Decimal, Decimal, tuple[Removal, ...]]:
    """After these orders: the owner's share, its lowest value, the others' part of it, and what was taken from NIJA."""
    left, lowest = booked, share
    taken: list[Removal] = []
    for movement in sorted(movements, key=lambda movement: movement.time):
        sold = -movement.amount
        if movement.by_nija:
            # Another NIJA sells first what it bought.
            its = min(sold, others)
            others, share, sold = others - its, share - its, sold - its
        if sold <= ZERO or (sold <= share and not movement.by_nija):
            share -= sold
            lowest = min(lowest, share)
            continue
        part = min(sold, left)
        if part > ZERO:
            taken.append(Removal(part, movement.market, BY_ANOTHER if movement.by_nija else BY_HAND))
        left -= part
        share = max(ZERO, share - (sold - part))
        lowest = min(lowest, share)
    return share, lowest, others, tuple(taken)


def settled(total: Decimal, booked: Decimal, doubtful: Attribution) -> Attribution:
    """`doubtful` once coins have been missing for long: a withdrawal beyond the owner's share took NIJA's coins.

    If not even his share is known, everything that is left counts as his.
    """
    left = booked - doubtful.taken_amount
    missing = Removal(min(doubtful.missing, left), "", WITHDRAWN)
    taken = missing if doubtful.is_known else Removal(left, "", UNEXPLAINED)
    return Attribution(max(ZERO, total - (left - taken.amount)), (*doubtful.taken, taken))


def uncertain(booked: Decimal, known: Attribution) -> Decimal:
    """How much of NIJA's coins may not be NIJA's."""
    left = booked - known.taken_amount
    return min(left, known.missing) if known.is_known or known.missing == ZERO else left


def movements_of(currency: str, fills: Iterable[Fill], by_nija: Iterable[str]) -> tuple[UnbookedMovement, ...]:
    """The effect of these fills on a currency, per order; `by_nija` are the exchange ids of orders with NIJA's id."""
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
