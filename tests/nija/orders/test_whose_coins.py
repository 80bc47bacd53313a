"""The owner trades by hand beside NIJA: his coins are never sold, and NIJA notices at once when its own are gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import BudgetSpent, Unavailable
from brokers.exchanges import exchanges
from brokers.model import ZERO, Evidence, Exchange, OrderRequest, OrderType, Side, Undetermined
from brokers.throttle import DecayingCounter
from nija.events import PositionWrittenOff
from nija.journal.records import HaltName
from nija.orders.desk import ANOTHER_PROGRAM
from nija.orders.state import EntryStatus, ExitStatus
from tests.nija.orders.desk_world import DeskWorld
from tests.nija.orders.exchange_model import BTC, ETH, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from brokers.model import Balance, Fill, Order

ONE = Decimal(1)
STOP = Decimal(90)
BTC_USD = "BTC/USD"
ETH_USD = "ETH/USD"


@pytest.fixture(params=exchanges())
def world(request: pytest.FixtureRequest) -> Iterator[DeskWorld]:
    world = DeskWorld(request.param)
    yield world
    world.close()


def buy(world: DeskWorld, amount: Decimal = ONE, *, owner: str = "0") -> None:
    """NIJA buys beside what the owner holds."""
    if Decimal(owner) > ZERO:
        world.exchange.owner_deposits("BTC", Decimal(owner))
    world.desk.enter(BTC, amount, STOP, world.candle, "trend")
    assert [stop.amount for stop in stops(world)] == [amount]


def stops(world: DeskWorld) -> list[Order]:
    return [order for order in world.exchange.ours() if order.type is OrderType.STOP and not order.status.is_final]


def held(world: DeskWorld) -> Decimal:
    position = world.desk.positions().get(BTC_USD)
    return ZERO if position is None else position.amount


def later(world: DeskWorld, seconds: float = 15.0, times: int = 1) -> None:
    for _ in range(times):
        world.clock.advance(seconds)
        world.refresh(with_prices=True)


def with_krakens_lowest_tier(world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Account requests count as at Kraken: a history takes half of the rate limit."""
    counter = DecayingCounter(15.0, 0.33)
    balances, fills = world.exchange.balances, world.exchange.fills

    def paid(cost: float, reserve: float) -> None:
        wait = counter.take(cost, world.clock.monotonic(), reserve=reserve)
        if wait:
            raise BudgetSpent("no room", wait)
        counter.landed(cost, world.clock.monotonic())

    def told(*, protects: bool = False) -> Mapping[str, Balance]:
        paid(1.0, 0.0 if protects else 4.0)
        return balances(protects=protects)

    def read(since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        paid(4.0, 0.0 if protects else 4.0)
        return fills(since, protects=protects)

    counter.fill(world.clock.monotonic())
    monkeypatch.setattr(world.exchange, "balances", told)
    monkeypatch.setattr(world.exchange, "fills", read)


@pytest.mark.parametrize("cycle", [1.0, 3.0, 5.0])
def test_doubt_ends_within_two_minutes_where_the_rate_limit_is_used_up(
    world: DeskWorld, monkeypatch: pytest.MonkeyPatch, cycle: float
) -> None:
    buy(world, owner="0.5")
    world.exchange.owner_cancels_all()
    world.exchange.owner_sells(BTC_USD, Decimal("0.7"))
    with_krakens_lowest_tier(world, monkeypatch)
    later(world, cycle, times=int(120 / cycle))
    assert [stop.amount for stop in stops(world)] == [held(world)] == [Decimal("0.3")]


@pytest.fixture
def two(world: DeskWorld) -> DeskWorld:
    """Two positions in one currency, each under its stop."""
    euro = replace(BTC, symbol="BTC/EUR", quote="EUR")
    world.exchange.listed["BTC/EUR"] = euro
    world.exchange.price["BTC/EUR"] = Decimal(100)
    world.exchange.owner_deposits("EUR", Decimal(1000))
    buy(world)
    later(world, 61.0)
    world.desk.enter(euro, ONE, STOP, world.candle, "trend")
    later(world, 301.0)
    world.clock.advance(2)
    return world


class TestTheOwnerSellsNijasCoins:
    def test_the_position_is_booked_out_and_his_own_coins_are_left_alone(self, world: DeskWorld) -> None:
        buy(world, Decimal("0.0155"), owner="0.0021")
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, Decimal("0.0155"))
        later(world)
        assert world.desk.positions() == {}
        assert stops(world) == []
        assert world.exchange.book.total["BTC"] == Decimal("0.0021")

    def test_it_is_said_who_took_them(self, world: DeskWorld) -> None:
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, ONE)
        later(world)
        assert [line for line in world.log.lines if "booked out" in line] == [
            "🔎 POSITION_MISMATCH: BTC/USD: 1.00000000 BTC sold by the owner's hand: booked out"
        ]
        (gone,) = [event for event in world.log.published if isinstance(event, PositionWrittenOff)]
        assert (gone.market, gone.amount, gone.reason) == (BTC_USD, ONE, "sold by the owner's hand")

    @pytest.mark.parametrize("sold", [BTC_USD, "ETH/USD"])
    def test_it_is_said_of_each_of_two_positions_that_lost_their_stops(self, world: DeskWorld, sold: str) -> None:
        buy(world)
        world.desk.enter(ETH, ONE, Decimal(40), world.candle, "trend")
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(sold, ONE)
        later(world)
        assert len([line for line in world.log.lines if "sold by the owner's hand: booked out" in line]) == 1
        assert world.desk.positions().keys() == {BTC_USD, "ETH/USD"} - {sold}
        assert len(stops(world)) == 1

    def test_they_left_at_the_last_price_that_is_known(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.set_price(BTC_USD, Decimal(96))
        world.refresh(with_prices=True)
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, ONE)
        world.clock.advance(15.0)
        world.refresh()
        assert [loss.price for _, loss in world.desk.written_off()] == [Decimal(96)]

    def test_without_any_price_it_is_not_known_at_which_they_left(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, ONE)
        world.clock.advance(15.0)
        world.refresh()
        assert [loss.price for _, loss in world.desk.written_off()] == [None]

    def test_what_is_left_of_the_position_is_protected_again(self, world: DeskWorld) -> None:
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, Decimal("0.4"))
        later(world)
        assert held(world) == Decimal("0.6")
        assert [stop.amount for stop in stops(world)] == [Decimal("0.6")]

    def test_a_sale_of_no_more_than_his_own_is_his_own(self, world: DeskWorld) -> None:
        buy(world, owner="0.5")
        world.exchange.owner_sells(BTC_USD, Decimal("0.5"))
        later(world, times=30)
        assert held(world) == ONE
        assert [stop.amount for stop in stops(world)] == [ONE]

    def test_his_coins_of_many_times_the_position_do_not_hide_a_sale_of_nijas(self, world: DeskWorld) -> None:
        """After his sale the balance still covers NIJA's position: the exchange would accept NIJA's sale."""
        buy(world, owner="3")
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, Decimal("3.2"))
        world.desk.exit(BTC_USD, "exit signal")
        later(world, times=10)
        assert world.exchange.book.total["BTC"] == Decimal("0.8")
        assert world.desk.positions() == {}

    def test_coins_he_deposits_before_he_sells_are_his(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.owner_deposits("BTC", Decimal(2))
        world.exchange.owner_sells(BTC_USD, Decimal(2))
        later(world, times=30)
        assert held(world) == ONE

    def test_coins_spent_in_a_market_of_another_quote_are_found_too(self, world: DeskWorld) -> None:
        """He buys ETH with NIJA's BTC."""
        buy(world)
        world.exchange.owner_cancels_all()
        world.exchange.listed["ETH/BTC"] = replace(BTC, symbol="ETH/BTC", base="ETH", quote="BTC")
        world.exchange.price["ETH/BTC"] = Decimal("0.5")
        world.exchange.owner_order("ETH/BTC", Side.BUY, ONE)
        later(world)
        assert held(world) == Decimal("0.498")

    @pytest.mark.parametrize("wait", [0, 40, 400])
    def test_a_restart_and_the_loss_of_the_disk_change_nothing_of_it(self, world: DeskWorld, wait: int) -> None:
        buy(world, Decimal("0.0155"), owner="0.0021")
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, Decimal("0.0155"))
        world.clock.advance(wait)
        world.lose_disk()
        later(world, 30.0, times=8)
        assert world.desk.positions() == {}
        assert stops(world) == []
        assert world.exchange.book.total["BTC"] == Decimal("0.0021")

    def test_what_he_sells_while_nijas_sale_is_on_its_way_is_booked_out_and_the_rest_protected_at_once(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buy(world)
        place = world.exchange.place

        def too_late(request: OrderRequest) -> str:
            if request.type is OrderType.MARKET:
                world.exchange.owner_sells(BTC_USD, Decimal("0.4"))
            return place(request)

        with monkeypatch.context() as now:
            now.setattr(world.exchange, "place", too_late)
            world.desk.exit(BTC_USD, "exit signal")
        assert [stop.amount for stop in stops(world)] == [Decimal("0.6")]

    def test_a_sale_that_is_listed_late_is_still_his(self, world: DeskWorld) -> None:
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.fill_lag = 20.0
        world.exchange.owner_sells(BTC_USD, ONE)
        later(world, times=8)
        assert [line for line in world.log.lines if "sold by the owner's hand" in line]

    def test_what_nija_sold_of_a_position_is_no_sale_of_his(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.owner_cancels_all()
        world.fault("place", Fault.PARTIAL)
        world.desk.exit(BTC_USD, "exit signal")
        later(world, times=4)
        assert world.exchange.bought_by_nija(BTC_USD) == ZERO
        assert not any("booked out" in line for line in world.log.lines)

    def test_of_two_positions_that_of_the_market_he_sold_in_is_booked_out(self, two: DeskWorld) -> None:
        two.exchange.owner_cancels_all()
        two.exchange.owner_sells("BTC/EUR", ONE)
        later(two)
        assert list(two.desk.positions()) == [BTC_USD]


class TestWhileNijasStopBindsItsCoins:
    """No one else can sell them meanwhile, so whatever moves is the owner's; without the stop that is uncertain."""

    def test_what_he_withdraws_of_what_he_bought_is_his_own(self, world: DeskWorld) -> None:
        """His orders alone do not show whether he withdrew before he bought."""
        buy(world, owner="0.5")
        later(world, 301.0)
        world.clock.advance(2)
        world.exchange.owner_order(BTC_USD, Side.BUY, ONE)
        world.exchange.owner_withdraws("BTC", Decimal("1.2"))
        later(world, 301.0)
        assert not any("doubt" in line for line in world.log.lines)
        assert (held(world), [stop.amount for stop in stops(world)]) == (ONE, [ONE])

    def test_once_he_cancelled_it_the_same_amount_may_be_other_coins(self, world: DeskWorld) -> None:
        buy(world)
        later(world, 301.0)
        world.clock.advance(2)
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, ONE)
        world.exchange.owner_order(BTC_USD, Side.BUY, ONE)
        later(world, times=4)
        assert world.desk.positions() == {}
        assert world.exchange.book.total["BTC"] == ONE

    def test_a_cancelled_stop_frees_the_same_amount_over_a_restart(self, world: DeskWorld) -> None:
        buy(world)
        later(world, 301.0)
        world.journal.close()
        world.clock.advance(2)
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, ONE)
        world.exchange.owner_order(BTC_USD, Side.BUY, ONE)
        world.start()
        later(world, times=4)
        assert world.desk.positions() == {}
        assert world.exchange.book.total["BTC"] == ONE

    def test_a_stop_that_he_cancelled_just_before_nija_would_counts_as_cancelled_by_him(self, world: DeskWorld) -> None:
        buy(world)
        later(world, 301.0)
        world.clock.advance(2)
        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, ONE)
        world.exchange.owner_order(BTC_USD, Side.BUY, ONE)
        world.desk.exit(BTC_USD, "exit signal")
        later(world, times=4)
        assert world.exchange.book.total["BTC"] == ONE

    def test_that_one_is_withdrawn_by_nija_says_nothing_of_the_other_s_coins(
        self, two: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """NIJA cancels one to sell, and its requests fail; he cancels the other, sells its coins and buys more."""
        two.clock.advance(9)
        cancel = two.exchange.cancel

        def silent(*, protects: bool = False) -> Mapping[str, Balance]:
            raise Unavailable(f"503, protects {protects}")

        with monkeypatch.context() as now:

            def then_silent(exchange_id: str) -> None:
                cancel(exchange_id)
                now.setattr(two.exchange, "balances", silent)

            now.setattr(two.exchange, "cancel", then_silent)
            two.exit(BTC_USD)
            two.clock.advance(0.5)
            two.exchange.owner_cancels_all()
            two.exchange.owner_sells("BTC/EUR", ONE)
            two.exchange.owner_order("BTC/EUR", Side.BUY, ONE)
        later(two, 0.5)
        later(two, times=4)
        assert two.desk.positions() == {}
        assert two.exchange.book.total["BTC"] == ONE

    @pytest.mark.parametrize("lag", [0.0, 30.0])
    def test_what_it_sells_at_the_very_moment_of_a_look_is_not_missing(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch, lag: float
    ) -> None:
        buy(world)
        balances = world.exchange.balances

        def meanwhile(*, protects: bool = False) -> Mapping[str, Balance]:
            world.exchange.set_price(BTC_USD, Decimal(89))
            return balances(protects=protects)

        world.exchange.fill_lag = lag
        monkeypatch.setattr(world.exchange, "balances", meanwhile)
        later(world, 301.0, times=2)
        assert world.desk.positions() == {}
        assert not any("doubt" in line or "booked out" in line for line in world.log.lines)


class TestCoinsAreWithdrawn:
    def test_those_of_his_own_change_nothing(self, world: DeskWorld) -> None:
        buy(world, owner="0.5")
        world.exchange.owner_withdraws("BTC", Decimal("0.5"))
        later(world, times=30)
        assert held(world) == ONE
        assert not any("doubt" in line for line in world.log.lines)

    def test_more_than_his_own_is_in_doubt_and_nothing_in_doubt_is_sold(self, world: DeskWorld) -> None:
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.owner_withdraws("BTC", Decimal("0.7"))
        later(world)
        assert any("Position in doubt" in line for line in world.log.lines)
        assert world.desk.blocked(BTC_USD) is not None
        assert [stop.amount for stop in stops(world)] == [Decimal("0.3")]

    def test_it_is_settled_within_two_minutes(self, world: DeskWorld) -> None:
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.owner_withdraws("BTC", Decimal("0.7"))
        later(world, 10.0, times=10)
        assert held(world) == Decimal("0.3")
        assert [stop.amount for stop in stops(world)] == [Decimal("0.3")]
        assert world.exchange.book.total["BTC"] == Decimal("0.4")

    def test_restarts_do_not_begin_to_count_anew(self, world: DeskWorld) -> None:
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.owner_withdraws("BTC", Decimal("0.7"))
        for _ in range(5):
            later(world, 20.0)
            world.journal.close()
            world.start()
        assert held(world) == Decimal("0.3")

    def test_a_balance_that_lags_for_a_while_books_nothing_out(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.book.total["BTC"] -= ONE
        later(world, 301.0)
        assert any("Position in doubt" in line for line in world.log.lines)
        world.exchange.book.total["BTC"] += ONE
        later(world, 15.0, times=10)
        assert held(world) == ONE
        assert [stop.amount for stop in stops(world)] == [ONE]

    def test_where_his_share_is_not_known_all_that_is_there_counts_as_his(self, world: DeskWorld) -> None:
        """The disk is lost, and no order shows where the coins went."""
        buy(world, owner="0.1")
        world.exchange.owner_cancels_all()
        world.exchange.owner_withdraws("BTC", Decimal("0.7"))
        world.lose_disk()
        later(world, 15.0, times=14)
        assert world.desk.positions() == {}
        assert world.exchange.book.total["BTC"] == Decimal("0.4")

    def test_a_sale_by_hand_long_ago_leaves_no_doubt_after_the_disk_is_lost(self, world: DeskWorld) -> None:
        """His share is not known, and no balance lags behind a sale for minutes."""
        buy(world, owner="2")
        world.exchange.owner_sells(BTC_USD, Decimal("0.5"))
        world.exchange.owner_cancels_all()
        later(world, 120.0)
        world.exchange.owner_cancels_all()
        world.lose_disk()
        later(world, 76.0)
        assert held(world) == ONE
        assert [stop.amount for stop in stops(world)] == [ONE]


class TestLocalStops:
    """Nothing locks the coins at the exchange."""

    @pytest.fixture
    def local(self) -> Iterator[DeskWorld]:
        world = DeskWorld(Exchange.KRAKEN, local=True)
        world.exchange.owner_deposits("BTC", Decimal("0.1"))
        world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        yield world
        world.close()

    def test_balances_that_are_asked_for_anyway_show_what_he_took(self, local: DeskWorld) -> None:
        later(local, times=3)
        local.exchange.owner_sells(BTC_USD, ONE)
        local.desk.note_balances(local.exchange.balances())
        later(local)
        assert local.desk.positions() == {}

    def test_an_exit_right_after_he_sold_sells_none_of_his(self, local: DeskWorld) -> None:
        local.exchange.owner_deposits("BTC", Decimal(2))
        later(local, times=3)
        local.exchange.owner_sells(BTC_USD, Decimal("2.5"))
        local.clock.advance(3)
        local.exit(BTC_USD)
        later(local, times=10)
        assert local.exchange.book.total["BTC"] == Decimal("0.6")
        assert local.desk.positions() == {}


class TestABalanceThatLagsBehindASaleByHand:
    """He sold NIJA's coins and bought some for himself: the fills show it, the balance does not yet."""

    @pytest.fixture
    def lagging(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> DeskWorld:
        buy(world, owner="2")
        later(world, 15.0, times=3)
        before, told = dict(world.exchange.balances()), world.exchange.balances
        until = world.clock.monotonic() + 20.0

        def late(*, protects: bool = False) -> Mapping[str, Balance]:
            return before if world.clock.monotonic() < until else told(protects=protects)

        world.exchange.owner_cancels_all()
        world.exchange.owner_sells(BTC_USD, Decimal("2.5"))
        world.exchange.owner_order(BTC_USD, Side.BUY, ONE)
        monkeypatch.setattr(world.exchange, "balances", late)
        return world

    def test_nothing_is_sold_meanwhile(self, lagging: DeskWorld) -> None:
        lagging.exit(BTC_USD)
        later(lagging, 5.0)
        assert lagging.exchange.book.total["BTC"] == Decimal("1.5")

    def test_it_is_settled_once_the_balance_shows_it(self, lagging: DeskWorld) -> None:
        lagging.exit(BTC_USD)
        later(lagging, 10.0, times=12)
        assert lagging.desk.positions() == {}
        assert lagging.exchange.book.total["BTC"] == Decimal("1.5")


class TestWhatCannotBeKnown:
    def test_no_stop_is_withdrawn_for_a_sale_while_it_cannot_be_asked_whose_coins_these_are(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buy(world)
        later(world, 31.0)

        def silent(*, protects: bool = False) -> Mapping[str, Balance]:
            raise Unavailable(f"503, protects {protects}")

        with monkeypatch.context() as now:
            now.setattr(world.exchange, "balances", silent)
            world.exit(BTC_USD)
            assert [stop.amount for stop in stops(world)] == [ONE]
        later(world)
        assert world.desk.positions() == {}

    def test_a_balance_that_cannot_be_named_is_not_nothing(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.unread = {"balance:XXBT": "no such currency"}
        del world.exchange.book.total["BTC"]
        for _ in range(30):
            later(world)
        assert held(world) == ONE

    def test_nothing_is_bought_while_it_is_not_known_what_the_owner_holds(self, world: DeskWorld) -> None:
        world.fault("read", Fault.UNAVAILABLE)
        outcome = world.desk.enter(BTC, ONE, STOP, world.candle, "trend")
        assert outcome.status is EntryStatus.FAILED
        assert world.exchange.ours() == []

    def test_coins_that_an_order_of_his_binds_are_named(self, world: DeskWorld) -> None:
        buy(world)
        world.exchange.owner_cancels_all()
        theirs = world.exchange.owner_order(BTC_USD, Side.SELL, Decimal("0.7"), Decimal(200))
        later(world)
        assert any(f"the owner's own order {theirs} (0.7" in line for line in world.log.lines)
        assert [stop.amount for stop in stops(world)] == [Decimal("0.3")]
        world.exchange.owner_cancels(theirs)
        later(world, 31.0, times=12)
        assert [stop.amount for stop in stops(world)] == [ONE]


def another_nija_places(
    world: DeskWorld, purpose: Purpose, amount: Decimal, stop_price: Decimal | None = None, market: str = BTC_USD
) -> str:
    """An order with NIJA's id that this journal does not know."""
    return world.exchange.somebody_else_places(
        OrderRequest(
            client_id=new_client_id(purpose),
            market=market,
            side=Side.BUY if purpose is Purpose.ENTRY else Side.SELL,
            type=OrderType.MARKET if stop_price is None else OrderType.STOP,
            amount=amount,
            deadline=world.exchange.exchange_time() + timedelta(seconds=30),
            stop_price=stop_price,
        )
    )


class TestAnotherNija:
    """Two NIJAs on one account: both would buy, adopt each other's orders, and sell each other's coins."""

    @pytest.fixture
    def running(self, world: DeskWorld) -> DeskWorld:
        later(world, 100.0)
        return world

    def test_what_it_sold_in_two_markets_is_gone_from_both(self, running: DeskWorld) -> None:
        """However much the owner holds: none of it is sold for what the other NIJA sold."""
        for currency in ("BTC", "ETH"):
            running.exchange.owner_deposits(currency, Decimal(10))
        for market in (BTC_USD, ETH_USD):
            running.enter(market, ONE)
        running.exchange.owner_cancels_all()
        for market in (BTC_USD, ETH_USD):
            another_nija_places(running, Purpose.EXIT, ONE, market=market)
        later(running, times=30)
        assert running.desk.positions() == {}
        assert running.exchange.book.total["ETH"] == running.exchange.book.total["BTC"] == Decimal(10)

    def test_a_question_that_fails_is_asked_again_whole(
        self, running: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        buy(running, owner="10")
        running.exchange.owner_cancels_all()
        theirs = another_nija_places(running, Purpose.EXIT, ONE)
        orders, silent = running.exchange.orders, [True]

        def once_silent(exchange_ids: Sequence[str]) -> Mapping[str, Order]:
            if silent and theirs in exchange_ids:
                silent.clear()
                raise Unavailable("503")
            return orders(exchange_ids)

        monkeypatch.setattr(running.exchange, "orders", once_silent)
        later(running, times=30)
        assert running.desk.positions() == {}
        assert running.exchange.book.total["BTC"] == Decimal(10)

    def test_its_order_pauses_the_account(self, running: DeskWorld) -> None:
        another_nija_places(running, Purpose.ENTRY, ONE)
        later(running, 301.0)
        assert running.desk.blocked("ETH/USD") == ANOTHER_PROGRAM
        assert HaltName.ANOTHER_PROGRAM in running.journal.halts.all()
        assert len([line for line in running.log.lines if ANOTHER_PROGRAM in line]) == 1

    def test_an_own_order_of_unknown_outcome_is_nobody_elses(
        self, running: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its fill is listed, and read for another currency, before it is known that it was placed at all."""
        running.exchange.owner_deposits("ETH", Decimal(10))
        running.enter(ETH_USD, ONE)
        monkeypatch.setattr(running.exchange, "resolve", lambda _: Undetermined("no answer"))
        running.fault("place", Fault.LOST_AFTER)
        running.enter(BTC_USD, ONE)
        running.exchange.owner_cancels_all()
        running.exchange.owner_sells(ETH_USD, Decimal("10.5"))
        later(running, times=10)
        assert running.desk.blocked(ETH_USD) is None
        assert HaltName.ANOTHER_PROGRAM not in running.journal.halts.all()

    def test_nothing_of_it_is_taken_up_and_its_stop_is_left_alone(self, running: DeskWorld) -> None:
        another_nija_places(running, Purpose.ENTRY, ONE)
        theirs = another_nija_places(running, Purpose.STOP, ONE, Decimal(91))
        later(running, 301.0, times=5)
        assert running.desk.positions() == {}
        assert [stop.exchange_id for stop in stops(running)] == [theirs]

    def test_nija_s_own_stop_stays_where_it_is(self, running: DeskWorld) -> None:
        buy(running)
        another_nija_places(running, Purpose.ENTRY, ONE)
        later(running, 301.0)
        assert not running.desk.trail(BTC_USD, Decimal(95))
        assert running.desk.exit(BTC_USD, "exit signal").status is ExitStatus.WORKING
        later(running, 31.0)
        assert [(stop.amount, stop.stop_price) for stop in stops(running)] == [(ONE, STOP)]

    def test_a_stop_that_was_moved_is_not_moved_back(self, running: DeskWorld) -> None:
        """Two NIJAs that both place it again would fight over it."""
        buy(running)
        another_nija_places(running, Purpose.ENTRY, ONE)
        later(running, 301.0)
        running.exchange.owner_moves_stop(stops(running)[0].exchange_id, Decimal(50))
        later(running, 61.0, times=3)
        assert [stop.stop_price for stop in stops(running)] == [Decimal(50)]

    def test_it_holds_across_a_restart(self, running: DeskWorld) -> None:
        another_nija_places(running, Purpose.ENTRY, ONE)
        later(running, 301.0)
        running.journal.close()
        running.start()
        later(running, 301.0)
        assert running.desk.blocked(BTC_USD) == ANOTHER_PROGRAM
        assert running.desk.positions() == {}

    def test_what_it_left_is_taken_up_once_someone_resumes(self, running: DeskWorld) -> None:
        another_nija_places(running, Purpose.ENTRY, ONE)
        later(running, 301.0)
        running.clock.advance(1)
        running.journal.halts.reset(HaltName.ANOTHER_PROGRAM)
        running.desk.resumed()
        later(running)
        assert held(running) == ONE
        assert running.desk.blocked("ETH/USD") is None

    def test_what_it_sold_of_nija_s_is_gone_and_the_owner_s_are_not_sold_for_it(self, running: DeskWorld) -> None:
        buy(running, owner="1.3")
        running.exchange.owner_cancels_all()
        another_nija_places(running, Purpose.EXIT, ONE)
        running.desk.exit(BTC_USD, "exit signal")
        later(running, times=30)
        assert running.exchange.book.total["BTC"] == Decimal("1.3")
        assert running.desk.positions() == {}

    def test_what_it_sold_pauses_the_account_as_soon_as_the_coins_are_looked_at(self, running: DeskWorld) -> None:
        buy(running, owner="1.3")
        running.exchange.owner_cancels_all()
        another_nija_places(running, Purpose.EXIT, ONE)
        later(running)
        assert running.desk.blocked("ETH/USD") == ANOTHER_PROGRAM

    def test_what_it_sold_counts_once(self, running: DeskWorld) -> None:
        buy(running, owner="1.3")
        running.exchange.owner_cancels_all()
        another_nija_places(running, Purpose.EXIT, Decimal("0.4"))
        for _ in range(3):
            later(running)
            running.exchange.owner_cancels_all()
        assert held(running) == Decimal("0.6")

    def test_what_it_sold_counts_once_over_a_restart(self, running: DeskWorld) -> None:
        buy(running, owner="1.3")
        running.exchange.owner_cancels_all()
        another_nija_places(running, Purpose.EXIT, Decimal("0.4"))
        later(running)
        running.journal.close()
        running.start()
        later(running)
        assert held(running) == Decimal("0.6")

    def test_what_it_sold_counts_once_when_its_orders_are_taken_up(self, running: DeskWorld) -> None:
        buy(running, owner="1.3")
        running.exchange.owner_cancels_all()
        another_nija_places(running, Purpose.EXIT, Decimal("0.4"))
        later(running)
        running.clock.advance(1)
        running.journal.halts.reset(HaltName.ANOTHER_PROGRAM)
        running.desk.resumed()
        later(running, 15.0, times=3)
        assert held(running) == Decimal("0.6")
        assert [stop.amount for stop in stops(running)] == [Decimal("0.6")]

    def test_not_even_older_orders_are_taken_up_in_the_look_that_finds_it(self, world: DeskWorld) -> None:
        """They may be its own."""
        older = another_nija_places(world, Purpose.ENTRY, ONE)
        world.exchange.book.visible_from[older] = world.clock.time() + 250
        world.clock.advance(2)
        world.desk.refresh()
        world.journal.close()
        world.start()
        world.clock.advance(100)
        another_nija_places(world, Purpose.ENTRY, ONE)
        later(world, 301.0)
        assert world.desk.blocked("ETH/USD") == ANOTHER_PROGRAM
        assert world.desk.positions() == {}

    def test_two_stops_of_its_own_are_left_alone(self, running: DeskWorld) -> None:
        """One of them may be an orphan; that is for the other NIJA to decide."""
        buy(running, owner="3")
        another_nija_places(running, Purpose.ENTRY, ONE)
        later(running, 301.0)
        (mine,) = stops(running)
        gone = replace(mine, exchange_id="O99999", created=mine.created - timedelta(seconds=1))
        running.exchange.foreign(gone)
        later(running, 301.0, times=2)
        assert len(stops(running)) == 2

    def test_an_order_from_before_the_start_belongs_to_this_one(self, world: DeskWorld) -> None:
        another_nija_places(world, Purpose.ENTRY, ONE)
        world.clock.advance(2)
        world.journal.close()
        world.start()
        later(world, 90.0)
        assert held(world) == ONE
        assert world.desk.blocked("ETH/USD") is None


class TestAQuestionFails:
    def test_what_was_sold_while_nothing_bound_it_is_not_taken_for_the_owners(self, world: DeskWorld) -> None:
        """NIJA cancelled its stop for a sale, and could not check ownership for a while."""
        later(world, 100.0)
        buy(world, owner="2")
        later(world, 301.0)
        balances, failures = world.exchange.balances, [Unavailable("503")] * 3

        def fails(*, protects: bool = False) -> Mapping[str, Balance]:
            if failures and stops(world) == []:
                raise failures.pop()
            return balances(protects=protects)

        world.exchange.balances = fails  # type: ignore[method-assign] # the exchange is down for a moment
        world.clock.advance(5.0)
        world.exit(BTC_USD)
        assert stops(world) == []
        another_nija_places(world, Purpose.EXIT, ONE)
        later(world, times=30)
        assert failures == []
        assert world.exchange.book.total["BTC"] == Decimal(2)

    def test_what_another_nija_sold_is_still_known_once_it_can_be_asked(self, world: DeskWorld) -> None:
        """The fills were reported, but not their orders' client ids."""
        later(world, 100.0)
        buy(world, owner="1.3")
        world.exchange.owner_cancels_all()
        theirs = another_nija_places(world, Purpose.EXIT, ONE)
        orders, failures = world.exchange.orders, [Unavailable("503")]

        def fails_once(exchange_ids: Sequence[str]) -> Mapping[str, Order]:
            if theirs in exchange_ids and failures:
                raise failures.pop()
            return orders(exchange_ids)

        world.exchange.orders = fails_once  # type: ignore[method-assign] # the exchange is down for a moment
        world.exit(BTC_USD)
        later(world, times=30)
        assert failures == []
        assert world.exchange.book.total["BTC"] == Decimal("1.3")
        assert world.desk.positions() == {}


class TestWhatTheBrokerSawOfAnotherProgram:
    """Kraken's nonces reveal any other program that uses the key."""

    def seen(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch, *, is_certain: bool) -> DeskWorld:
        evidence = Evidence("another program uses this key", is_certain)
        monkeypatch.setattr(world.exchange, "another_program", lambda: evidence)
        later(world, times=3)
        return world

    def test_what_is_certain_pauses_the_account(self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen(world, monkeypatch, is_certain=True)
        assert world.desk.blocked(BTC_USD) == ANOTHER_PROGRAM

    def test_a_suspicion_is_said_once_and_pauses_nothing(
        self, world: DeskWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.seen(world, monkeypatch, is_certain=False)
        assert world.desk.blocked(BTC_USD) is None
        assert len([line for line in world.log.lines if "give NIJA a key of its own" in line]) == 1
