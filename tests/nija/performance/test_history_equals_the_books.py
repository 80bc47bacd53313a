"""After faults, kills and an owner's trades by hand, the history equals the exchange's books to the last digit."""

from __future__ import annotations

import csv
import io
import random
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.exchanges import exchanges
from brokers.model import ZERO, Fill, Side
from nija.performance.lots import DisposalKind, LotMethod, lot_book
from nija.performance.tax_files import tax_files, tax_year
from nija.performance.trades import closed_trades, open_trades
from tests.nija.orders.desk_chaos import _STEPS, _actions
from tests.nija.orders.desk_world import DeskWorld

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SEEDS = range(5)


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


def test_what_all_trades_earned_is_what_the_exchange_paid_and_took(world: DeskWorld) -> None:
    """A write-off adds its value; an open trade has cost what its result lacks."""
    journal = world.journal
    plans = {plan.id: plan for plan in journal.plans.all()}
    taken = ZERO
    for loss in journal.plans.all_write_offs():
        price = loss.price
        if price is None:
            buys = [one for one in journal.fills.of_position(loss.position_id) if one.side is Side.BUY]
            price = sum((one.amount * one.price for one in buys), ZERO) / sum((one.amount for one in buys), ZERO)
        taken += loss.amount * price
    assert plans
    net = sum((trade.net for trade in closed_trades(journal)), ZERO)
    still = sum((trade.realised - trade.cost for trade in open_trades(journal)), ZERO)
    assert round(net + still, 15) == round(cash(world.exchange.our_fills()) + taken, 15)


def test_each_fee_of_the_exchange_is_in_one_trade(world: DeskWorld) -> None:
    charged: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for fill in world.exchange.our_fills():
        charged[fill.fee_currency] += fill.fee
    counted: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for closed in closed_trades(world.journal):
        _add(counted, closed.fees)
    for still_open in open_trades(world.journal):
        _add(counted, still_open.fees)
    assert counted == charged


def _add(sums: dict[str, Decimal], more: Mapping[str, Decimal]) -> None:
    for currency, amount in more.items():
        sums[currency] += amount


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
