"""After faults, kills and an owner's trades by hand, the history equals the exchange's books to the last digit."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.exchanges import exchanges
from brokers.model import ZERO, Fill, Side
from nija.performance.lots import DisposalKind, LotMethod, lot_book
from nija.performance.tax_files import tax_files, tax_year
from nija.performance.trades import open_trades
from tests.history_invariants import history_is_what_the_books_say, shown
from tests.nija.orders.desk_chaos import _STEPS, _actions
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.order_checker import books_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Worlds in which positions were bought, resized and sold.
SEEDS = (0, 2, 5, 8, 9)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    """The world of the desk's own chaos, at rest. No journal is lost: what a new one can know is another story."""
    luck = random.Random(request.param)
    world = DeskWorld(luck.choice(exchanges()), base_fees=luck.random() < 0.5)
    world.lose_disk = lambda: None  # type: ignore[method-assign]
    for _ in range(_STEPS):
        luck.choice(_actions(world, luck))()
    world.come_to_rest()
    assert world.violations() == []
    yield world
    world.close()


def cash(fills: Iterable[Fill]) -> Decimal:
    """The change of the quote currency's balance by the exchange's books."""
    return sum((_change(fill) for fill in fills), ZERO)


def _change(fill: Fill) -> Decimal:
    value = fill.amount * fill.price * (1 if fill.side is Side.SELL else -1)
    return value - fill.fee if fill.fee_currency == "USD" else value


def test_the_trades_earned_what_the_exchange_paid_and_took(world: DeskWorld) -> None:
    assert [*history_is_what_the_books_say(books_of(world.exchange), shown(world.journal))] == []


def test_a_history_that_is_not_what_the_books_say_is_noticed(world: DeskWorld) -> None:
    books, history = books_of(world.exchange), shown(world.journal)
    assert len([*history_is_what_the_books_say(replace(books, fills=books.fills[1:]), history)]) == 2
    (first, *others) = history.closed
    wrong = replace(history, closed=(replace(first, net=first.net + Decimal("1e-8")), *others))
    assert len([*history_is_what_the_books_say(books, wrong)]) == 1


def test_the_tax_files_have_each_fill_of_the_exchange_once(world: DeskWorld) -> None:
    years = {fill.time.year for fill in world.exchange.our_fills()}
    texts = [tax_files(tax_year(world.journal, year, LotMethod.FIFO))["fills.csv"] for year in sorted(years)]
    rows = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
    exported = sorted((row["Fill"], Decimal(row["Amount"]), Decimal(row["Price"]), Decimal(row["Fee"])) for row in rows)
    assert exported == sorted((fill.id, fill.amount, fill.price, fill.fee) for fill in world.exchange.our_fills())


@pytest.mark.parametrize("method", LotMethod)
def test_the_lots_add_up_to_the_exchanges_books(world: DeskWorld, method: LotMethod) -> None:
    book, fills = lot_book(world.journal, method), world.exchange.our_fills()
    sold = [one for one in book.disposals if one.kind is DisposalKind.SOLD]
    assert all(one.cost is not None for one in book.disposals)
    assert sum((one.proceeds or ZERO for one in sold), ZERO) == cash(one for one in fills if one.side is Side.SELL)
    gone = sum((one.cost or ZERO for one in book.disposals), ZERO)
    assert gone + sum((lot.cost for lot in book.lots), ZERO) == -cash(one for one in fills if one.side is Side.BUY)
    held = sum((trade.amount for trade in open_trades(world.journal)), ZERO)
    assert sum((lot.amount for lot in book.lots), ZERO) == held
