"""Events of positions: each fact is published once, whatever fails and however often the process restarts."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose
from brokers.exchanges import exchanges
from brokers.model import ZERO, Evidence, Side
from nija.events import (
    AnotherProgram,
    AnotherProgramGone,
    Event,
    OrderFilled,
    OrderRefused,
    PositionClosed,
    PositionOpened,
    PositionWrittenOff,
    StopMoved,
    StopPlaced,
)
from tests.nija.orders.desk_world import ACCOUNT, DeskWorld
from tests.nija.orders.exchange_model import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

BTC = "BTC/USD"
ONE = Decimal(1)


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    world = DeskWorld(request.param)
    yield world
    world.close()


def published(world: DeskWorld, *kinds: type) -> list[Event]:
    return [event for event in world.log.published if isinstance(event, kinds)]


def later(world: DeskWorld, seconds: float = 30.0, times: int = 12) -> None:
    for _ in range(times):
        world.clock.advance(seconds)
        world.refresh()


def restart(world: DeskWorld) -> None:
    world.journal.close()
    world.start()


def test_an_entry_is_filled_protected_and_opened_in_that_order(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    assert [type(event) for event in world.log.published] == [OrderFilled, StopPlaced, PositionOpened]
    position = world.desk.positions()[BTC]
    assert published(world, PositionOpened) == [
        PositionOpened(ACCOUNT, BTC, ONE, position.entry_price, position.stop_price, position.id)
    ]


def test_a_restart_publishes_nothing_about_old_positions(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    known = len(world.log.published)
    restart(world)
    later(world)
    assert world.log.published[known:] == []


def test_a_lost_disk_publishes_nothing_about_positions_from_before(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    world.clock.advance(300.0)
    known = len(world.log.published)
    world.lose_disk()
    later(world)
    assert world.desk.positions()[BTC].amount == ONE
    assert not [event for event in world.log.published[known:] if isinstance(event, PositionOpened | PositionClosed)]


def test_what_an_entry_bought_while_the_daemon_was_down_is_published_at_the_next_start(world: DeskWorld) -> None:
    world.fault("place", Fault.LOST_AFTER)
    world.enter(BTC, ONE)
    assert published(world, PositionOpened) == []
    restart(world)
    later(world)
    assert len(published(world, PositionOpened)) == 1


def test_what_a_stop_sold_while_the_daemon_was_down_is_published_at_the_next_start(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    world.move_price(BTC, 89)
    restart(world)
    later(world)
    (closed,) = published(world, PositionClosed)
    assert isinstance(closed, PositionClosed)
    assert (closed.sold, closed.left, closed.reason) == (ONE, ZERO, "")


def test_a_closed_position_has_its_net_result_after_all_fees(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    world.exit(BTC)
    (closed,) = published(world, PositionClosed)
    assert isinstance(closed, PositionClosed)
    fills = world.journal.fills.all()
    made = sum((fill.amount * fill.price * (1 if fill.side is Side.SELL else -1) for fill in fills), ZERO)
    fees = sum((fill.fee for fill in fills), ZERO)
    assert fees > ZERO
    assert closed.net == made - fees
    assert (closed.sold, closed.reason) == (ONE, "exit signal")


def test_what_is_left_of_a_sale_is_neither_gain_nor_loss() -> None:
    world = DeskWorld(base_fees=True)
    world.enter(BTC, Decimal("0.12345678"))
    world.exit(BTC)
    (closed,) = published(world, PositionClosed)
    assert isinstance(closed, PositionClosed)
    (left,) = world.journal.plans.write_offs(closed.position)
    assert closed.left == left.amount > ZERO
    fills = world.journal.fills.all()
    assert {fill.fee_currency for fill in fills} <= {"BTC", "USD"}
    bought = sum((fill.amount for fill in fills if fill.side is Side.BUY), ZERO)
    gained = bought - sum((fill.fee for fill in fills if fill.fee_currency == "BTC"), ZERO)
    spent = sum((fill.amount * fill.price for fill in fills if fill.side is Side.BUY), ZERO)
    received = sum((fill.amount * fill.price for fill in fills if fill.side is Side.SELL), ZERO)
    in_money = sum((fill.fee for fill in fills if fill.fee_currency == "USD"), ZERO)
    # The sold amount is charged with its share of the cost.
    assert closed.net == pytest.approx(received - in_money - spent * closed.sold / gained)
    world.close()


def test_an_event_is_published_after_the_journal_has_it(world: DeskWorld) -> None:
    in_journal: list[bool] = []

    def look(event: Event) -> None:
        if isinstance(event, PositionClosed):
            plan = world.journal.plans.get(event.position)
            in_journal.append(plan is not None and plan.closed is not None)
        if isinstance(event, OrderFilled):
            intent = world.journal.intents.by_exchange_id(event.order or "")
            in_journal.append(intent is not None and intent.filled == event.amount)

    world.log.events.listen(look)
    world.enter(BTC, ONE)
    world.exit(BTC)
    assert in_journal == [True, True, True]


def test_a_stop_that_moves_is_published_with_its_new_price(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    known = len(world.log.published)
    world.trail(BTC, 95)
    moved = [event for event in world.log.published[known:] if isinstance(event, StopMoved | StopPlaced)]
    assert [getattr(event, "stop", None) for event in moved] == [world.desk.positions()[BTC].stop_price]


def test_coins_that_the_owner_took_are_written_off_and_not_sold(world: DeskWorld) -> None:
    world.enter(BTC, ONE)
    position = world.desk.positions()[BTC]
    world.owner_sells(BTC, ONE)
    later(world)
    (gone,) = published(world, PositionWrittenOff, PositionClosed)
    assert isinstance(gone, PositionWrittenOff)
    assert (gone.amount, gone.position) == (ONE, position.id)


def test_an_entry_that_the_exchange_refuses_is_published_with_its_reason(world: DeskWorld) -> None:
    world.fault("place", Fault.REFUSED)
    world.enter(BTC, ONE)
    (refused,) = published(world, OrderRefused)
    assert isinstance(refused, OrderRefused)
    assert (refused.side, refused.purpose, bool(refused.reason)) == (Side.BUY, Purpose.ENTRY, True)
    assert published(world, PositionOpened, PositionClosed) == []


def test_another_program_is_published_once_and_so_is_its_end(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence = Evidence("another program uses this key", is_certain=True)
    monkeypatch.setattr(world.exchange, "another_program", lambda: evidence)
    later(world, times=3)
    restart(world)
    later(world, times=3)
    world.desk.resumed()
    world.desk.resumed()
    assert [type(event) for event in published(world, AnotherProgram, AnotherProgramGone)] == [
        AnotherProgram,
        AnotherProgramGone,
    ]
