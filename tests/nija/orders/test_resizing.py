"""Positions that are bought more of and sold in part, with the stop right for what is held at every step."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.errors import OrderRejected
from brokers.exchanges import exchanges
from brokers.model import ZERO, Exchange, OrderType, Side
from brokers.simulator.engine.markets import Mode
from nija.events import PositionClosed, PositionIncreased, PositionOpened, PositionReduced
from nija.journal.records import Halt, HaltName
from nija.orders.state import EntryStatus, ExitStatus
from tests.nija.orders.desk_world import ACCOUNT, DeskWorld
from tests.nija.orders.exchange_model import BTC, FEE, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brokers.model import Order, OrderRequest
    from nija.events import Event
    from nija.orders.state import EntryOutcome, ExitOutcome

    Stops = list[tuple[Decimal, Decimal | None]]

MARKET = "BTC/USD"
ONE = Decimal(1)
HALF = Decimal("0.5")
STOP = Decimal(90)
WHY = "trend reduce"


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    """One coin is held, with its stop, and the next candle has closed."""
    world = DeskWorld(request.param)
    enter(world)
    yield world
    world.close()


def enter(world: DeskWorld) -> None:
    world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
    world.candle_closes()


def increase(world: DeskWorld, amount: Decimal = HALF) -> EntryOutcome:
    return world.desk.increase(BTC, amount, world.candle, "trend")


def reduce(world: DeskWorld, keep: Decimal = HALF) -> ExitOutcome:
    return world.desk.reduce(MARKET, keep, world.candle, WHY)


def held(world: DeskWorld) -> Decimal:
    position = world.desk.positions().get(MARKET)
    return ZERO if position is None else position.amount


def stops(world: DeskWorld) -> Stops:
    return [(stop.amount, stop.stop_price) for stop in _live(world)]


def _live(world: DeskWorld) -> list[Order]:
    return [order for order in world.exchange.ours() if order.type is OrderType.STOP and not order.status.is_final]


def sold(world: DeskWorld) -> Decimal:
    return sum((fill.amount for fill in world.exchange.our_fills() if fill.side is Side.SELL), ZERO)


def watched(world: DeskWorld) -> list[Stops]:
    """The stops that rest whenever an order at market is sent from now on."""
    resting: list[Stops] = []
    place = world.exchange.place

    def watch(request: OrderRequest) -> str:
        if request.type is OrderType.MARKET:
            resting.append(stops(world))
        return place(request)

    world.exchange.place = watch  # type: ignore[method-assign] # the other side is watched, not replaced
    return resting


def sales_fail(world: DeskWorld, fault: Fault, times: int = 1) -> None:
    """The next orders that sell at market."""
    place, faults = world.exchange.place, [fault] * times

    def fail(request: OrderRequest) -> str:
        if request.type is OrderType.MARKET and request.side is Side.SELL and faults:
            world.fault("place", faults.pop())
        return place(request)

    world.exchange.place = fail  # type: ignore[method-assign] # the other side fails at a chosen order


def published(world: DeskWorld, *kinds: type) -> list[Event]:
    return [event for event in world.log.published if isinstance(event, kinds)]


def later(world: DeskWorld, seconds: float = 60.0, times: int = 1) -> None:
    for _ in range(times):
        world.clock.advance(seconds)
        world.refresh()


def restart(world: DeskWorld) -> None:
    world.journal.close()
    world.start()


class TestIncreasing:
    def test_more_is_bought_for_the_same_position_and_its_stop_covers_all_of_it(self, world: DeskWorld) -> None:
        before = world.desk.positions()[MARKET].id
        assert increase(world).status is EntryStatus.FILLED
        position = world.desk.positions()[MARKET]
        assert (position.id, position.amount, position.stop_price) == (before, ONE + HALF, STOP)
        assert stops(world) == [(ONE + HALF, STOP)]

    def test_the_stop_of_what_is_there_stays_while_the_increase_fills(self, world: DeskWorld) -> None:
        resting = watched(world)
        increase(world)
        assert resting[0] == [(ONE, STOP)]

    def test_the_stop_grows_with_an_increase_that_fills_slowly(self, world: DeskWorld) -> None:
        world.fault("place", Fault.HALF_OPEN)
        increase(world)
        assert stops(world) == [(Decimal("1.25"), STOP)]
        world.exchange.finish_half_open()
        later(world)
        assert stops(world) == [(ONE + HALF, STOP)]

    def test_a_candle_is_acted_upon_once_also_after_a_restart(self, world: DeskWorld) -> None:
        increase(world)
        assert world.desk.acted_on(MARKET, world.candle)
        assert increase(world).status is EntryStatus.REFUSED
        restart(world)
        assert increase(world).status is EntryStatus.REFUSED
        assert reduce(world).status is ExitStatus.REFUSED
        assert held(world) == ONE + HALF

    def test_nothing_is_added_where_nothing_is_held(self, world: DeskWorld) -> None:
        world.exit(MARKET)
        world.candle_closes()
        assert increase(world).status is EntryStatus.REFUSED

    def test_nothing_is_added_to_what_is_being_sold(self, world: DeskWorld) -> None:
        world.fault("place", Fault.REFUSED)
        world.exit(MARKET)
        assert increase(world).reason == "the position is being sold"

    def test_nothing_is_added_to_what_is_being_reduced(self, world: DeskWorld) -> None:
        world.fault("place", Fault.REFUSED)
        reduce(world)
        world.candle_closes()
        assert increase(world).reason == "a part of the position is being sold"

    def test_nothing_is_added_to_a_position_whose_stop_may_be_gone(self, world: DeskWorld) -> None:
        world.exchange.book.visible_from[_live(world)[0].exchange_id] = float("inf")
        later(world)
        assert increase(world).reason == "the exchange denies its stop"

    def test_nothing_is_added_to_a_position_whose_stop_is_missing(self, world: DeskWorld) -> None:
        world.exchange.owner_cancels_all()
        world.fault("place", Fault.REFUSED)
        later(world)
        assert increase(world).reason == "its stop is missing"

    def test_nothing_is_added_while_the_outcome_of_an_order_is_unknown(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AND_HIDDEN)
        assert increase(world).status is EntryStatus.UNKNOWN
        world.candle_closes()
        assert increase(world).status is EntryStatus.REFUSED

    def test_nothing_is_added_below_the_exchanges_minimum(self, world: DeskWorld) -> None:
        assert "minimum" in increase(world, Decimal("0.00001")).reason

    def test_nothing_is_added_in_a_market_that_takes_no_orders(self, world: DeskWorld) -> None:
        closed = replace(BTC, takes_market_orders=False)
        assert world.desk.increase(closed, HALF, world.candle, "trend").status is EntryStatus.REFUSED

    def test_nothing_is_added_while_positions_are_released(self, world: DeskWorld) -> None:
        world.desk.release({HaltName.RELEASE: Halt(HaltName.RELEASE, "", world.exchange.exchange_time())})
        assert increase(world).status is EntryStatus.REFUSED

    def test_an_increase_that_was_certainly_not_sent_is_tried_again(self, world: DeskWorld) -> None:
        world.fault("place", Fault.UNAVAILABLE)
        assert increase(world).status is EntryStatus.FAILED
        assert not world.desk.acted_on(MARKET, world.candle)
        world.clock.advance(6)
        assert increase(world).status is EntryStatus.FILLED
        assert held(world) == ONE + HALF

    def test_one_whose_answer_was_lost_counts_as_bought_until_it_is_found(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AND_HIDDEN)
        assert increase(world).status is EntryStatus.UNKNOWN
        assert world.desk.pending_entries() == {MARKET: HALF}
        assert stops(world) == [(ONE, STOP)]
        later(world, 15, times=12)
        assert (held(world), stops(world)) == (ONE + HALF, [(ONE + HALF, STOP)])
        assert world.violations() == []

    def test_one_that_the_exchange_refuses_leaves_the_position_as_it_was(self, world: DeskWorld) -> None:
        world.fault("place", Fault.REFUSED)
        assert increase(world).status is EntryStatus.REFUSED
        assert (held(world), stops(world)) == (ONE, [(ONE, STOP)])

    def test_coins_that_the_owner_sells_as_they_are_bought_are_written_off_at_once(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No stop locks them yet; the exchange then refuses to enlarge it."""
        place = world.exchange.place

        def bought_and_sold(request: OrderRequest) -> str:
            placed = place(request)
            if request.side is Side.BUY:
                world.exchange.owner_sells(MARKET, HALF)
            return placed

        monkeypatch.setattr(world.exchange, "place", bought_and_sold)
        increase(world)
        assert (held(world), stops(world)) == (ONE, [(ONE, STOP)])
        assert world.violations() == []

    def test_it_is_published_once_when_its_fills_are_booked(self, world: DeskWorld) -> None:
        increase(world)
        restart(world)
        later(world, times=3)
        (event,) = published(world, PositionIncreased)
        position = world.desk.positions()[MARKET]
        assert event == PositionIncreased(ACCOUNT, MARKET, HALF, Decimal(100), ONE + HALF, STOP, position.id)
        assert len(published(world, PositionOpened)) == 1

    def test_one_that_settles_only_after_a_restart_is_published_then(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AFTER)
        increase(world)
        restart(world)
        later(world, times=3)
        assert len(published(world, PositionIncreased)) == 1

    def test_the_stop_is_enlarged_even_once_everything_stops(self) -> None:
        """Where that takes no withdrawal of the old one."""
        world = DeskWorld(Exchange.KRAKEN)
        enter(world)
        world.fault("place", Fault.HALF_OPEN)
        increase(world)
        world.exchange.finish_half_open()
        world.clock.stopping = True
        assert world.desk.finish(10)
        assert stops(world) == [(ONE + HALF, STOP)]
        world.close()


