"""A fill is listed again in every later answer, and may be listed twice in one: it counts once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose
from brokers.exchanges import exchanges
from brokers.model import OrderStatus, Side
from nija.journal.open_state import in_market_of
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from brokers.model import Fill

ONE = Decimal(1)


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    world = DeskWorld(request.param)
    yield world
    world.close()


def test_a_fill_that_is_shown_again_beside_the_next_one_counts_once(world: DeskWorld) -> None:
    world.fault("place", Fault.HALF_OPEN)
    world.enter("BTC/USD", ONE)
    world.refresh()
    assert world.desk.positions()["BTC/USD"].amount == ONE / 2
    world.exchange.finish_half_open()
    world.clock.advance(1)
    world.refresh()
    (entry,) = [intent for intent in world.journal.intents.of_position(_plan(world)) if intent.purpose is Purpose.ENTRY]
    assert entry.filled == ONE
    assert entry.settled
    assert world.desk.positions()["BTC/USD"].amount == ONE


def test_a_fill_is_booked_in_the_market_of_its_order_whatever_the_exchange_calls_it(world: DeskWorld) -> None:
    world.enter("BTC/USD", ONE)
    fill = world.journal.fills.of_position(_plan(world))[0]
    (entry,) = [intent for intent in world.journal.intents.of_position(_plan(world)) if intent.purpose is Purpose.ENTRY]
    nameless = replace(fill, market="XXBTZUSD", fee_currency="")
    assert in_market_of(entry, nameless) == replace(fill, market="BTC/USD", fee_currency="USD")


def nameless_fills(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Kraken reports fills of a market that it does not list now."""
    fills = world.exchange.fills

    def without_names(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        return tuple(replace(fill, market="XXBTZUSD", fee_currency="") for fill in fills(since, protects=protects))

    monkeypatch.setattr(world.exchange, "fills", without_names)


def test_a_fill_of_an_adopted_order_is_booked_in_the_market_of_its_order(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter("BTC/USD", ONE)
    nameless_fills(world, monkeypatch)
    world.lose_disk()
    world.clock.advance(80)
    world.refresh()
    assert {fill.market for fill in world.journal.fills.of_position(_plan(world))} == {"BTC/USD"}


def test_a_fill_added_to_a_settled_order_is_booked_in_the_market_of_its_order(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.enter("BTC/USD", ONE)
    (entry,) = [order for order in world.exchange.ours() if order.side is Side.BUY]
    world.exchange.book.orders[entry.exchange_id] = replace(entry, amount=Decimal(2), status=OrderStatus.OPEN)
    world.exchange.finish_half_open()
    nameless_fills(world, monkeypatch)
    world.clock.advance(400)
    world.refresh()
    assert world.desk.positions()["BTC/USD"].amount == Decimal(2)
    assert {fill.market for fill in world.journal.fills.of_position(_plan(world))} == {"BTC/USD"}


def test_an_order_that_ended_is_settled_with_the_last_of_its_fills(world: DeskWorld) -> None:
    """Its first fill is listed at once, its second half a minute later."""
    world.fault("place", Fault.HALF_OPEN)
    world.enter("BTC/USD", ONE)
    world.exchange.fill_lag = 30.0
    assert_settled_with_all_its_fills(world)


def test_an_order_that_ended_is_not_settled_with_the_first_of_its_fills(world: DeskWorld) -> None:
    """It ended before any fill was listed; the fills are half a minute apart."""
    world.fault("place", Fault.HALF_OPEN)
    world.exchange.fill_lag = 30.0
    world.enter("BTC/USD", ONE)
    world.exchange.fill_lag = 60.0
    assert_settled_with_all_its_fills(world)


def assert_settled_with_all_its_fills(world: DeskWorld) -> None:
    world.exchange.finish_half_open()
    for _ in range(6):
        world.clock.advance(15)
        world.refresh()
    assert world.desk.positions()["BTC/USD"].amount == ONE
    assert [intent.purpose for intent in world.journal.intents.unsettled()] == [Purpose.STOP]


def _plan(world: DeskWorld) -> str:
    (plan,) = world.journal.plans.open()
    return plan.id
