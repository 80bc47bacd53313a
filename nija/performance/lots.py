"""Tax lots: which purchase each sold coin came from, by FIFO, LIFO or HIFO, and at what gain.

Lots are matched within one account and one market, over NIJA's own fills. Coins that the owner bought beside NIJA are
not among them; coins that left NIJA's positions without a sale of NIJA's leave their lots without proceeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.model import ZERO, Fill, Side, floor_to_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from accounts.identity import AccountId
    from nija.journal.journal import Journal
    from nija.journal.records import WriteOff

_PART = Decimal("0.00000001")
# More digits than any product of an amount and a price has: nothing is rounded but the parts, and they add up.
_DIGITS = Context(prec=60)


class LotMethod(StrEnum):
    """Which lot is sold first: the oldest, the newest, or the one that cost most."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"


class DisposalKind(StrEnum):
    SOLD = "sold"
    WRITTEN_OFF = "written off"


@dataclass(frozen=True, slots=True)
class Disposal:
    """A part of one lot that was sold or written off. Amounts are in base, money is in quote.

    `cost` includes the fees of the purchase, `proceeds` are after the fees of the sale; None for a write-off.
    `acquired` and `cost` are None if the journal knows no purchase of these coins. The fills are the exchange's ids.
    """

    account: AccountId
    market: str
    kind: DisposalKind
    amount: Decimal
    acquired: datetime | None
    disposed: datetime
    cost: Decimal | None
    proceeds: Decimal | None
    bought_by: str = ""
    sold_by: str = ""

    @property
    def gain(self) -> Decimal | None:
        return None if self.cost is None or self.proceeds is None else self.proceeds - self.cost


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of one purchase: `amount` (base), after fees taken in base, and its `cost` (quote) with its fees."""

    market: str
    acquired: datetime
    amount: Decimal
    cost: Decimal
    fill: str


@dataclass(frozen=True, slots=True)
class LotBook:
    """Every disposal, in the order of time, and the lots that are left."""

    disposals: tuple[Disposal, ...]
    lots: tuple[Lot, ...]


def lot_book(journal: Journal, method: LotMethod) -> LotBook:
    """Raises JournalError."""
    markets = {plan.id: plan.market for plan in journal.plans.all()}
    losses = [(markets[loss.position_id], loss) for loss in journal.plans.all_write_offs()]
    return match_lots(journal.account, journal.fills.all(), losses, method)


def match_lots(
    account: AccountId, fills: Iterable[Fill], losses: Iterable[tuple[str, WriteOff]], method: LotMethod
) -> LotBook:
    """`losses` are write-offs with their market."""
    with localcontext(_DIGITS):
        purchases, departures = _changes(account, fills, losses)
        matcher = _Matcher(_ORDERS[method])
        changes: list[Lot | Disposal] = [*purchases, *departures]
        for change in sorted(changes, key=_moment):
            matcher.take(change)
        return LotBook(tuple(matcher.disposals), tuple(lot for lots in matcher.lots.values() for lot in lots))


# The lot that sorts first is used first.
_ORDERS: Mapping[LotMethod, Callable[[Lot], tuple[Decimal, datetime, str]]] = MappingProxyType(
    {
        LotMethod.FIFO: lambda lot: (ZERO, lot.acquired, lot.fill),
        LotMethod.LIFO: lambda lot: (-Decimal(str(lot.acquired.timestamp())), lot.acquired, lot.fill),
        LotMethod.HIFO: lambda lot: (-lot.cost / lot.amount, lot.acquired, lot.fill),
    }
)


def _changes(
    account: AccountId, fills: Iterable[Fill], losses: Iterable[tuple[str, WriteOff]]
) -> tuple[list[Lot], list[Disposal]]:
    purchases: list[Lot] = []
    departures = [
        Disposal(account, market, DisposalKind.WRITTEN_OFF, loss.amount, None, loss.time, None, None)
        for market, loss in losses
    ]
    for fill in fills:
        base, _, quote = fill.market.partition("/")
        value = fill.amount * fill.price
        base_fee = fill.fee if fill.fee_currency == base else ZERO
        quote_fee = fill.fee if fill.fee_currency == quote else ZERO
        if fill.side is Side.BUY:
            purchases.append(Lot(fill.market, fill.time, fill.amount - base_fee, value + quote_fee, fill.id))
        else:
            sold = Disposal(
                account, fill.market, DisposalKind.SOLD, fill.amount + base_fee, None, fill.time, None, None
            )
            departures.append(replace(sold, proceeds=value - quote_fee, sold_by=fill.id))
    return purchases, departures


def _moment(change: Lot | Disposal) -> tuple[datetime, int, str]:
    """At one moment purchases come first, and write-offs last: they are what a sale has left."""
    if isinstance(change, Lot):
        return change.acquired, 0, change.fill
    return change.disposed, 1 if change.kind is DisposalKind.SOLD else 2, change.sold_by


class _Matcher:
    def __init__(self, order: Callable[[Lot], tuple[Decimal, datetime, str]]) -> None:
        self._order = order
        self.lots: dict[str, list[Lot]] = {}
        self.disposals: list[Disposal] = []

    def take(self, change: Lot | Disposal) -> None:
        lots = self.lots.setdefault(change.market, [])
        if isinstance(change, Lot):
            lots += [change] if change.amount > ZERO else []
            return
        while change.amount > ZERO and lots:
            change = self._take_from(lots, change)
        if change.amount > ZERO:
            self.disposals.append(change)

    def _take_from(self, lots: list[Lot], whole: Disposal) -> Disposal:
        """Use the next lot; returns what is still without one."""
        lot = min(lots, key=self._order)
        lots.remove(lot)
        amount = min(lot.amount, whole.amount)
        cost = _part(lot.cost, amount, lot.amount)
        proceeds = None if whole.proceeds is None else _part(whole.proceeds, amount, whole.amount)
        self.disposals.append(
            replace(whole, amount=amount, acquired=lot.acquired, cost=cost, proceeds=proceeds, bought_by=lot.fill)
        )
        if amount < lot.amount:
            lots.append(replace(lot, amount=lot.amount - amount, cost=lot.cost - cost))
        left = None if whole.proceeds is None or proceeds is None else whole.proceeds - proceeds
        return replace(whole, amount=whole.amount - amount, proceeds=left)


def _part(money: Decimal, amount: Decimal, whole: Decimal) -> Decimal:
    """All of it for the last part, so that the parts add up."""
    return money if amount == whole else floor_to_step(money * amount / whole, _PART)