class TestReducing:
    def test_what_is_too_much_is_sold_and_the_stop_covers_the_rest(self, world: DeskWorld) -> None:
        assert reduce(world).status is ExitStatus.REDUCED
        assert (held(world), sold(world), stops(world)) == (HALF, HALF, [(HALF, STOP)])

    def test_the_stop_is_for_the_rest_before_the_sale_is_sent(self, world: DeskWorld) -> None:
        resting = watched(world)
        reduce(world)
        assert resting == [[(HALF, STOP)]]

    def test_a_sale_that_is_refused_leaves_the_stop_for_all_of_it(self, world: DeskWorld) -> None:
        sales_fail(world, Fault.REFUSED)
        assert reduce(world).status is ExitStatus.WORKING
        assert (held(world), stops(world)) == (ONE, [(ONE, STOP)])
        later(world)
        assert (held(world), stops(world)) == (HALF, [(HALF, STOP)])

    def test_one_that_the_exchange_would_refuse_is_noticed_before_the_stop_is_touched(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_request: OrderRequest) -> None:
            raise OrderRejected("no", "EOrder:Insufficient funds")

        monkeypatch.setattr(world.exchange, "preview", refuse)
        world.exchange.calls.clear()
        assert reduce(world).status is ExitStatus.WORKING
        assert not {"amend", "cancel", "place"} & {*world.exchange.calls}

    def test_a_sale_that_fills_in_part_goes_on_until_the_rest_is_what_is_kept(self, world: DeskWorld) -> None:
        sales_fail(world, Fault.PARTIAL)
        reduce(world)
        later(world, times=2)
        assert (held(world), sold(world), stops(world)) == (HALF, HALF, [(HALF, STOP)])

    def test_one_decision_is_carried_out_once_however_often_it_is_made(self, world: DeskWorld) -> None:
        reduce(world)
        assert reduce(world).status is ExitStatus.REFUSED
        restart(world)
        assert reduce(world).status is ExitStatus.REFUSED
        assert (held(world), sold(world)) == (HALF, HALF)
        assert world.desk.acted_on(MARKET, world.candle)

    def test_a_newer_decision_takes_the_place_of_one_that_waits(self, world: DeskWorld) -> None:
        world.exchange.modes[MARKET] = Mode.CANCEL_ONLY
        world.clock.advance(120)
        assert reduce(world).status is ExitStatus.WORKING
        world.candle_closes()
        world.desk.reduce(MARKET, Decimal("0.8"), world.candle, WHY)
        world.exchange.modes.clear()
        later(world, 120, times=2)
        assert held(world) == Decimal("0.8")

    def test_it_waits_while_the_market_takes_no_orders_and_its_stop_stays(self, world: DeskWorld) -> None:
        world.exchange.modes[MARKET] = Mode.CANCEL_ONLY
        world.clock.advance(120)
        assert reduce(world).status is ExitStatus.WORKING
        assert (held(world), stops(world)) == (ONE, [(ONE, STOP)])
        world.exchange.modes.clear()
        later(world, 120, times=2)
        assert (held(world), stops(world)) == (HALF, [(HALF, STOP)])

    def test_it_waits_for_an_increase_whose_outcome_is_unknown(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AND_HIDDEN)
        increase(world)
        world.candle_closes()
        reduce(world)
        later(world, 15, times=12)
        assert (held(world), stops(world)) == (HALF, [(HALF, STOP)])
        assert world.violations() == []

    def test_a_sale_of_everything_that_is_decided_meanwhile_wins(self, world: DeskWorld) -> None:
        world.exchange.modes[MARKET] = Mode.CANCEL_ONLY
        world.clock.advance(120)
        reduce(world)
        world.desk.exit(MARKET, "exit signal")
        world.exchange.modes.clear()
        later(world, 120, times=2)
        assert (held(world), sold(world)) == (ZERO, ONE)
        assert published(world, PositionReduced) == []

    @pytest.mark.parametrize("keep", [Decimal("0.00001"), ZERO])
    def test_what_the_exchange_would_not_let_nija_sell_later_is_sold_too(self, world: DeskWorld, keep: Decimal) -> None:
        assert reduce(world, keep).status is ExitStatus.CLOSED
        assert (held(world), stops(world)) == (ZERO, [])
        assert world.desk.acted_on(MARKET, world.candle)

    def test_a_rest_that_becomes_too_small_is_sold_too(self, world: DeskWorld) -> None:
        world.exchange.modes[MARKET] = Mode.CANCEL_ONLY
        world.clock.advance(120)
        reduce(world, Decimal("0.3"))
        world.exchange.listed[MARKET] = replace(BTC, min_amount=Decimal("0.4"))
        world.exchange.modes.clear()
        later(world, 120, times=2)
        assert (held(world), stops(world)) == (ZERO, [])

    def test_an_excess_too_small_to_be_sold_stays(self, world: DeskWorld) -> None:
        assert reduce(world, Decimal("0.99999")).status is ExitStatus.REDUCED
        assert (held(world), stops(world)) == (ONE, [(ONE, STOP)])
        assert published(world, PositionReduced) == []

    def test_a_stop_that_sells_while_the_sale_is_unknown_ends_the_whole_position(self, world: DeskWorld) -> None:
        sales_fail(world, Fault.LOST_BEFORE)
        reduce(world)
        assert stops(world) == [(HALF, STOP)]
        world.exchange.set_price(MARKET, Decimal("89.5"))
        world.exchange.set_price(MARKET, Decimal(100))
        later(world, 15, times=12)
        assert (held(world), stops(world)) == (ZERO, [])
        assert world.violations() == []

    def test_a_reduction_under_way_is_finished_once_everything_stops(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its stop was shrunk already: selling the rest protects it best."""
        sales_fail(world, Fault.REFUSED)
        place = world.exchange.place

        def stop(request: OrderRequest) -> str:
            world.clock.stopping = request.type is OrderType.MARKET
            return place(request)

        monkeypatch.setattr(world.exchange, "place", stop)
        reduce(world)
        assert world.desk.finish(10)
        assert [amount for amount, _ in stops(world)] == [held(world)]

    def test_a_part_sold_is_published_once_with_its_average_price(self, world: DeskWorld) -> None:
        reduce(world)
        restart(world)
        later(world, times=3)
        (event,) = published(world, PositionReduced)
        position = world.desk.positions()[MARKET]
        # Bought and sold at 100, so that part of both fees is lost.
        net = -HALF * 100 * 2 * FEE
        assert event == PositionReduced(ACCOUNT, MARKET, HALF, Decimal(100), net, HALF, STOP, WHY, position.id)
        assert published(world, PositionClosed) == []

    def test_nothing_is_decided_where_nothing_is_held(self, world: DeskWorld) -> None:
        world.exit(MARKET)
        world.candle_closes()
        assert reduce(world).status is ExitStatus.CLOSED
        assert not world.desk.acted_on(MARKET, world.candle)

    def test_nothing_is_decided_while_positions_are_released(self, world: DeskWorld) -> None:
        world.desk.release({HaltName.RELEASE: Halt(HaltName.RELEASE, "", world.exchange.exchange_time())})
        assert reduce(world).status is ExitStatus.REFUSED

    def test_what_the_owner_took_meanwhile_is_not_sold_for_him(self, world: DeskWorld) -> None:
        world.exchange.owner_deposits("BTC", ONE)
        world.exchange.modes[MARKET] = Mode.CANCEL_ONLY
        world.clock.advance(120)
        reduce(world)
        world.exchange.modes.clear()
        world.owner_sells(MARKET, Decimal("1.8"))
        later(world, 30, times=12)
        assert world.violations() == []
        assert sold(world) == ZERO


def lose_the_disk(world: DeskWorld) -> None:
    """And wait until the exchange certainly lists everything."""
    world.lose_disk()
    later(world, 30, times=5)


class TestTakingUpAResizedPosition:
    """After the journal is lost: only the id of an increase tells it from the entry of the next position."""

    def test_increases_and_sales_in_part_belong_to_their_position(self, world: DeskWorld) -> None:
        before = world.desk.positions()[MARKET].id
        increase(world)
        world.candle_closes()
        reduce(world, Decimal("0.7"))
        lose_the_disk(world)
        position = world.desk.positions()[MARKET]
        assert (position.id, position.amount, position.stop_price) == (before, Decimal("0.7"), STOP)
        assert stops(world) == [(Decimal("0.7"), STOP)]
        assert world.violations() == []

    def test_a_position_whose_stop_sold_the_increase_too_has_ended(self, world: DeskWorld) -> None:
        """At Kraken the stop is the one from before the increase: it was enlarged."""
        increase(world)
        world.move_price(MARKET, 89)
        lose_the_disk(world)
        assert world.desk.positions() == {}
        assert world.journal.plans.all_write_offs() == ()
        assert world.violations() == []

    def test_the_next_position_is_another_one(self, world: DeskWorld) -> None:
        increase(world)
        world.exit(MARKET)
        world.candle_closes()
        world.enter(MARKET, HALF)
        held_before = world.desk.positions()[MARKET]
        lose_the_disk(world)
        assert (world.desk.positions()[MARKET].id, held(world)) == (held_before.id, HALF)
        assert world.violations() == []

    def test_an_increase_alone_does_not_explain_a_stop(self, world: DeskWorld) -> None:
        """The entry is older than what is read at first."""
        world.clock.advance(100 * 86_400)
        world.refresh()
        world.candle_closes()
        increase(world)
        lose_the_disk(world)
        assert (held(world), stops(world)) == (ONE + HALF, [(ONE + HALF, STOP)])

    def test_an_increase_found_late_joins_its_position(self, world: DeskWorld) -> None:
        world.fault("place", Fault.KILLED_AFTER)
        world.increase(MARKET, HALF)
        later(world, 15, times=12)
        assert (held(world), stops(world)) == (ONE + HALF, [(ONE + HALF, STOP)])
        assert world.violations() == []


class TestKilled:
    """At every step of the journal, before and after its commit."""

    @staticmethod
    def kill_at(step: int, exchange: Exchange, action: Callable[[DeskWorld], None]) -> DeskWorld:
        world = DeskWorld(exchange)
        enter(world)
        world.kill_after(step)
        action(world)
        later(world, 30, times=6)
        assert (step, world.violations()) == (step, [])
        return world

    @pytest.mark.parametrize("exchange", exchanges())
    def test_a_reduction_sells_no_more_and_no_less(self, exchange: Exchange) -> None:
        for step in range(1, 30):
            world = self.kill_at(step, exchange, lambda world: world.reduce(MARKET, 50))
            was_decided = world.journal.plans.was_reduced(MARKET, world.candle)
            assert (step, held(world)) == (step, HALF if was_decided else ONE)
            world.close()
            if not world.kills:
                break
        assert step > 10

    @pytest.mark.parametrize("exchange", exchanges())
    def test_an_increase_buys_once_and_its_stop_covers_it(self, exchange: Exchange) -> None:
        for step in range(1, 30):
            world = self.kill_at(step, exchange, lambda world: world.increase(MARKET, HALF))
            was_sent = world.desk.acted_on(MARKET, world.candle)
            assert (step, held(world)) == (step, ONE + HALF if was_sent else ONE)
            world.close()
            if not world.kills:
                break
        assert step > 10
