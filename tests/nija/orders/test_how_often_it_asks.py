"""The exchange counts every request: none is sent every second for ever, whatever state a position is in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.errors import Unavailable
from brokers.model import Exchange, OrderType, Side
from brokers.simulator.engine.markets import Mode
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import BTC, ETH, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brokers.model import Balance, Order

ONE = Decimal(1)
STOP = Decimal(90)
BTC_USD = "BTC/USD"
TEN_MINUTES = 600
# Stops are read every 10 s, unsellable positions checked every 15 s, and failed comparisons repeated after 10 s.
A_FEW = 200


@pytest.fixture
def world() -> Iterator[DeskWorld]:
    world = DeskWorld(Exchange.KRAKEN)
    world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
    yield world
    world.close()


def stops(world: DeskWorld) -> list[Order]:
    return [order for order in world.exchange.ours() if order.type is OrderType.STOP and not order.status.is_final]


def asked(world: DeskWorld, seconds: int = TEN_MINUTES) -> int:
    """How many requests this many cycles send, at one cycle per second."""
    before = len(world.exchange.calls)
    for _ in range(seconds):
        world.clock.advance(1.0)
        world.refresh(with_prices=True)
    return len(world.exchange.calls) - before


def restart(world: DeskWorld) -> None:
    world.journal.close()
    world.start()


def test_two_quiet_positions_cost_a_look_at_their_stops_and_a_comparison(world: DeskWorld) -> None:
    world.desk.enter(ETH, ONE, Decimal(45), world.candle, "trend")
    asked(world, 60)
    before = len(world.exchange.calls)
    asked(world, 3_600)
    calls = world.exchange.calls[before:]
    assert set(calls) <= {"orders", "open_orders", "closed_orders", "balances"}
    assert calls.count("orders") <= 360
    assert len(calls) - calls.count("orders") <= 3 * 12


def test_coins_bound_by_the_owners_order_cost_few_questions(world: DeskWorld) -> None:
    world.exchange.owner_cancels_all()
    world.exchange.owner_order(BTC_USD, Side.SELL, ONE, Decimal(200))
    assert asked(world) <= A_FEW


def test_a_sale_of_coins_bound_by_the_owners_order_costs_few_questions(world: DeskWorld) -> None:
    world.exchange.owner_cancels_all()
    world.exchange.owner_order(BTC_USD, Side.SELL, ONE, Decimal(200))
    world.exit(BTC_USD)
    assert asked(world) <= A_FEW


def test_a_rest_too_small_for_a_stop_costs_few_questions(world: DeskWorld) -> None:
    world.exchange.owner_cancels_all()
    world.exchange.owner_sells(BTC_USD, Decimal("0.99995"))
    assert asked(world) <= A_FEW


def test_what_is_left_after_the_owner_sold_the_rest_is_written_off(world: DeskWorld) -> None:
    world.exchange.owner_cancels_all()
    world.exchange.owner_sells(BTC_USD, Decimal("0.99995"))
    asked(world, 30)
    assert world.desk.positions() == {}
    assert world.desk.blocked(BTC_USD) is None


def test_a_delisted_market_without_a_stop_costs_few_questions(world: DeskWorld) -> None:
    world.exchange.owner_cancels_all()
    world.exchange.modes[BTC_USD] = Mode.AWAY
    assert asked(world) <= A_FEW


def test_an_order_that_the_exchange_never_shows_costs_few_questions(world: DeskWorld) -> None:
    """The sale was accepted, but is in no answer."""
    world.fault("place", Fault.HALF_OPEN)
    world.exit(BTC_USD)
    sale = world.exchange.ours()[-1]
    world.exchange.book.visible_from[sale.exchange_id] = float("inf")
    assert asked(world) <= A_FEW


def test_a_sale_that_stays_open_costs_few_questions(world: DeskWorld) -> None:
    world.fault("place", Fault.HALF_OPEN)
    world.exit(BTC_USD)
    assert asked(world) <= A_FEW


def test_fills_that_never_appear_cost_few_questions(world: DeskWorld) -> None:
    world.exchange.fill_lag = 1e9
    world.exit(BTC_USD)
    assert asked(world) <= A_FEW


def test_fills_of_an_earlier_entry_that_never_appear_cost_few_questions(world: DeskWorld) -> None:
    world.exchange.fill_lag = 1e9
    world.desk.enter(ETH, ONE, Decimal(45), world.candle, "trend")
    world.exchange.owner_cancels_all()
    restart(world)
    assert asked(world) <= A_FEW


def test_an_unknown_order_in_another_market_of_the_same_coin_costs_few_questions(world: DeskWorld) -> None:
    eur = replace(BTC, symbol="BTC/EUR", quote="EUR")
    world.exchange.listed["BTC/EUR"] = eur
    world.exchange.price["BTC/EUR"] = Decimal(100)
    world.exchange.owner_deposits("EUR", Decimal(1_000))
    world.clock.advance(301)
    world.refresh(with_prices=True)
    world.exchange.fill_lag = 60.0
    world.desk.enter(eur, ONE, STOP, world.candle, "trend")
    world.exchange.owner_cancels(stops(world)[0].exchange_id)
    assert asked(world, 60) <= 40
    assert {stop.market for stop in stops(world)} == {"BTC/USD", "BTC/EUR"}


def test_a_stop_that_is_denied_while_its_coins_are_held_costs_few_questions(world: DeskWorld) -> None:
    world.exchange.book.visible_from[stops(world)[0].exchange_id] = float("inf")
    asked(world)
    assert asked(world) <= A_FEW


def test_a_doubt_that_unreadable_balances_cannot_clear_costs_few_questions(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.exchange.owner_cancels_all()
    world.exchange.owner_withdraws("BTC", Decimal("0.5"))
    asked(world, 12)
    assert world.desk.protection()[BTC_USD].doubt

    def balances(*, protects: bool = False) -> Mapping[str, Balance]:
        world.exchange.calls.append("balances")
        raise Unavailable(f"503 {protects}")

    monkeypatch.setattr(world.exchange, "balances", balances)
    assert asked(world) <= A_FEW


def test_an_entry_whose_end_is_slow_is_cancelled_once_in_a_while(world: DeskWorld) -> None:
    world.fault("place", Fault.HALF_OPEN)
    world.desk.enter(ETH, ONE, Decimal(45), world.candle, "trend")
    before = len(world.exchange.calls)
    world.fault("cancel", Fault.SLOW)
    for _ in range(8):
        world.clock.advance(0.9)
        world.do(world.desk.cancel_entries)
        world.refresh()
    assert world.exchange.calls[before:].count("cancel") == 1


class TestItIsStillProtected:
    def test_an_entry_whose_fills_are_not_told_yet_gets_its_stop_after_a_restart(self, world: DeskWorld) -> None:
        world.exchange.fill_lag = 60.0
        world.desk.enter(ETH, ONE, Decimal(45), world.candle, "trend")
        world.exchange.owner_cancels_all()
        restart(world)
        asked(world, 5)
        assert {stop.market for stop in stops(world)} == {"BTC/USD", "ETH/USD"}
