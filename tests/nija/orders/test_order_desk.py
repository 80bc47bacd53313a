from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.errors import BrokerError, BudgetSpent, OutcomeUnknown, RateLimited, Unauthorized, Unavailable
from brokers.exchanges import exchanges
from brokers.figures import duration
from brokers.model import Exchange, OrderStatus, OrderType, Side
from nija.journal.order_state import OrderState
from nija.orders.state import EntryStatus, ExitStatus
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import BTC, FEE, Fault
from tests.nija.orders.order_checker import oversold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from brokers.model import Fill, Order, OrderRequest, Resolution
    from nija.orders.state import EntryOutcome

ONE = Decimal(1)
STOP = Decimal(90)


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    world = DeskWorld(request.param)
    yield world
    world.close()


@pytest.fixture
def kraken() -> Iterator[DeskWorld]:
    world = DeskWorld(Exchange.KRAKEN)
    yield world
    world.close()


@pytest.fixture
def coinbase() -> Iterator[DeskWorld]:
    world = DeskWorld(Exchange.COINBASE)
    yield world
    world.close()


@pytest.fixture
def local() -> Iterator[DeskWorld]:
    world = DeskWorld(Exchange.KRAKEN, local=True)
    yield world
    world.close()


def enter(world: DeskWorld, amount: Decimal = ONE) -> EntryOutcome:
    return world.desk.enter(BTC, amount, STOP, world.candle, "trend")


def live(world: DeskWorld, kind: OrderType = OrderType.STOP) -> list[Order]:
    return [order for order in world.exchange.ours() if order.type is kind and not order.status.is_final]


def entries(world: DeskWorld) -> list[Order]:
    return [order for order in world.exchange.ours() if order.side is Side.BUY]


def later(world: DeskWorld, seconds: float = 60.0) -> None:
    world.clock.advance(seconds)
    world.desk.refresh()


