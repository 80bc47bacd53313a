"""What must hold between an exchange's books and the history that NIJA shows, once nothing is under way."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from nija.journal.positions import value_of_loss
from nija.performance.trades import closed_trades, open_trades

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nija.journal.journal import Journal
    from nija.performance.trades import ClosedTrade, OpenTrade
    from tests.invariants import Books

# A write-off without a price is valued at an average, which has no last digit.
_ROUNDING = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class ShownHistory:
    """What `nija history` shows. `left` is the value of all write-offs, by quote currency."""

    closed: tuple[ClosedTrade, ...]
    open: tuple[OpenTrade, ...]
    left: Mapping[str, Decimal]


def shown(journal: Journal) -> ShownHistory:
    markets = {plan.id: plan.market for plan in journal.plans.all()}
    fills = journal.fills.by_position()
    left: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for loss in journal.plans.all_write_offs():
        buys = [fill for fill in fills.get(loss.position_id, ()) if fill.side is Side.BUY]
        if buys:
            average = sum((fill.amount * fill.price for fill in buys), ZERO) / sum((fill.amount for fill in buys), ZERO)
            left[markets[loss.position_id].partition("/")[2]] += value_of_loss(loss, average)
    return ShownHistory(closed_trades(journal), open_trades(journal), left)


def history_is_what_the_books_say(books: Books, history: ShownHistory) -> Iterator[str]:
    """Each currency's results are what the exchange paid and took, and each fee is in one trade."""
    results: dict[str, Decimal] = defaultdict(lambda: ZERO)
    fees: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for closed in history.closed:
        results[closed.currency] += closed.net
        _add(fees, closed.fees)
    for held in history.open:
        results[held.currency] += held.realised - held.cost
        _add(fees, held.fees)
    paid, charged = _by_the_books(books)
    _add(paid, history.left)
    yield from _differences("the trades earned", results, paid)
    yield from _differences("the trades' fees are", fees, charged)


def _by_the_books(books: Books) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """What the exchange paid less what it took, and the fees it charged, by currency."""
    paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    charged: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for fill in books.fills:
        quote = fill.market.partition("/")[2]
        paid[quote] += fill.amount * fill.price * (1 if fill.side is Side.SELL else -1)
        paid[quote] -= fill.fee if fill.fee_currency == quote else ZERO
        charged[fill.fee_currency] += fill.fee
    return paid, charged


def _differences(what: str, shown: Mapping[str, Decimal], known: Mapping[str, Decimal]) -> Iterator[str]:
    for currency in sorted({*shown, *known}):
        ours, theirs = shown.get(currency, ZERO), known.get(currency, ZERO)
        if abs(ours - theirs) > _ROUNDING:
            yield f"{what} {ours} {currency}, {theirs} by the exchange's books"


def _add(sums: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for currency, amount in more.items():
        sums[currency] += amount
