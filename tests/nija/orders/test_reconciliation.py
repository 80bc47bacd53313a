from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import BudgetSpent
from brokers.exchanges import exchanges
from brokers.model import ZERO, Exchange, OrderRequest, OrderStatus, OrderType, Side
from nija.events import DifferenceFound, JournalRebuilt
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.orders.reconciliation import DifferenceKind
from nija.orders.state import EntryStatus
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import BTC, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from brokers.model import Fill, Order
    from nija.journal.records import Intent

ONE = Decimal(1)


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    world = DeskWorld(request.param)
    yield world
    world.close()


def compare(world: DeskWorld, after: float = 301.0) -> list[DifferenceKind]:
    """Run the next comparison; returns what it newly found."""
    known = len(differences(world))
    world.clock.advance(after)
    world.desk.refresh()
    return [DifferenceKind(event.kind) for event in differences(world)[known:]]


def differences(world: DeskWorld) -> list[DifferenceFound]:
    return [event for event in world.log.published if isinstance(event, DifferenceFound)]


def place(world: DeskWorld, purpose: Purpose, amount: Decimal, stop_price: Decimal | None = None) -> str:
    """An order with NIJA's id that this journal does not know."""
    request = OrderRequest(
        client_id=new_client_id(purpose),
        market="BTC/USD",
        side=Side.BUY if purpose is Purpose.ENTRY else Side.SELL,
        type=OrderType.MARKET if stop_price is None else OrderType.STOP,
        amount=amount,
        deadline=world.exchange.exchange_time() + timedelta(seconds=30),
        stop_price=stop_price,
    )
    return world.exchange.place(request)


# Comparing.