class TestEntering:
    def test_an_entry_is_bought_and_protected_at_once(self, world: DeskWorld) -> None:
        assert enter(world).status is EntryStatus.FILLED
        position = world.desk.positions()["BTC/USD"]
        assert (position.amount, position.entry_price, position.stop_price) == (ONE, Decimal(100), STOP)
        assert [(stop.amount, stop.stop_price) for stop in live(world)] == [(ONE, STOP)]

    def test_each_line_is_logged_once(self, world: DeskWorld) -> None:
        enter(world)
        world.desk.exit("BTC/USD", "exit signal")
        for _ in range(5):
            later(world)
        fixed = [line for line in world.log.lines if line[0] in "✅🛡"]
        assert fixed == [
            "✅ BUY order filled: BTC/USD 1.00000000 @ $100.00",
            "🛡️ Stop placed: BTC/USD 1.00000000 @ $90.00",
            "✅ SELL order filled: BTC/USD 1.00000000 @ $100.00",
        ]

    def test_a_candle_is_acted_upon_once(self, world: DeskWorld) -> None:
        enter(world)
        world.desk.exit("BTC/USD", "exit signal")
        assert world.desk.acted_on("BTC/USD", world.candle)
        assert enter(world).status is EntryStatus.REFUSED
        assert len(entries(world)) == 1

    def test_what_is_sent_was_committed_before(self, world: DeskWorld) -> None:
        """Another connection sees the order as sent when the exchange receives it."""
        seen: list[OrderState] = []
        place = world.exchange.place

        def watch(request: OrderRequest) -> str:
            reader = world.journals.read(world.desk.account)
            intent = reader.intents.get(request.client_id)
            assert intent is not None
            assert intent.request == request
            seen.append(intent.state)
            reader.close()
            return place(request)

        world.exchange.place = watch  # type: ignore[method-assign] # the other side is watched, not replaced
        enter(world)
        world.desk.exit("BTC/USD", "exit signal")
        assert seen == [OrderState.SENT] * 3

    def test_a_partly_filled_entry_is_protected_for_what_filled(self, world: DeskWorld) -> None:
        world.fault("place", Fault.PARTIAL)
        assert enter(world).status is EntryStatus.FILLED
        assert [stop.amount for stop in live(world)] == [Decimal("0.5")]

    def test_the_stop_grows_with_a_slow_entry(self, world: DeskWorld) -> None:
        world.fault("place", Fault.HALF_OPEN)
        enter(world)
        assert [stop.amount for stop in live(world)] == [Decimal("0.5")]
        assert world.desk.blocked("BTC/USD") is not None
        world.exchange.finish_half_open()
        later(world)
        assert [stop.amount for stop in live(world)] == [1]

    def test_a_fee_in_base_currency_makes_the_stop_smaller(self) -> None:
        world = DeskWorld(Exchange.KRAKEN, base_fees=True)
        enter(world)
        assert [stop.amount for stop in live(world)] == [1 - FEE]
        assert [request.amount for request in world.exchange.book.requests] == [1, 1 - FEE]
        world.desk.exit("BTC/USD", "exit signal")
        assert world.violations() == []
        assert world.desk.positions() == {}
        world.close()

    def test_a_stop_is_for_an_amount_on_the_market_s_step(self) -> None:
        world = DeskWorld(Exchange.KRAKEN, base_fees=True)
        coarse = replace(BTC, amount_step=Decimal("0.01"))
        world.exchange.listed["BTC/USD"] = coarse
        world.exchange.refresh_markets(-1.0)
        world.desk.enter(coarse, ONE, STOP, world.candle, "trend")
        assert [stop.amount for stop in live(world)] == [Decimal("0.99")]
        world.close()

    def test_a_refused_entry_is_over(self, world: DeskWorld) -> None:
        world.fault("place", Fault.REFUSED)
        outcome = enter(world)
        assert (outcome.status, outcome.reason) == (EntryStatus.REFUSED, "EOrder:Insufficient funds")
        assert world.desk.acted_on("BTC/USD", world.candle)
        assert world.desk.blocked("BTC/USD") is None

    def test_an_entry_that_never_left_is_tried_again_for_as_long_as_its_candle_is_the_last(
        self, world: DeskWorld
    ) -> None:
        """An outage of some minutes costs no more than these minutes."""
        for _ in range(12):
            world.fault("place", Fault.UNAVAILABLE)
            assert enter(world).status is EntryStatus.FAILED
            assert not world.desk.acted_on("BTC/USD", world.candle)
            world.clock.advance(301)
        assert enter(world).status is EntryStatus.FILLED
        assert len(entries(world)) == 1

    def test_each_further_try_waits_longer_and_says_the_true_reason(self, world: DeskWorld) -> None:
        for wait in (5, 10, 20, 40, 80, 160, 300, 300, 300):
            world.fault("place", Fault.UNAVAILABLE)
            assert enter(world).reason == f"connection refused; retrying in {duration(wait)}"
            assert "connection refused" in str(world.desk.retries_later("BTC/USD", world.candle))
            assert enter(world).reason == world.desk.retries_later("BTC/USD", world.candle)
            world.clock.advance(wait)

    def test_the_next_candle_does_not_wait_for_the_last_one(self, world: DeskWorld) -> None:
        for _ in range(7):
            world.fault("place", Fault.UNAVAILABLE)
            enter(world)
            world.clock.advance(60)
        world.exchange.calm()
        world.candle_closes()
        assert enter(world).status is EntryStatus.FILLED

    def test_a_refused_key_is_raised_and_leaves_nothing_open(self, world: DeskWorld) -> None:
        def refuse(request: OrderRequest) -> str:
            raise Unauthorized(f"EAPI:Invalid key for {request.market}")

        world.exchange.place = refuse  # type: ignore[method-assign] # an exchange that refuses the key
        with pytest.raises(Unauthorized):
            enter(world)
        assert world.journal.intents.unsettled() == ()

    def test_nothing_is_opened_before_the_account_was_compared(self, world: DeskWorld) -> None:
        world.journal.close()
        world.fault("read", Fault.UNAVAILABLE)
        world.start()
        assert enter(world).status is EntryStatus.REFUSED
        later(world)
        assert enter(world).status is EntryStatus.FILLED

    def test_an_amount_below_the_minimum_is_not_sent(self, world: DeskWorld) -> None:
        outcome = enter(world, Decimal("0.00001"))
        assert outcome.status is EntryStatus.REFUSED
        assert "minimum" in outcome.reason
        assert world.exchange.book.requests == []

    def test_nothing_is_sent_to_a_market_that_takes_no_market_orders(self, world: DeskWorld) -> None:
        closed = replace(BTC, takes_market_orders=False)
        outcome = world.desk.enter(closed, ONE, STOP, world.candle, "trend")
        assert outcome.status is EntryStatus.REFUSED
        assert world.exchange.book.requests == []

    def test_a_market_has_one_position(self, world: DeskWorld) -> None:
        enter(world)
        world.candle_closes()
        outcome = enter(world)
        assert (outcome.status, outcome.reason) == (EntryStatus.REFUSED, "a position is already open")

    def test_what_was_bought_is_protected_before_its_fills_are_shown(self, world: DeskWorld) -> None:
        world.exchange.fill_lag = 30.0
        enter(world)
        assert [stop.amount for stop in live(world)] == [ONE]

    def test_fills_beyond_the_rate_limit_are_booked_later(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def no_room(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
            raise BudgetSpent(f"no room to read from {since}", 1.0)

        with monkeypatch.context() as now:
            now.setattr(world.exchange, "fills", no_room)
            assert enter(world).status is EntryStatus.FILLED
            assert [stop.amount for stop in live(world)] == [ONE]
            assert "the fills of the entry order" in str(world.desk.blocked("BTC/USD"))
        later(world)
        assert world.desk.positions()["BTC/USD"].amount == ONE

    def test_an_entry_that_met_a_rate_limit_waits_as_long_as_told(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def busy(request: OrderRequest) -> str:
            raise RateLimited(f"too many orders for {request.market}", 120.0)

        monkeypatch.setattr(world.exchange, "place", busy)
        assert "retrying in 2 min" in enter(world).reason


class TestLostAnswers:
    def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AFTER)
        assert enter(world).status is EntryStatus.UNKNOWN
        later(world, 2)
        assert len(entries(world)) == 1
        assert world.desk.positions()["BTC/USD"].amount == 1
        assert [stop.amount for stop in live(world)] == [1]

    def test_an_unknown_order_blocks_its_market_alone(self, kraken: DeskWorld) -> None:
        kraken.fault("place", Fault.LOST_BEFORE)
        enter(kraken)
        assert "not known yet" in str(kraken.desk.blocked("BTC/USD"))
        assert kraken.desk.blocked("ETH/USD") is None
        kraken.candle_closes()
        assert enter(kraken).status is EntryStatus.REFUSED

    def test_an_order_is_only_absent_once_it_can_no_longer_be_accepted(self, kraken: DeskWorld) -> None:
        kraken.fault("place", Fault.ARRIVES_LATE)
        enter(kraken)
        later(kraken, 10)
        assert [intent.state for intent in kraken.journal.intents.unsettled()] == [OrderState.UNKNOWN]
        later(kraken, 10)
        later(kraken, 10)
        assert kraken.desk.positions()["BTC/USD"].amount == 1

    def test_an_absent_order_frees_its_candle(self, kraken: DeskWorld) -> None:
        kraken.fault("place", Fault.LOST_BEFORE)
        enter(kraken)
        later(kraken, 40)
        assert kraken.desk.blocked("BTC/USD") is None
        assert enter(kraken).status is EntryStatus.FILLED

    def test_could_not_ask_is_never_not_found(self, kraken: DeskWorld) -> None:
        kraken.fault("place", Fault.LOST_BEFORE)
        enter(kraken)
        for _ in range(10):
            kraken.clock.advance(60)
            for _ in range(30):
                kraken.fault("read", Fault.UNAVAILABLE)
            kraken.desk.refresh()
            kraken.exchange.calm()
        assert [intent.state for intent in kraken.journal.intents.unsettled()] == [OrderState.UNKNOWN]
        assert len([line for line in kraken.log.lines if "a request to the exchange failed" in line]) == 1

    def test_the_log_says_that_an_order_is_unknown(self, kraken: DeskWorld) -> None:
        kraken.fault("place", Fault.LOST_BEFORE)
        enter(kraken)
        for _ in range(3):
            later(kraken, 3)
        assert len([line for line in kraken.log.lines if "not yet known" in line]) == 1

    def test_an_unexpected_error_counts_as_sent(self, kraken: DeskWorld) -> None:
        place = kraken.exchange.place

        def break_after(request: OrderRequest) -> str:
            place(request)
            raise KeyError("txid")

        kraken.exchange.place = break_after  # type: ignore[method-assign] # an adapter with a fault of its own
        with pytest.raises(KeyError):
            enter(kraken)
        kraken.exchange.place = place  # type: ignore[method-assign] # and fixed again
        later(kraken, 5)
        assert kraken.desk.positions()["BTC/USD"].amount == 1
        assert kraken.violations() == []


class TestStops:
    def test_the_stop_moves_up_and_never_down(self, world: DeskWorld) -> None:
        enter(world)
        assert world.desk.trail("BTC/USD", Decimal("95.55"))
        assert not world.desk.trail("BTC/USD", Decimal(92))
        assert [(stop.amount, stop.stop_price) for stop in live(world)] == [(ONE, Decimal("95.5"))]

    def test_where_stops_can_be_amended_the_order_stays_the_same(self, kraken: DeskWorld) -> None:
        enter(kraken)
        (before,) = live(kraken)
        kraken.desk.trail("BTC/USD", Decimal(95))
        assert [stop.exchange_id for stop in live(kraken)] == [before.exchange_id]

    @pytest.mark.parametrize("fault", [Fault.LOST_AFTER, Fault.LOST_BEFORE, Fault.REFUSED, Fault.UNAVAILABLE])
    def test_a_move_that_went_wrong_is_made_good(self, kraken: DeskWorld, fault: Fault) -> None:
        enter(kraken)
        kraken.fault("amend", fault)
        kraken.do(lambda: kraken.desk.trail("BTC/USD", Decimal(95)))
        later(kraken)
        assert [stop.stop_price for stop in live(kraken)] == [95]

    def test_a_stop_that_sold_ends_the_position(self, world: DeskWorld) -> None:
        enter(world)
        world.exchange.set_price("BTC/USD", Decimal(89))
        later(world)
        assert world.desk.positions() == {}
        assert "✅ SELL order filled: BTC/USD 1.00000000 @ $89.00" in world.log.lines
        assert world.violations() == []

    def test_a_refused_stop_is_reported_watched_and_placed_later(self, world: DeskWorld) -> None:
        place = world.exchange.place

        def refuse_stops(request: OrderRequest) -> str:
            if request.type is OrderType.STOP:
                world.fault("place", Fault.REFUSED)
            return place(request)

        world.exchange.place = refuse_stops  # type: ignore[method-assign] # an exchange that takes no stops
        enter(world)
        assert live(world) == []
        assert any("watched here meanwhile" in line for line in world.log.lines)
        world.exchange.place = place  # type: ignore[method-assign] # and takes them again
        later(world, 30)
        assert [stop.amount for stop in live(world)] == [1]

    def test_a_position_without_a_stop_on_the_exchange_is_sold_at_its_price(self, local: DeskWorld) -> None:
        enter(local)
        assert live(local) == []
        local.desk.refresh({"BTC/USD": Decimal("90.1")})
        assert local.desk.positions() != {}
        local.desk.refresh({"BTC/USD": Decimal(90)})
        assert local.desk.positions() == {}

    def test_a_price_that_jumped_past_a_stop_limit_is_sold_at_market(self, coinbase: DeskWorld) -> None:
        enter(coinbase)
        coinbase.exchange.set_price("BTC/USD", Decimal(80))
        coinbase.desk.refresh({"BTC/USD": Decimal(80)})
        assert coinbase.desk.positions() == {}
        assert coinbase.violations() == []

    def test_the_owner_sold_some_of_it_so_the_stop_covers_what_is_there(self, world: DeskWorld) -> None:
        world.fault("place", Fault.LOST_AFTER)
        enter(world)
        world.exchange.owner_order("BTC/USD", Side.SELL, Decimal("0.4"))
        later(world, 2)
        assert [stop.amount for stop in live(world)] == [Decimal("0.6")]

    def test_no_second_stop_is_placed_while_the_first_is_unknown(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        place = world.exchange.place

        def lose_the_stop(request: OrderRequest) -> str:
            if request.type is OrderType.STOP:
                world.fault("place", Fault.LOST_AND_HIDDEN)
                world.exchange.place = place  # type: ignore[method-assign] # once
            return place(request)

        world.exchange.place = lose_the_stop  # type: ignore[method-assign] # the answer to the stop is lost
        enter(world)
        later(world, 2)
        assert [stop.amount for stop in live(world)] == [1]
        later(world, 60)
        assert [stop.amount for stop in live(world)] == [1]
        assert [line for line in world.log.lines if "Stop placed" in line] == [
            "🛡️ Stop placed: BTC/USD 1.00000000 @ $90.00"
        ]
        assert world.violations() == []

    def test_on_coinbase_a_stop_whose_request_hung_is_wanted_still(self, coinbase: DeskWorld) -> None:
        """Half a minute without an answer must not end in minutes without a stop."""
        place = coinbase.exchange.place
        hung: list[str] = []

        def hang_at_the_stop(request: OrderRequest) -> str:
            if request.type is OrderType.STOP:
                hung.append(request.client_id)
                coinbase.exchange.place = place  # type: ignore[method-assign] # once
                coinbase.clock.advance(30.0)
                raise OutcomeUnknown("no answer in time")
            return place(request)

        coinbase.exchange.place = hang_at_the_stop  # type: ignore[method-assign] # nothing was placed
        enter(coinbase)
        later(coinbase, 2)
        assert [stop.client_id for stop in live(coinbase)] == hung
        assert coinbase.violations() == []

    def test_a_stop_is_replaced_once_the_end_of_the_old_one_is_confirmed(self, coinbase: DeskWorld) -> None:
        """The owner's coins would let the exchange take both."""
        coinbase.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(coinbase)
        coinbase.fault("cancel", Fault.SLOW)
        coinbase.desk.trail("BTC/USD", Decimal(95))
        assert oversold(coinbase.exchange) == []
        later(coinbase, 20)
        assert [(stop.amount, stop.stop_price) for stop in live(coinbase)] == [(ONE, Decimal(95))]

    def test_of_two_stops_the_newest_stays(self, world: DeskWorld) -> None:
        """A stop that was believed gone exists after all."""
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        world.exchange.owner_cancels_all()
        (old,) = [order for order in world.exchange.ours() if order.type is OrderType.STOP]
        world.exchange.book.orders[old.exchange_id] = replace(old, status=OrderStatus.OPEN, closed=None)
        plan = world.journal.plans.open()[0]
        world.desk._executor._place(plan, ONE, STOP)
        later(world, 15)
        (kept,) = live(world)
        assert kept.exchange_id != old.exchange_id

    def test_an_answer_from_before_the_fill_changes_nothing(self, world: DeskWorld) -> None:
        world.exchange.fill_lag = 30.0
        enter(world)
        world.fault("read", Fault.STALE)
        later(world, 5)
        later(world, 60)
        assert world.desk.positions()["BTC/USD"].amount == 1
        assert world.violations() == []


class TestExits:
    def test_an_exit_withdraws_the_stop_and_sells_everything(self, world: DeskWorld) -> None:
        enter(world)
        assert world.desk.exit("BTC/USD", "exit signal").status is ExitStatus.CLOSED
        assert live(world) == []
        assert world.desk.positions() == {}
        assert world.exchange.bought_by_nija("BTC/USD") == 0

    def test_the_owners_coins_are_never_sold(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        world.desk.exit("BTC/USD", "exit signal")
        assert world.exchange.book.total["BTC"] == 3

    def test_a_stop_that_fills_while_it_is_withdrawn_leaves_nothing_to_sell(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        cancel = world.exchange.cancel

        def too_late(exchange_id: str) -> None:
            world.exchange.set_price("BTC/USD", Decimal(90))
            cancel(exchange_id)

        world.exchange.cancel = too_late  # type: ignore[method-assign] # the market was faster
        assert world.desk.exit("BTC/USD", "exit signal").status is ExitStatus.CLOSED
        assert world.exchange.book.total["BTC"] == 3

    def test_nothing_is_sold_while_the_fate_of_the_stop_is_unknown(self, world: DeskWorld) -> None:
        enter(world)
        world.fault("cancel", Fault.UNAVAILABLE)
        with pytest.raises(BrokerError):
            world.desk.exit("BTC/USD", "exit signal")
        assert len(live(world)) == 1
        later(world)
        assert world.desk.positions() == {}
        assert world.violations() == []

    def test_nothing_is_sold_before_the_stop_is_really_gone(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        world.fault("cancel", Fault.SLOW)
        assert world.desk.exit("BTC/USD", "exit signal").status is ExitStatus.WORKING
        assert len(live(world)) == 1
        assert oversold(world.exchange) == []
        later(world, 20)
        assert world.desk.positions() == {}
        assert world.exchange.book.total["BTC"] == 3

    def test_an_end_that_does_not_come_is_asked_for_again(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        enter(world)
        with monkeypatch.context() as now:
            now.setattr(world.exchange, "cancel", lambda _: None)
            assert world.desk.exit("BTC/USD", "exit signal").status is ExitStatus.WORKING
        later(world)
        assert world.desk.positions() == {}

    def test_what_a_stop_sold_is_not_sold_again_before_its_fill_is_shown(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        world.exchange.fill_lag = 30.0
        world.exchange.set_price("BTC/USD", Decimal(89))
        assert world.desk.exit("BTC/USD", "exit signal").status is ExitStatus.WORKING
        later(world, 60)
        assert world.desk.positions() == {}
        assert world.exchange.book.total["BTC"] == 3

    def test_what_a_sale_sold_in_part_is_not_sold_again_before_its_fill_is_shown(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        world.exchange.fill_lag = 30.0
        world.fault("place", Fault.PARTIAL)
        world.desk.exit("BTC/USD", "exit signal")
        assert oversold(world.exchange) == []
        later(world, 60)
        later(world, 60)
        assert world.desk.positions() == {}
        assert world.exchange.book.total["BTC"] == 3

    def test_a_refused_sale_puts_the_stop_back_and_is_tried_again(self, world: DeskWorld) -> None:
        enter(world)
        world.fault("place", Fault.REFUSED)
        assert world.desk.exit("BTC/USD", "exit signal").status is ExitStatus.WORKING
        assert [stop.amount for stop in live(world)] == [1]
        later(world, 30)
        assert world.desk.positions() == {}
        assert world.violations() == []

    def test_a_sale_whose_answer_was_lost_sells_once(self, world: DeskWorld) -> None:
        world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(3))
        enter(world)
        world.fault("place", Fault.LOST_AFTER)
        world.desk.exit("BTC/USD", "exit signal")
        later(world, 5)
        later(world, 60)
        assert world.exchange.book.total["BTC"] == 3
        assert world.desk.positions() == {}

    def test_a_decision_to_sell_survives_the_process(self, world: DeskWorld) -> None:
        enter(world)
        world.fault("cancel", Fault.KILLED_BEFORE)
        world.exit("BTC/USD")
        later(world)
        assert world.desk.positions() == {}

    def test_a_partly_filled_sale_goes_on(self, world: DeskWorld) -> None:
        enter(world)
        world.fault("place", Fault.PARTIAL)
        world.desk.exit("BTC/USD", "exit signal")
        later(world)
        assert world.desk.positions() == {}
        assert world.exchange.bought_by_nija("BTC/USD") == 0

    def test_dust_is_written_off_and_does_not_block_the_market(self, world: DeskWorld) -> None:
        enter(world, Decimal("0.0075"))
        world.fault("place", Fault.PARTIAL)
        world.desk.exit("BTC/USD", "exit signal")
        later(world)
        assert world.desk.positions() == {}
        (plan,) = world.journal.plans.all()
        assert [loss.amount for loss in world.journal.plans.write_offs(plan.id)] == [Decimal("0.00375")]
        world.candle_closes()
        assert enter(world).status is EntryStatus.FILLED

    def test_dust_leaves_at_the_last_price(self, world: DeskWorld) -> None:
        enter(world, Decimal("0.0075"))
        world.exchange.set_price("BTC/USD", Decimal(96))
        world.refresh(with_prices=True)
        world.fault("place", Fault.PARTIAL)
        world.desk.exit("BTC/USD", "exit signal")
        later(world)
        assert [loss.price for loss in world.journal.plans.all_write_offs()] == [Decimal(96)]

    def test_flatten_sells_everything_of_nijas_and_nothing_else(self, world: DeskWorld) -> None:
        theirs = world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(1), Decimal(50))
        enter(world)
        world.desk.flatten()
        assert world.desk.positions() == {}
        assert world.exchange.book.orders[theirs].status is OrderStatus.OPEN

    def test_entries_that_still_work_are_cancelled(self, world: DeskWorld) -> None:
        world.fault("place", Fault.HALF_OPEN)
        enter(world)
        world.desk.cancel_entries()
        later(world)
        assert live(world, OrderType.MARKET) == []
        assert [stop.amount for stop in live(world)] == [Decimal("0.5")]


class TestOneThatFails:
    """A failing position, order or request does not keep the others from being managed."""

    @pytest.fixture
    def two(self, world: DeskWorld) -> DeskWorld:
        world.enter("BTC/USD", ONE)
        world.enter("ETH/USD", ONE)
        return world

    @pytest.fixture
    def bitcoin_hangs(self, two: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> DeskWorld:
        """No order of BTC/USD can be cancelled."""
        cancel = two.exchange.cancel

        def hang(exchange_id: str) -> None:
            if two.exchange.book.orders[exchange_id].market == "BTC/USD":
                raise Unavailable("503")
            cancel(exchange_id)

        monkeypatch.setattr(two.exchange, "cancel", hang)
        return two

    def stops(self, world: DeskWorld, market: str) -> list[Order]:
        return [stop for stop in live(world) if stop.market == market]

    def test_a_position_that_fails_keeps_no_other_from_being_protected(self, bitcoin_hangs: DeskWorld) -> None:
        world = bitcoin_hangs
        world.exit("BTC/USD")
        world.exchange.owner_cancels(self.stops(world, "ETH/USD")[0].exchange_id)
        world.clock.advance(15)
        with pytest.raises(BrokerError):
            world.desk.refresh()
        assert [stop.amount for stop in self.stops(world, "ETH/USD")] == [ONE]

    def test_a_position_that_fails_keeps_no_other_from_being_flattened(self, bitcoin_hangs: DeskWorld) -> None:
        with pytest.raises(BrokerError):
            bitcoin_hangs.desk.flatten()
        assert list(bitcoin_hangs.desk.positions()) == ["BTC/USD"]

    def test_an_entry_that_cannot_be_cancelled_keeps_no_other_from_being_cancelled(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for market in ("BTC/USD", "ETH/USD"):
            world.fault("place", Fault.HALF_OPEN)
            world.enter(market, ONE)
        cancelled: list[str] = []

        def hang(exchange_id: str) -> None:
            cancelled.append(world.exchange.book.orders[exchange_id].market)
            raise Unavailable("503")

        monkeypatch.setattr(world.exchange, "cancel", hang)
        with pytest.raises(BrokerError):
            world.desk.cancel_entries()
        assert cancelled == ["BTC/USD", "ETH/USD"]

    def test_an_order_that_cannot_be_asked_after_keeps_no_position_from_being_protected(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.enter("ETH/USD", ONE)
        world.fault("place", Fault.LOST_BEFORE)
        enter(world)

        def hang(request: OrderRequest) -> Resolution:
            raise Unavailable(f"503 for {request.market}")

        monkeypatch.setattr(world.exchange, "resolve", hang)
        world.exchange.owner_cancels(self.stops(world, "ETH/USD")[0].exchange_id)
        later(world, 15)
        assert [stop.amount for stop in self.stops(world, "ETH/USD")] == [ONE]

    def test_a_refused_key_is_told_at_once(self, two: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every further call would only bring the key closer to a lockout."""
        asked: list[str] = []

        def refuse(exchange_id: str) -> None:
            asked.append(exchange_id)
            raise Unauthorized("EAPI:Invalid key")

        monkeypatch.setattr(two.exchange, "cancel", refuse)
        with pytest.raises(Unauthorized):
            two.desk.flatten()
        assert len(asked) == 1


class TestTheExchangesTime:
    @pytest.fixture
    def unmeasured(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> DeskWorld:
        enter(world)

        def refuse(max_age: float = 300.0) -> None:
            raise Unavailable(f"the exchange's time of the last {max_age:.0f} s is not known")

        monkeypatch.setattr(world.exchange, "sync_clock", refuse)
        return world

    def test_nothing_is_bought_while_it_is_not_known(self, unmeasured: DeskWorld) -> None:
        eth = unmeasured.exchange.listed["ETH/USD"]
        assert unmeasured.desk.enter(eth, ONE, STOP, unmeasured.candle, "trend").status is EntryStatus.FAILED
        assert len(entries(unmeasured)) == 1

    def test_what_protects_and_what_sells_does_not_wait_for_it(self, unmeasured: DeskWorld) -> None:
        unmeasured.exchange.owner_cancels_all()
        later(unmeasured, 15)
        assert [stop.amount for stop in live(unmeasured)] == [ONE]
        assert unmeasured.desk.exit("BTC/USD", "exit signal").status is ExitStatus.CLOSED

    def test_fills_of_a_minute_before_their_order_are_booked(self, world: DeskWorld) -> None:
        """As far as the exchange's clock and the measured one may differ."""
        world.exchange.fill_lag = 30.0
        enter(world)
        book = world.exchange.book
        book.fills[:] = [replace(fill, time=fill.time - timedelta(seconds=60)) for fill in book.fills]
        later(world)
        assert world.desk.positions()["BTC/USD"].amount == ONE


class TestCost:
    def test_a_quiet_desk_asks_the_exchange_nothing(self, world: DeskWorld) -> None:
        world.exchange.calls.clear()
        for _ in range(50):
            world.clock.advance(1)
            world.desk.refresh()
        assert world.exchange.calls == []

    def test_a_resting_stop_costs_one_question_every_ten_seconds(self, world: DeskWorld) -> None:
        enter(world)
        world.exchange.calls.clear()
        for _ in range(100):
            world.clock.advance(1)
            world.desk.refresh()
        assert set(world.exchange.calls) == {"orders"}
        assert 8 <= len(world.exchange.calls) <= 10


def scenario(world: DeskWorld) -> None:
    """A whole life of a position."""
    world.enter("BTC/USD", ONE)
    world.trail("BTC/USD", 95)
    world.exchange.owner_order("BTC/USD", Side.BUY, Decimal(1))
    world.exit("BTC/USD")


def steps_of(exchange: Exchange) -> int:
    world = DeskWorld(exchange)
    before = len(world.steps)
    scenario(world)
    world.close()
    return len(world.steps) - before


@pytest.mark.parametrize("exchange", exchanges())
def test_a_kill_at_any_journal_step_loses_and_doubles_nothing(exchange: Exchange) -> None:
    steps = steps_of(exchange)
    assert steps >= 20
    for step in range(1, steps + 1):
        world = DeskWorld(exchange)
        world.kill_after(step)
        scenario(world)
        world.come_to_rest()
        assert (step, world.kills, world.violations()) == (step, 1, [])
        world.close()


@pytest.mark.parametrize("exchange", exchanges())
@pytest.mark.parametrize("fault", [Fault.KILLED_BEFORE, Fault.KILLED_AFTER])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_kill_in_the_middle_of_a_request_loses_and_doubles_nothing(
    exchange: Exchange, fault: Fault, place: int
) -> None:
    world = DeskWorld(exchange)
    sent = 0
    real = world.exchange.place

    def kill(request: OrderRequest) -> str:
        nonlocal sent
        sent += 1
        if sent == place:
            world.fault("place", fault)
        return real(request)

    world.exchange.place = kill  # type: ignore[method-assign] # the process ends during this request
    scenario(world)
    world.come_to_rest()
    assert world.kills == 1
    assert world.violations() == []
    world.close()
