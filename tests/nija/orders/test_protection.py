"""A position is never bare for longer than necessary, and never silently."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.errors import BrokerError, BudgetSpent, OrderNotFound, OrderRejected
from brokers.exchanges import exchanges
from brokers.model import ZERO, Exchange, OrderStatus, OrderType, Side
from brokers.simulator.engine.markets import Mode
from nija.orders.state import EntryStatus
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import BTC, FEE, Fault, Killed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from brokers.model import Fill, Order, OrderRequest

ONE = Decimal(1)
STOP = Decimal(90)
BTC_USD = "BTC/USD"
CLOSED = [Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.LIMIT_ONLY, Mode.HALTED, Mode.AWAY]


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    world = DeskWorld(request.param)
    world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
    yield world
    world.close()


def stops(world: DeskWorld) -> list[Order]:
    return [order for order in world.exchange.ours() if order.type is OrderType.STOP and not order.status.is_final]


def resting(world: DeskWorld) -> list[tuple[Decimal, Decimal | None]]:
    return [(stop.amount, stop.stop_price) for stop in stops(world)]


def later(world: DeskWorld, seconds: float = 15.0, times: int = 1) -> None:
    for _ in range(times):
        world.clock.advance(seconds)
        world.refresh(with_prices=True)


def on_next_place(world: DeskWorld, kind: OrderType, act: Callable[[OrderRequest], None]) -> None:
    """Run an action when the next order of this kind reaches the exchange."""
    place = world.exchange.place

    def acting(request: OrderRequest) -> str:
        if request.type is kind:
            world.exchange.place = place  # type: ignore[method-assign] # once
            act(request)
        return place(request)

    world.exchange.place = acting  # type: ignore[method-assign] # the world around the desk


class TestMarketsThatTakeNoOrders:
    @pytest.mark.parametrize("mode", CLOSED)
    def test_an_exit_leaves_the_stop_until_the_market_takes_the_sale(self, world: DeskWorld, mode: Mode) -> None:
        world.exchange.modes[BTC_USD] = mode
        later(world, 61.0)
        world.exit(BTC_USD)
        later(world, times=10)
        assert resting(world) == [(ONE, STOP)]
        world.exchange.modes.clear()
        later(world, 61.0, times=2)
        assert world.desk.positions() == {}
        assert world.violations() == []

    @pytest.mark.parametrize("mode", CLOSED)
    def test_a_stop_is_not_moved_in_them(self, world: DeskWorld, mode: Mode) -> None:
        world.exchange.modes[BTC_USD] = mode
        later(world, 61.0)
        world.trail(BTC_USD, 95)
        later(world, times=10)
        assert resting(world) == [(ONE, STOP)]
        world.exchange.modes.clear()
        later(world, 61.0, times=2)
        assert resting(world) == [(ONE, Decimal(95))]

    def test_a_market_that_closed_since_the_last_look_takes_no_stop_away(self, world: DeskWorld) -> None:
        """Market data may be up to a minute old: after the refused sale the stop is placed again at once."""
        world.exchange.modes[BTC_USD] = Mode.REDUCE_ONLY
        on_next_place(world, OrderType.MARKET, lambda _: world.fault("place", Fault.REFUSED))
        world.exit(BTC_USD)
        assert resting(world) == [(ONE, STOP)]

    def test_a_market_that_is_refused_to_the_account_keeps_its_stop(self, world: DeskWorld) -> None:
        """The sale would be refused, and the stop that was withdrawn for it as well."""
        later(world, 61.0)
        world.exchange.restricted.add(BTC_USD)
        world.exit(BTC_USD)
        later(world, times=10)
        assert resting(world) == [(ONE, STOP)]
        assert any("the sale was refused" in line for line in world.log.lines)
        world.exchange.restricted.clear()
        later(world, 21.0)
        assert world.desk.positions() == {}

    @pytest.mark.parametrize("mode", CLOSED)
    def test_a_market_that_closed_since_it_was_read_keeps_its_stop(self, world: DeskWorld, mode: Mode) -> None:
        later(world, 61.0)
        world.exchange.refresh_markets(0.0)
        world.exchange.modes[BTC_USD] = mode
        world.exit(BTC_USD)
        later(world)
        assert resting(world) == [(ONE, STOP)]

    def test_a_new_stop_that_is_refused_after_all_brings_the_old_one_back(self) -> None:
        world = DeskWorld(Exchange.COINBASE)
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        on_next_place(world, OrderType.STOP, lambda _: world.fault("place", Fault.REFUSED))
        world.trail(BTC_USD, 95)
        assert resting(world) == [(ONE, STOP)]
        later(world, 21.0)
        assert resting(world) == [(ONE, Decimal(95))]
        world.close()

    def test_a_new_stop_that_the_preview_refuses_leaves_the_old_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        world = DeskWorld(Exchange.COINBASE)
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")

        def refuse(request: OrderRequest) -> None:
            raise OrderRejected(f"{request.market}: no", "PREVIEW_INVALID_STOP_PRICE")

        monkeypatch.setattr(world.exchange, "preview", refuse)
        world.exchange.calls.clear()
        world.trail(BTC_USD, 95)
        assert "cancel" not in world.exchange.calls
        assert resting(world) == [(ONE, STOP)]
        world.close()

    def test_a_stop_that_cannot_be_moved_for_now_is_said(self, world: DeskWorld) -> None:
        world.exchange.modes[BTC_USD] = Mode.CANCEL_ONLY
        later(world, 61.0)
        world.trail(BTC_USD, 95)
        assert any("its stop cannot be moved" in line for line in world.log.lines)
        assert world.desk.protection()[BTC_USD].trouble


class TestTheTick:
    def test_a_coarser_tick_moves_no_stop(self) -> None:
        world = DeskWorld(Exchange.KRAKEN)
        world.desk.enter(BTC, ONE, Decimal("90.5"), world.candle, "trend")
        world.exchange.listed[BTC_USD] = replace(BTC, price_step=ONE)
        world.exchange.calls.clear()
        later(world, 61.0, times=60)
        assert "amend" not in world.exchange.calls
        assert resting(world) == [(ONE, Decimal("90.5"))]
        world.close()

    def test_a_stop_placed_anew_is_on_the_coarser_tick_and_stays(self, world: DeskWorld) -> None:
        world.desk.trail(BTC_USD, Decimal("91.5"))
        world.exchange.listed[BTC_USD] = replace(BTC, price_step=ONE)
        later(world, 61.0)
        world.exchange.owner_cancels_all()
        later(world, 61.0, times=2)
        world.exchange.calls.clear()
        later(world, 61.0, times=30)
        assert resting(world) == [(ONE, Decimal(91))]
        assert not {"amend", "cancel", "place"} & set(world.exchange.calls)


class TestStopsMovedByHand:
    def test_a_tighter_one_becomes_the_plan_s(self, world: DeskWorld) -> None:
        world.exchange.owner_moves_stop(stops(world)[0].exchange_id, Decimal(97))
        later(world)
        assert world.desk.positions()[BTC_USD].stop_price == 97
        assert not world.desk.trail(BTC_USD, Decimal(95))
        assert resting(world) == [(ONE, Decimal(97))]

    def test_one_further_away_is_put_back(self, world: DeskWorld) -> None:
        world.exchange.owner_moves_stop(stops(world)[0].exchange_id, Decimal(50))
        later(world, times=2)
        assert resting(world) == [(ONE, STOP)]

    def test_one_made_smaller_is_made_whole(self, world: DeskWorld) -> None:
        world.exchange.owner_moves_stop(stops(world)[0].exchange_id, STOP, Decimal("0.2"))
        later(world, times=2)
        assert resting(world) == [(ONE, STOP)]

    def test_one_that_he_cancelled_is_placed_anew(self, world: DeskWorld) -> None:
        world.exchange.owner_cancels_all()
        later(world)
        assert resting(world) == [(ONE, STOP)]


class TestStopsThatTheExchangeDenies:
    @pytest.fixture
    def denied(self, world: DeskWorld) -> DeskWorld:
        del world.exchange.book.orders[stops(world)[0].exchange_id]
        return world

    def test_it_is_said_at_once(self, denied: DeskWorld) -> None:
        later(denied)
        assert any("there is no such stop" in line for line in denied.log.lines)
        assert not denied.desk.protection()[BTC_USD].covered

    def test_for_five_minutes_nothing_is_assumed(self, denied: DeskWorld) -> None:
        later(denied, times=19)
        assert stops(denied) == []

    def test_it_is_placed_anew_after_five_minutes(self, denied: DeskWorld) -> None:
        later(denied, times=23)
        assert resting(denied) == [(ONE, STOP)]

    def test_one_whose_row_cannot_be_read_is_not_denied(self, denied: DeskWorld) -> None:
        (gone,) = [order.exchange_id for order in denied.journal.intents.unsettled()]
        denied.exchange.unread = {str(gone): "no such kind of order"}
        later(denied, times=40)
        assert stops(denied) == []
        assert denied.desk.protection()[BTC_USD].covered

    def test_it_is_not_placed_anew_while_the_balance_says_that_something_binds_the_coins(
        self, denied: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(denied.exchange, "held", lambda currency: ONE if currency == "BTC" else ZERO)
        later(denied, times=60)
        assert stops(denied) == []
        assert not denied.desk.protection()[BTC_USD].covered

    @pytest.fixture
    def unlisted(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> DeskWorld:
        """The stop rests, but is missing from every answer and holds no balance."""
        monkeypatch.setattr(world.exchange, "orders", lambda _: {})
        monkeypatch.setattr(world.exchange, "held", lambda _: ZERO)
        return world

    def test_it_is_not_placed_anew_while_its_own_id_is_known(
        self, unlisted: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(unlisted.exchange, "open_orders", tuple)
        before = stops(unlisted)
        later(unlisted, times=40)
        assert stops(unlisted) == before

    def test_it_is_not_placed_anew_while_it_is_among_the_open_orders(
        self, unlisted: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unknown(exchange_id: str) -> Order:
            raise OrderNotFound(exchange_id)

        monkeypatch.setattr(unlisted.exchange, "order", unknown)
        before = stops(unlisted)
        later(unlisted, times=40)
        assert stops(unlisted) == before


class TestPositionsWithoutAStopPrice:
    @pytest.fixture
    def adopted(self) -> Iterator[DeskWorld]:
        """The disk was lost between the entry and its stop."""
        world = DeskWorld(Exchange.KRAKEN)

        def die(_: OrderRequest) -> None:
            raise Killed

        on_next_place(world, OrderType.STOP, die)
        with pytest.raises(Killed):
            world.desk.enter(BTC, ONE, STOP, world.candle, "ema_cross")
        world.lose_disk()
        later(world, 30.0, times=4)
        yield world
        world.close()

    def test_they_are_said_loudly(self, adopted: DeskWorld) -> None:
        assert adopted.desk.positions()[BTC_USD].stop_price is None
        assert any("it has no stop price" in line for line in adopted.log.lines)
        assert "no stop price" in adopted.desk.protection()[BTC_USD].trouble

    def test_one_given_later_is_placed(self, adopted: DeskWorld) -> None:
        adopted.desk.trail(BTC_USD, Decimal(88))
        assert resting(adopted) == [(ONE, Decimal(88))]


class TestTheEnd:
    """After a stop signal: the process has some seconds left."""

    @pytest.fixture
    def ending(self) -> Iterator[DeskWorld]:
        world = DeskWorld(Exchange.KRAKEN)
        yield world
        world.clock.stopping = False
        world.close()

    def stop_signal(self, world: DeskWorld) -> None:
        """Every wait ends at once from now on, as with the real clock."""
        world.clock.stopping = True
        world.clock.sleep = lambda _: None  # type: ignore[method-assign, assignment] # as SystemClock does

    def test_an_entry_under_way_is_protected(self, ending: DeskWorld) -> None:
        def signal(_: OrderRequest) -> None:
            self.stop_signal(ending)
            ending.fault("read", Fault.UNAVAILABLE)

        on_next_place(ending, OrderType.MARKET, signal)
        with pytest.raises(BrokerError):
            ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        assert stops(ending) == []
        assert ending.desk.finish(8.0)
        assert resting(ending) == [(ONE, STOP)]

    def test_fills_beyond_the_rate_limit_wait_for_the_next_start(
        self, ending: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_room(_: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
            raise BudgetSpent("no room", 24.0)

        monkeypatch.setattr(ending.exchange, "fills", no_room)
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        self.stop_signal(ending)
        before = ending.clock.monotonic()
        assert ending.desk.finish(8.0)
        assert ending.clock.monotonic() == before
        assert resting(ending) == [(ONE, STOP)]

    @pytest.mark.parametrize("faults", [1, 3, 6])
    def test_what_fails_is_tried_again_within_the_grace_time(self, ending: DeskWorld, faults: int) -> None:
        def signal(_: OrderRequest) -> None:
            self.stop_signal(ending)
            ending.exchange.faults["read"].extend([Fault.UNAVAILABLE] * faults)

        on_next_place(ending, OrderType.MARKET, signal)
        with pytest.raises(BrokerError):
            ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        assert ending.desk.finish(8.0)
        assert resting(ending) == [(ONE, STOP)]

    def test_a_stop_withdrawn_for_a_sale_comes_back(self, ending: DeskWorld) -> None:
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        ending.fault("cancel", Fault.SLOW)
        cancel = ending.exchange.cancel

        def signal(exchange_id: str) -> None:
            self.stop_signal(ending)
            cancel(exchange_id)

        ending.exchange.cancel = signal  # type: ignore[method-assign] # the signal comes in the middle of a sale
        ending.exit(BTC_USD)
        assert ending.desk.finish(10.0)
        assert resting(ending) == [(ONE, STOP)]

    def test_a_fee_in_coins_that_is_not_known_yet_is_waited_for(self) -> None:
        world = DeskWorld(Exchange.KRAKEN, base_fees=True)
        world.exchange.fill_lag = 3.0
        on_next_place(world, OrderType.MARKET, lambda _: self.stop_signal(world))
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        assert world.desk.finish(8.0)
        assert resting(world) == [(1 - FEE, STOP)]
        world.close()

    def test_a_stop_whose_answer_was_lost_is_asked_after(self, ending: DeskWorld) -> None:
        def signal(_: OrderRequest) -> None:
            self.stop_signal(ending)
            ending.fault("place", Fault.LOST_AFTER)

        on_next_place(ending, OrderType.STOP, signal)
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        assert ending.desk.finish(8.0)
        assert resting(ending) == [(ONE, STOP)]

    def test_an_end_with_a_bare_position_is_no_rest(self, ending: DeskWorld) -> None:
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        ending.exchange.owner_cancels_all()
        self.stop_signal(ending)
        ending.exchange.faults["place"].extend([Fault.UNAVAILABLE] * 50)
        assert not ending.desk.finish(8.0)

    def test_nothing_new_is_decided(self, ending: DeskWorld) -> None:
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        self.stop_signal(ending)
        ending.exit(BTC_USD)
        assert ending.desk.finish(8.0)
        assert resting(ending) == [(ONE, STOP)]

    def test_a_stop_refused_just_before_is_placed_within_the_grace_time(self, ending: DeskWorld) -> None:
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        ending.exchange.owner_cancels_all()
        ending.clock.advance(15.0)
        ending.fault("place", Fault.UNAVAILABLE)
        ending.refresh()
        assert stops(ending) == []
        self.stop_signal(ending)
        ending.fault("place", Fault.UNAVAILABLE)
        assert ending.desk.finish(6.5)
        assert resting(ending) == [(ONE, STOP)]

    def test_a_stop_of_unknown_outcome_is_asked_after_within_the_grace_time(self, ending: DeskWorld) -> None:
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        ending.exchange.owner_cancels_all()
        ending.clock.advance(15.0)
        ending.fault("place", Fault.LOST_AND_HIDDEN)
        ending.refresh()
        for wait in (1.0, 2.0, 4.0):
            ending.clock.advance(wait)
            ending.refresh()
        ending.clock.advance(4.0)
        ending.fault("read", Fault.UNAVAILABLE)
        ending.refresh()
        ending.clock.advance(2.0)
        self.stop_signal(ending)
        assert ending.desk.finish(2.0)
        assert resting(ending) == [(ONE, STOP)]

    def test_it_ends_when_the_time_is_over(self, ending: DeskWorld) -> None:
        ending.desk.enter(BTC, ONE, STOP, ending.candle, "trend")
        ending.exchange.owner_cancels_all()
        self.stop_signal(ending)
        for _ in range(200):
            ending.fault("read", Fault.UNAVAILABLE)
        began = ending.clock.monotonic()
        assert not ending.desk.finish(8.0)
        assert ending.clock.monotonic() - began <= 8.0


class TestRefusedMarkets:
    def test_a_market_refused_to_the_account_blocks_itself_alone(self) -> None:
        world = DeskWorld(Exchange.KRAKEN)
        world.exchange.restricted.add(BTC_USD)
        outcome = world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        assert outcome.status is EntryStatus.FAILED
        assert "restricted" in str(world.desk.retries_later(BTC_USD, world.candle))
        assert "take BTC/USD out of `markets`" in world.desk.refused_markets()[BTC_USD]
        world.enter("ETH/USD", ONE)
        assert list(world.desk.positions()) == ["ETH/USD"]
        world.close()

    def test_it_is_tried_again_after_an_hour(self) -> None:
        world = DeskWorld(Exchange.KRAKEN)
        world.exchange.restricted.add(BTC_USD)
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        world.exchange.restricted.clear()
        world.clock.advance(1800)
        assert world.desk.enter(BTC, ONE, STOP, world.candle, "trend").status is EntryStatus.FAILED
        world.clock.advance(1801)
        assert world.desk.enter(BTC, ONE, STOP, world.candle, "trend").status is EntryStatus.FILLED
        assert world.desk.refused_markets() == {}
        world.close()


class TestBareSeconds:
    def test_a_covered_position_has_none(self, world: DeskWorld) -> None:
        later(world, times=10)
        shown = world.desk.protection()[BTC_USD]
        assert (shown.covered, shown.bare) == (True, 0.0)
        assert shown.longest < 1.0

    def test_they_count_from_the_moment_in_which_the_stop_is_seen_to_be_gone(self, world: DeskWorld) -> None:
        world.exchange.owner_cancels_all()
        for _ in range(20):
            world.fault("place", Fault.UNAVAILABLE)
        later(world, 15.0)
        later(world, 7.0)
        shown = world.desk.protection()[BTC_USD]
        assert not shown.covered
        assert 7.0 <= shown.bare < 8.0
        world.exchange.calm()
        later(world, 15.0)
        shown = world.desk.protection()[BTC_USD]
        assert shown.covered
        assert 22.0 <= shown.longest < 23.0

    def test_what_is_sold_is_not_bare_while_its_fills_cannot_be_read(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_room(*_asked: object, **_more: object) -> None:
            raise BudgetSpent("no room", 24.0)

        monkeypatch.setattr(world.exchange, "fills", no_room)
        world.exit(BTC_USD)
        later(world, 60.0)
        shown = world.desk.protection()[BTC_USD]
        assert (shown.covered, shown.bare) == (True, 0.0)

    def test_a_stop_for_less_than_is_held_leaves_it_bare(self, world: DeskWorld) -> None:
        world.exchange.modes[BTC_USD] = Mode.CANCEL_ONLY
        world.exchange.owner_moves_stop(stops(world)[0].exchange_id, STOP, Decimal("0.2"))
        later(world, 61.0)
        assert not world.desk.protection()[BTC_USD].covered

    def test_an_entry_that_waits_for_its_stop_counts_from_its_beginning(self) -> None:
        world = DeskWorld(Exchange.KRAKEN)
        on_next_place(world, OrderType.STOP, lambda _: world.clock.advance(3.0))
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        assert 3.0 <= world.desk.protection()[BTC_USD].longest < 4.0
        world.close()

    def test_what_was_bought_is_bare_from_its_order_on_however_late_the_answer(self) -> None:
        world = DeskWorld(Exchange.KRAKEN)
        on_next_place(world, OrderType.MARKET, lambda _: world.clock.advance(5.0))
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        assert 5.0 <= world.desk.protection()[BTC_USD].longest < 6.0
        world.close()


def test_the_owner_s_hundred_orders_make_no_lines_and_no_events(world: DeskWorld) -> None:
    lines, events = len(world.log.lines), len(world.log.published)
    for n in range(100):
        world.exchange.owner_order(BTC_USD, Side.BUY, ONE / 10, ONE * (n + 5))
    later(world, 301.0, times=3)
    assert world.desk.foreign_orders() == 100
    assert len(world.log.lines) == lines
    assert len(world.log.published) == events


def test_an_order_that_ended_at_the_exchange_is_not_taken_for_denied(world: DeskWorld) -> None:
    world.exchange.owner_cancels_all()
    assert [order.status for order in world.exchange.ours() if order.type is OrderType.STOP] == [OrderStatus.CANCELLED]
    later(world)
    assert not any("no such stop" in line for line in world.log.lines)
