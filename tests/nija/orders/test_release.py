"""Positions that are handed over to their owner, whatever happens meanwhile."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose, purpose_of
from brokers.clock import utc_now
from brokers.model import Exchange, OrderType
from nija.events import RELEASED
from nija.journal.order_state import OrderState
from nija.trader.commands import Command, Instruction, carry_out
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = (Command.RELEASE, Command.RELEASE_KEEPING_STOPS)


@pytest.fixture(params=[Exchange.KRAKEN, Exchange.COINBASE], ids=str)
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    made = DeskWorld(request.param)
    yield made
    made.close()


def holding(world: DeskWorld) -> None:
    world.enter("BTC/USD", Decimal(1))
    world.refresh()
    assert world.desk.positions()
    assert len(stops(world)) == 1


def command(world: DeskWorld, command: Command) -> None:
    carry_out(world.journal, Instruction(command), utc_now(world.clock))


def go_on(world: DeskWorld, seconds: int = 60) -> bool:
    """As the trader's cycles do; whether everything is released."""
    for _ in range(seconds):
        world.refresh()
        done: list[bool] = []
        world.do(lambda: done.append(world.desk.release(world.journal.halts.all())))  # noqa: B023  called at once
        if done == [True]:
            return True
        world.clock.advance(1.0)
    return False


def stops(world: DeskWorld) -> list[str]:
    """NIJA's stops that rest at the exchange."""
    return [order.exchange_id for order in world.exchange.open_orders() if purpose_of(order.client_id) is Purpose.STOP]


def sent(world: DeskWorld) -> list[OrderType]:
    return [request.type for request in world.exchange.book.requests]


def assert_released(world: DeskWorld, by: Command) -> None:
    (plan,) = world.journal.plans.all()
    (loss,) = world.journal.plans.write_offs(plan.id)
    assert plan.closed is not None
    assert (loss.amount, loss.reason) == (Decimal(1), RELEASED)
    assert world.exchange.book.total["BTC"] == 1
    assert len(stops(world)) == (by is Command.RELEASE_KEEPING_STOPS)


@pytest.mark.parametrize("by", BOTH)
def test_a_position_goes_to_its_owner_unsold(world: DeskWorld, by: Command) -> None:
    holding(world)
    before = sent(world)
    command(world, by)
    assert go_on(world)
    assert world.desk.positions() == {}
    assert sent(world) == before
    assert_released(world, by)


def test_a_command_to_close_sells_nothing_of_what_is_being_released(world: DeskWorld) -> None:
    holding(world)
    before = sent(world)
    command(world, Command.RELEASE)
    world.fault("cancel", Fault.UNAVAILABLE)
    assert not go_on(world, 1)
    carry_out(world.journal, Instruction(Command.CLOSE, market="BTC/USD"), utc_now(world.clock))
    world.clock.advance(60.0)
    world.do(world.desk.close_commanded)
    assert sent(world) == before
    assert go_on(world)
    assert_released(world, Command.RELEASE)


@pytest.mark.parametrize("by", BOTH)
@pytest.mark.parametrize("steps", range(8))
def test_a_process_that_is_killed_at_any_commit_finishes_after_its_restart(
    world: DeskWorld, by: Command, steps: int
) -> None:
    holding(world)
    before = sent(world)
    command(world, by)
    world.kill_after(steps)
    assert go_on(world)
    assert sent(world) == before
    assert_released(world, by)


def test_a_kept_stop_is_the_owners_and_no_comparison_cancels_it(world: DeskWorld) -> None:
    holding(world)
    command(world, Command.RELEASE_KEEPING_STOPS)
    assert go_on(world)
    (stop,) = stops(world)
    world.start()
    world.clock.advance(400.0)
    world.refresh()
    assert stops(world) == [stop]
    (kept,) = [
        one for one in world.journal.intents.of_position(world.journal.plans.all()[0].id) if one.exchange_id == stop
    ]
    assert kept.state is OrderState.RELEASED


def test_what_a_kept_stop_sells_is_not_booked_as_nijas(world: DeskWorld) -> None:
    holding(world)
    command(world, Command.RELEASE_KEEPING_STOPS)
    assert go_on(world)
    before = len(world.journal.fills.all())
    world.exchange.set_price("BTC/USD", Decimal(50))
    world.clock.advance(400.0)
    world.refresh()
    world.clock.advance(400.0)
    world.refresh()
    assert len(world.journal.fills.all()) == before
    assert world.desk.positions() == {}


def test_a_resume_ends_a_release_and_what_is_left_is_protected_again(world: DeskWorld) -> None:
    holding(world)
    command(world, Command.RELEASE)
    world.fault("cancel", Fault.UNAVAILABLE)
    assert not go_on(world, 1)
    command(world, Command.RESUME)
    assert not world.desk.release(world.journal.halts.all())
    world.refresh()
    assert len(stops(world)) == 1


def test_nothing_is_entered_sold_or_trailed_during_a_release(world: DeskWorld) -> None:
    holding(world)
    command(world, Command.RELEASE)
    world.journal.close()
    world.start()
    assert "released" in (world.desk.blocked("ETH/USD") or "")
    assert not world.desk.trail("BTC/USD", Decimal(99))


def test_an_account_that_holds_nothing_is_released_at_once(world: DeskWorld) -> None:
    command(world, Command.RELEASE)
    assert go_on(world, 3)
    assert world.journal.plans.all() == ()