def test_where_both_sides_agree_nothing_is_found(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    assert compare(world) == []
    world.exit("BTC/USD")
    assert compare(world) == []


def test_a_comparison_is_cheap_and_made_every_few_minutes(world: DeskWorld) -> None:
    world.exchange.calls.clear()
    for _ in range(100):
        world.clock.advance(10)
        world.desk.refresh()
    assert world.exchange.calls == ["open_orders", "closed_orders"] * 3


def test_a_comparison_reads_balances_and_asks_for_no_fill_that_is_booked(
    world: DeskWorld,
) -> None:
    world.enter("BTC/USD", ONE)
    world.exchange.calls.clear()
    world.clock.advance(301)
    world.desk.refresh()
    asked = [call for call in world.exchange.calls if call != "orders"]
    assert asked == ["open_orders", "closed_orders", "balances"]


def test_a_missing_fill_is_booked(world: DeskWorld) -> None:
    """The exchange adds an execution to an order that was final: late, but true."""
    world.enter("BTC/USD", ONE)
    (entry,) = [order for order in world.exchange.ours() if order.side is Side.BUY]
    world.exchange.book.orders[entry.exchange_id] = replace(entry, amount=Decimal(2), status=OrderStatus.OPEN)
    world.exchange.finish_half_open()
    assert compare(world) == [DifferenceKind.MISSING_FILL]
    assert world.desk.positions()["BTC/USD"].amount == 2
    assert [stop.amount for stop in world.exchange.open_orders()] == [2]


def test_what_a_late_fill_adds_to_a_sold_position_is_sold_too(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.exit("BTC/USD")
    entry = world.exchange.ours()[0]
    world.exchange.book.orders[entry.exchange_id] = replace(entry, amount=Decimal(2), status=OrderStatus.OPEN)
    world.exchange.finish_half_open()
    assert compare(world) == [DifferenceKind.MISSING_FILL]
    assert world.exchange.bought_by_nija("BTC/USD") == 0
    assert world.violations() == []


# Orders that the journal does not know.


def test_an_order_of_ours_that_the_journal_does_not_know_is_taken_up(world: DeskWorld) -> None:
    place(world, Purpose.ENTRY, ONE)
    place(world, Purpose.STOP, ONE, Decimal(91))
    assert compare(world) == [DifferenceKind.UNKNOWN_ORDER_OF_OURS] * 2
    position = world.desk.positions()["BTC/USD"]
    assert (position.amount, position.stop_price) == (ONE, Decimal(91))
    assert world.violations() == []


def test_what_an_entry_taken_up_had_left_over_left_at_the_last_price(world: DeskWorld) -> None:
    place(world, Purpose.ENTRY, ONE)
    world.clock.advance(1)
    place(world, Purpose.ENTRY, ONE)
    world.exchange.set_price("BTC/USD", Decimal(96))
    world.clock.advance(301.0)
    world.refresh(with_prices=True)
    assert [(loss.amount, loss.price) for loss in world.journal.plans.all_write_offs()] == [(ONE, Decimal(96))]


def test_an_order_that_was_thought_never_placed_is_taken_up_again(world: DeskWorld) -> None:
    """A journal restored from an old copy says that the entry was never sent."""
    world.fault("place", Fault.LOST_AFTER)
    world.desk.enter(BTC, ONE, Decimal(90), world.candle, "trend")
    (unknown,) = world.journal.intents.unsettled()
    forget(world, unknown)
    assert [event.kind for event in differences(world)] == [DifferenceKind.UNKNOWN_ORDER_OF_OURS]
    assert world.desk.positions()["BTC/USD"].amount == 1
    assert world.violations() == []


def forget(world: DeskWorld, unknown: Intent) -> None:
    absent = replace(unknown, state=OrderState.EXPIRED, settled=True, transient=True)
    with world.journal.transaction(CommitPoint.RESOLVED):
        world.journal.intents.save(unknown, absent, world.exchange.exchange_time())
    world.journal.close()
    world.start()


def test_a_stop_without_a_position_is_cancelled(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.exchange.owner_order("BTC/USD", Side.BUY, ONE)
    plan = next(iter(world.journal.plans.open()))
    world.exit("BTC/USD")
    stop = next(order for order in world.exchange.ours() if order.type is OrderType.STOP)
    world.exchange.book.orders[stop.exchange_id] = replace(stop, status=OrderStatus.OPEN, closed=None)
    assert compare(world) == [DifferenceKind.ORPHAN_STOP]
    assert world.exchange.open_orders() == ()
    assert plan.market not in world.desk.positions()


def test_of_two_stops_of_one_position_one_stays(world: DeskWorld) -> None:
    world.exchange.owner_order("BTC/USD", Side.BUY, ONE)
    world.enter("BTC/USD", ONE)
    world.clock.advance(1)
    place(world, Purpose.STOP, ONE, Decimal(90))
    found = compare(world)
    assert DifferenceKind.ORPHAN_STOP in found
    world.come_to_rest()
    assert world.violations() == []


def test_of_two_stops_of_one_position_the_newest_stays(world: DeskWorld) -> None:
    """A cancelled stop is listed as open again."""
    world.exchange.owner_order("BTC/USD", Side.BUY, ONE)
    world.enter("BTC/USD", ONE)
    (stop,) = world.exchange.open_orders()
    old = replace(stop, exchange_id="O99999", created=stop.created - timedelta(seconds=1))
    world.exchange.foreign(old)
    assert compare(world) == [DifferenceKind.ORPHAN_STOP]
    assert [order.exchange_id for order in world.exchange.open_orders()] == [stop.exchange_id]


# Orders that ended, are not listed, or are the owner's.


def test_an_order_that_ended_unseen_is_read(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.exchange.owner_cancels_all()
    world.fault("read", Fault.STALE)
    assert compare(world) == [DifferenceKind.STALE_ORDER]
    assert [(stop.amount, stop.stop_price) for stop in world.exchange.open_orders()] == [(ONE, Decimal(90))]


def test_an_order_that_the_exchange_does_not_show_is_said_once_and_nothing_is_assumed(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    (stop,) = world.exchange.open_orders()
    del world.exchange.book.orders[stop.exchange_id]
    assert compare(world) == [DifferenceKind.LOST_ORDER]
    assert [intent.exchange_id for intent in world.journal.intents.unsettled()] == [stop.exchange_id]
    assert compare(world) == []


def test_an_order_that_ends_while_the_account_is_compared_is_not_lost(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter("BTC/USD", ONE)
    read_open, read_closed = world.exchange.open_orders, world.exchange.closed_orders

    def then_he_cancels(shown: tuple[Order, ...]) -> tuple[Order, ...]:
        world.exchange.owner_cancels_all()
        return shown

    monkeypatch.setattr(world.exchange, "open_orders", lambda: then_he_cancels(read_open()))
    monkeypatch.setattr(world.exchange, "closed_orders", lambda since: then_he_cancels(read_closed(since)))
    assert compare(world) == [DifferenceKind.STALE_ORDER]


def test_the_owners_orders_are_left_alone_and_counted(world: DeskWorld) -> None:
    theirs = [world.exchange.owner_order("BTC/USD", Side.BUY, ONE, Decimal(50 - n)) for n in range(3)]
    known = len(world.log.lines)
    assert compare(world) == []
    assert world.desk.foreign_orders() == 3
    assert world.log.lines[known:] == []
    assert all(world.exchange.book.orders[one].status is OrderStatus.OPEN for one in theirs)


# Balances.


def test_a_balance_that_lags_writes_nothing_off(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.exchange.book.total["BTC"] -= 1
    compare(world)
    world.exchange.book.total["BTC"] += 1
    compare(world)
    world.exchange.book.total["BTC"] -= 1
    compare(world)
    assert world.desk.positions()["BTC/USD"].amount == 1


def test_an_answer_without_any_balance_writes_nothing_off(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.exchange.book.total.clear()
    for _ in range(3):
        assert compare(world) == []
    assert world.desk.positions()["BTC/USD"].amount == 1


# An empty disk.


def test_an_empty_disk_finds_the_open_position_among_many_that_ended(world: DeskWorld) -> None:
    for _ in range(3):
        world.candle_closes()
        world.enter("BTC/USD", ONE)
        world.exit("BTC/USD")
    world.candle_closes()
    world.enter("BTC/USD", Decimal(2))
    world.trail("BTC/USD", 95)
    before = world.desk.positions()["BTC/USD"]
    lose_the_disk(world)
    after = world.desk.positions()["BTC/USD"]
    assert (after.id, after.amount, after.cost, after.stop_price) == (before.id, ONE * 2, before.cost, Decimal(95))
    assert len(world.journal.plans.all()) == 4
    assert world.violations() == []


def lose_the_disk(world: DeskWorld) -> None:
    world.lose_disk()
    world.clock.advance(80)
    world.desk.refresh()


def test_an_empty_disk_waits_until_late_orders_are_shown(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.lose_disk()
    assert world.desk.positions() == {}
    assert world.desk.enter(BTC, ONE, Decimal(90), world.candle, "trend").status is EntryStatus.REFUSED
    world.clock.advance(80)
    world.desk.refresh()
    assert world.desk.positions()["BTC/USD"].amount == 1


def test_a_position_older_than_ninety_days_is_found_by_its_stop(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    for market in ("BTC/USD", "BTC/USD"):
        world.clock.advance(86_400 * 60)
        world.trail(market, 95)
    lose_the_disk(world)
    assert world.desk.positions()["BTC/USD"].amount == 1
    assert world.violations() == []


@pytest.mark.parametrize("days", [1, 100, 400])
def test_an_empty_disk_is_recovered_with_capacity_for_one_history_at_a_time(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """A key of Kraken's lowest tier is never allowed two histories within a few seconds."""
    world.enter("BTC/USD", ONE)
    world.clock.advance(days * 86_400)
    world.enter("ETH/USD", ONE)
    read, asked = world.exchange.fills, [float("-inf")]

    def once(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        if world.clock.time() - asked[0] < 9:
            raise BudgetSpent("no room", 1.0)
        asked[0] = world.clock.time()
        return read(since)

    monkeypatch.setattr(world.exchange, "fills", once)
    world.lose_disk()
    for _ in range(20):
        world.clock.advance(10)
        world.refresh()
    assert sorted(world.desk.positions()) == ["BTC/USD", "ETH/USD"]
    assert world.violations() == []


# Rate limits and long histories.


def test_a_comparison_beyond_the_rate_limit_is_retried_once_there_is_capacity(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter("BTC/USD", ONE)
    asked: list[float] = []

    def no_room(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        asked.append(world.clock.monotonic())
        raise BudgetSpent(f"no room to read from {since}", 60.0)

    monkeypatch.setattr(world.exchange, "fills", no_room)
    world.lose_disk()
    for _ in range(10):
        world.clock.advance(15)
        world.refresh()
    assert len(asked) == 3
    assert min(later - earlier for earlier, later in pairwise(asked)) >= 60.0


def test_a_history_that_takes_many_looks_is_said_once(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.enter("BTC/USD", ONE)

    def never(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        raise BudgetSpent(f"no room to read from {since}", 1.0)

    monkeypatch.setattr(world.exchange, "fills", never)
    world.lose_disk()
    for _ in range(30):
        world.clock.advance(15)
        world.refresh()
    assert len([line for line in world.log.lines if "only in parts" in line]) == 1


NO_ROOM = BudgetSpent("no room for the next page", 8.0)


@pytest.fixture
def long_history(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> list[BudgetSpent]:
    """The rate limit does not allow reading the fills while this list is not empty."""
    spent: list[BudgetSpent] = []
    fills = world.exchange.fills

    def slowly(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        world.exchange.calls.append("fills")
        if spent:
            raise spent[0]
        return fills(since)

    monkeypatch.setattr(world.exchange, "fills", slowly)
    return spent


def test_known_positions_do_not_wait_at_the_start_for_a_long_history(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter("BTC/USD", ONE)

    def no_room(_: datetime) -> tuple[Order, ...]:
        raise NO_ROOM

    monkeypatch.setattr(world.exchange, "closed_orders", no_room)
    world.journal.close()
    world.start()
    world.desk.recover()
    assert world.desk.blocked("ETH/USD") == "the account has not been compared with the exchange yet"


def test_a_comparison_holds_although_the_owners_part_could_not_be_read_yet(
    world: DeskWorld, long_history: list[BudgetSpent]
) -> None:
    world.enter("BTC/USD", ONE)
    long_history.append(NO_ROOM)
    world.journal.close()
    world.start()
    assert world.desk.blocked("ETH/USD") is None
    long_history.clear()
    world.exchange.calls.clear()
    world.clock.advance(16)
    world.refresh()
    assert "fills" in world.exchange.calls


def test_what_was_read_before_the_rate_limit_interrupted_is_not_asked_for_again(
    world: DeskWorld, long_history: list[BudgetSpent]
) -> None:
    world.enter("BTC/USD", ONE)
    world.clock.advance(100)
    long_history.append(NO_ROOM)
    world.exchange.calls.clear()
    world.lose_disk()
    for _ in range(7):
        world.clock.advance(10)
        world.refresh()
    long_history.clear()
    world.clock.advance(40)
    world.refresh()
    assert world.exchange.calls.count("fills") > 2
    assert world.exchange.calls.count("open_orders") == world.exchange.calls.count("closed_orders") == 1


def test_an_empty_disk_writes_off_what_a_stop_sold_of_the_owners_by_his_own_will() -> None:
    world = DeskWorld(Exchange.KRAKEN)
    world.exchange.owner_deposits("BTC", ONE)
    world.enter("BTC/USD", ONE)
    (stop,) = (order for order in world.exchange.ours() if order.type is OrderType.STOP)
    world.exchange.owner_moves_stop(stop.exchange_id, Decimal(90), ONE + ONE / 2)
    world.move_price("BTC/USD", 80)
    world.lose_disk()
    for _ in range(2):
        world.clock.advance(80)
        world.refresh()
    assert world.desk.positions() == {}
    (plan,) = world.journal.plans.all()
    assert [loss.amount for loss in world.journal.plans.write_offs(plan.id)] == [-ONE / 2]
    world.close()


def test_an_order_in_a_market_that_is_not_listed_now_is_taken_up_once_it_is(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter("BTC/USD", ONE)
    with monkeypatch.context() as delisted:
        for name in ("open_orders", "closed_orders"):
            asked = getattr(world.exchange, name)
            delisted.setattr(
                world.exchange,
                name,
                lambda *since, asked=asked: tuple(replace(order, market="XBTUSD") for order in asked(*since)),
            )
        world.lose_disk()
        for _ in range(3):
            world.clock.advance(301)
            world.refresh()
        assert world.desk.positions() == {}
        assert len([line for line in world.log.lines if "does not list now (XBTUSD)" in line]) == 1
    world.clock.advance(301)
    world.refresh()
    assert sorted(world.desk.positions()) == ["BTC/USD"]


@pytest.mark.parametrize("steps", range(1, 19))
def test_what_was_never_sent_before_a_kill_is_known_at_once_after_it(world: DeskWorld, steps: int) -> None:
    """A restart compares at once, and ownership is unknown while an order is unresolved."""
    world.kill_after(steps)
    world.enter("BTC/USD", ONE)
    assert OrderState.INTENDED not in {intent.state for intent in world.journal.intents.unsettled()}


def test_an_empty_disk_does_not_wait_anew_after_a_restart(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.lose_disk()
    world.clock.advance(50)
    world.journal.close()
    world.start()
    assert world.desk.positions() == {}
    world.clock.advance(26)
    world.refresh()
    assert sorted(world.desk.positions()) == ["BTC/USD"]


def test_on_an_empty_disk_the_wait_counts_from_the_first_question(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate limit is spent at first: an empty journal sends nothing meanwhile."""
    world.enter("BTC/USD", ONE)
    with monkeypatch.context() as busy:

        def no_room(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
            raise BudgetSpent(f"no room to read from {since}", 10.0)

        busy.setattr(world.exchange, "fills", no_room)
        world.lose_disk()
        world.clock.advance(130)
        world.refresh()
    assert world.desk.positions() == {}
    world.clock.advance(60)
    world.refresh()
    assert sorted(world.desk.positions()) == ["BTC/USD"]


def test_a_comparison_finds_an_order_of_unknown_outcome_without_another_question(world: DeskWorld) -> None:
    world.fault("place", Fault.LOST_AFTER)
    world.enter("BTC/USD", ONE)
    world.clock.advance(400)
    world.exchange.calls.clear()
    world.refresh()
    assert "resolve" not in world.exchange.calls
    assert world.desk.positions()["BTC/USD"].amount == ONE
    assert [stop.amount for stop in world.exchange.ours() if stop.type is OrderType.STOP] == [ONE]


@pytest.mark.parametrize(("left", "looks"), [(1.0, 5), (0.4, 3)])
def test_an_order_of_unknown_outcome_is_polled_less_often_near_the_rate_limit(
    monkeypatch: pytest.MonkeyPatch, left: float, looks: int
) -> None:
    world = DeskWorld(Exchange.KRAKEN)
    monkeypatch.setattr(world.exchange, "budget_left", lambda: left)
    world.fault("place", Fault.LOST_BEFORE)
    world.enter("BTC/USD", ONE)
    for _ in range(20):
        world.clock.advance(1)
        world.refresh()
    assert world.exchange.calls.count("resolve") == looks
    world.close()


def test_while_the_exchange_may_not_show_all_orders_yet_it_is_not_asked_again(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.lose_disk()
    world.exchange.calls.clear()
    for _ in range(14):
        world.clock.advance(5)
        world.refresh()
    assert world.exchange.calls == []
    world.clock.advance(6)
    world.refresh()
    assert sorted(world.desk.positions()) == ["BTC/USD"]


def test_work_that_waits_for_a_long_history_is_logged_and_leaves_it_capacity(
    world: DeskWorld, long_history: list[BudgetSpent]
) -> None:
    world.enter("BTC/USD", ONE)
    long_history.append(NO_ROOM)
    world.exchange.owner_cancels_all()
    before = len(world.exchange.calls)
    for _ in range(120):
        world.clock.advance(1)
        world.refresh(with_prices=True)
    assert len(world.exchange.calls) - before <= 60
    assert world.desk.protection()["BTC/USD"].trouble.startswith("waiting to check whose coins these are")
    long_history.clear()
    for _ in range(30):
        world.clock.advance(1)
        world.refresh(with_prices=True)
    assert world.desk.protection()["BTC/USD"].covered
    assert world.violations() == []


def test_a_recovered_entry_counts_for_the_candles_before_it(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    world.clock.advance(200)
    world.exit("BTC/USD")
    lose_the_disk(world)
    assert world.desk.positions() == {}
    assert world.desk.acted_on("BTC/USD", world.candle)
    assert not world.desk.acted_on("BTC/USD", world.candle + timedelta(seconds=60))


class TestAnEmptyDisk:
    def test_the_last_order_of_the_former_process_may_arrive_after_the_start(self, world: DeskWorld) -> None:
        world.enter("ETH/USD", ONE)
        world.lose_disk()
        world.clock.advance(30)
        place(world, Purpose.ENTRY, ONE)
        world.clock.advance(60)
        world.desk.refresh()
        assert sorted(world.desk.positions()) == ["BTC/USD", "ETH/USD"]
        assert world.desk.blocked("SOL/USD") is None

    def test_what_is_found_again_is_one_line_and_every_order_is_in_the_history(self, world: DeskWorld) -> None:
        world.enter("BTC/USD", ONE)
        world.exit("BTC/USD")
        world.enter("ETH/USD", ONE)
        lost = len(world.exchange.ours())
        lose_the_disk(world)
        (rebuilt,) = (event for event in world.log.published if isinstance(event, JournalRebuilt))
        assert (rebuilt.orders, rebuilt.positions, rebuilt.unclear) == (lost, ("ETH/USD",), 0)
        assert [event.is_logged for event in differences(world)] == [True] * lost
        assert sum("UNKNOWN_ORDER_OF_OURS" in line or "journal was empty" in line for line in world.log.lines) == 1

    def test_an_account_without_orders_of_nija_has_no_such_line(self, world: DeskWorld) -> None:
        lose_the_disk(world)
        assert not any(isinstance(event, JournalRebuilt) for event in world.log.published)

    def test_an_order_that_is_found_later_has_its_own_line(self, world: DeskWorld) -> None:
        world.enter("ETH/USD", ONE)
        lose_the_disk(world)
        late = place(world, Purpose.ENTRY, ONE)
        orders = world.exchange.book.orders
        orders[late] = replace(orders[late], created=orders[late].created - timedelta(seconds=60))
        compare(world)
        assert [event.is_logged for event in differences(world)][-1:] == [False]


class TestTakingUp:
    """NIJA orders that the journal has lost: the order of time tells which belong together."""

    @staticmethod
    def restart(world: DeskWorld) -> None:
        world.journal.close()
        world.start()

    def test_an_order_of_the_last_process_may_seem_younger_than_this_one(self, world: DeskWorld) -> None:
        """By the error of a clock that reports whole seconds."""
        compare(world)
        self.restart(world)
        world.clock.advance(0.5)
        place(world, Purpose.ENTRY, ONE)
        assert compare(world) == [DifferenceKind.UNKNOWN_ORDER_OF_OURS]
        assert world.desk.positions()["BTC/USD"].amount == ONE

    def test_what_belongs_together_does_not_depend_on_the_order_of_the_exchanges_list(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The newest comes first."""
        world.enter("BTC/USD", ONE)
        world.exit("BTC/USD")
        world.candle_closes()
        world.enter("BTC/USD", ONE)
        for name in ("open_orders", "closed_orders"):
            asked = getattr(world.exchange, name)
            monkeypatch.setattr(
                world.exchange,
                name,
                lambda *since, asked=asked: tuple(sorted(asked(*since), key=lambda order: order.created, reverse=True)),
            )
        held = world.desk.positions()["BTC/USD"]
        lose_the_disk(world)
        assert (world.desk.positions()["BTC/USD"].id, world.desk.positions()["BTC/USD"].amount) == (held.id, ONE)
        assert world.violations() == []

    def test_a_stop_that_says_it_is_older_than_its_entry_gives_the_position_its_stop_price(
        self, world: DeskWorld
    ) -> None:
        """The exchange's clock was set back between the two."""
        world.enter("BTC/USD", ONE)
        (stop,) = (order for order in world.exchange.ours() if order.type is OrderType.STOP)
        orders = world.exchange.book.orders
        orders[stop.exchange_id] = replace(stop, created=stop.created - timedelta(seconds=1))
        lose_the_disk(world)
        assert world.desk.positions()["BTC/USD"].stop_price == stop.stop_price
        assert world.violations() == []

    def test_a_stop_from_just_before_the_entry_never_lowers_the_stop_of_the_position(self, world: DeskWorld) -> None:
        """It may be one of the position before."""
        world.enter("BTC/USD", ONE)
        (stop,) = (order for order in world.exchange.ours() if order.type is OrderType.STOP)
        orders = world.exchange.book.orders
        world.exchange.owner_deposits("BTC", ONE)
        former = place(world, Purpose.STOP, ONE, Decimal(50))
        world.exchange.owner_cancels_all()
        orders[former] = replace(orders[former], created=stop.created - timedelta(seconds=1))
        lose_the_disk(world)
        assert world.desk.positions()["BTC/USD"].stop_price == stop.stop_price

    def test_an_old_order_is_taken_up_with_its_old_fills(self, world: DeskWorld) -> None:
        """It bought hours ago, and some of that was sold just now."""
        world.fault("place", Fault.HALF_OPEN)
        entry = place(world, Purpose.ENTRY, ONE)
        world.exchange.book.visible_from[entry] = float("inf")
        compare(world, 7200.0)
        world.exchange.owner_cancels(entry)
        place(world, Purpose.EXIT, Decimal("0.2"))
        world.exchange.book.visible_from[entry] = 0.0
        world.clock.advance(2)
        self.restart(world)
        assert world.desk.positions()["BTC/USD"].amount == Decimal("0.3")

    def test_an_entry_that_bought_nothing_is_no_position(self, world: DeskWorld) -> None:
        world.enter("BTC/USD", ONE)
        entry = place(world, Purpose.ENTRY, ONE)
        book = world.exchange.book
        empty = replace(book.orders[entry], filled=ZERO, average_price=None, status=OrderStatus.CANCELLED)
        book.orders[entry] = empty
        book.fills[:] = [fill for fill in book.fills if fill.order_id != entry]
        book.total["BTC"] -= ONE
        assert compare(world) == [DifferenceKind.UNKNOWN_ORDER_OF_OURS]
        assert world.desk.positions()["BTC/USD"].amount == ONE

    def test_what_was_left_over_does_not_become_part_of_the_next_position(self, world: DeskWorld) -> None:
        place(world, Purpose.ENTRY, ONE)
        place(world, Purpose.EXIT, Decimal("0.6"))
        place(world, Purpose.ENTRY, Decimal(2))
        compare(world)
        assert world.desk.positions()["BTC/USD"].amount == 2
        first, second = world.journal.plans.all()
        assert [loss.amount for loss in world.journal.plans.write_offs(first.id)] == [Decimal("0.4")]
        assert world.journal.plans.write_offs(second.id) == ()

    def test_an_entry_that_is_shown_late_joins_the_position_that_came_after_it(self, world: DeskWorld) -> None:
        late = place(world, Purpose.ENTRY, ONE)
        world.exchange.book.visible_from[late] = world.clock.time() + 100
        world.clock.advance(1)
        world.enter("BTC/USD", ONE)
        compare(world)
        assert world.desk.positions()["BTC/USD"].amount == 2
        assert len(world.journal.plans.all()) == 1

    def test_the_price_of_a_stop_that_ended_is_known_still(self, world: DeskWorld) -> None:
        place(world, Purpose.ENTRY, ONE)
        stop = place(world, Purpose.STOP, ONE, Decimal(91))
        world.clock.advance(0.1)
        world.exchange.owner_cancels(stop)
        compare(world)
        assert [(stop.amount, stop.stop_price) for stop in world.exchange.open_orders()] == [(ONE, Decimal(91))]

    def test_one_that_was_thought_never_placed_lives_again(self, world: DeskWorld) -> None:
        """Its position was closed because nothing had been bought."""
        world.fault("place", Fault.LOST_AND_HIDDEN)
        world.enter("BTC/USD", ONE)
        (late,) = world.exchange.ours()
        world.exchange.book.visible_from[late.exchange_id] = world.clock.time() + 200
        (unknown,) = world.journal.intents.unsettled()
        forget(world, unknown)
        assert world.journal.plans.open() == ()
        assert compare(world) == [DifferenceKind.UNKNOWN_ORDER_OF_OURS]
        assert world.desk.positions()["BTC/USD"].amount == ONE

    def test_one_that_was_thought_never_placed_joins_the_position_that_came_after_it(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AND_HIDDEN)
        world.enter("BTC/USD", ONE)
        (late,) = world.exchange.ours()
        world.exchange.book.visible_from[late.exchange_id] = world.clock.time() + 200
        (unknown,) = world.journal.intents.unsettled()
        forget(world, unknown)
        world.candle_closes()
        world.enter("BTC/USD", ONE)
        assert compare(world) == [DifferenceKind.UNKNOWN_ORDER_OF_OURS]
        assert world.desk.positions()["BTC/USD"].amount == 2

    def test_dust_of_a_sold_position_is_no_position(self, world: DeskWorld) -> None:
        place(world, Purpose.ENTRY, Decimal("0.01"))
        place(world, Purpose.EXIT, Decimal("0.00995"))
        compare(world)
        assert world.desk.positions() == {}
        assert world.journal.plans.open() == ()
