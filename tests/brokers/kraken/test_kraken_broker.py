"""The broker against the simulator, which is as strict as Kraken: breaking a rule fails the test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import (
    BadAnswer,
    BudgetSpent,
    DeadlineTooNear,
    NonceRejected,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    Unavailable,
)
from brokers.kraken.broker import KrakenBroker
from brokers.model import Absent, Found, Order, OrderRequest, OrderStatus, OrderType, Side, Undetermined
from brokers.nonce import Nonce
from brokers.simulator.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.simulator_fixtures import Rig

T = TypeVar("T")

BTC = "BTC/USD"
AMOUNT = Decimal("0.001")


def strike(rig: Rig, kind: FaultKind, endpoint: str, *, count: int | None = 1, seconds: float = 0.0) -> None:
    rig.fault(kind, exchange="kraken", endpoint=endpoint, count=count, seconds=seconds)


def placed_in_the_books(rig: Rig) -> int:
    return rig.simulator.call(lambda: len(rig.account("kraken:master").orders))


def requests_to(rig: Rig, endpoint: str) -> int:
    seen = rig.simulator.world.records.requests
    return rig.simulator.call(lambda: sum(request.endpoint == endpoint for request in seen))


def in_slices(rig: Rig, ask: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    """Repeat the call, as a trader does, while the budget is spent."""
    while True:
        try:
            return ask()
        except BudgetSpent as error:
            rig.clock.sleep(error.retry_after)


def request_for(  # noqa: PLR0913 - an order has as many sides, most by keyword
    broker: KrakenBroker,
    kind: OrderType,
    side: Side,
    amount: Decimal = AMOUNT,
    *,
    purpose: Purpose = Purpose.ENTRY,
    within: float = 30.0,
    limit: Decimal | None = None,
    stop: Decimal | None = None,
) -> OrderRequest:
    deadline = broker.exchange_time() + timedelta(seconds=within)
    return OrderRequest(new_client_id(purpose), BTC, side, kind, amount, deadline, limit_price=limit, stop_price=stop)


def buy(broker: KrakenBroker) -> OrderRequest:
    return request_for(broker, OrderType.MARKET, Side.BUY)


def low_bid(broker: KrakenBroker) -> OrderRequest:
    return request_for(broker, OrderType.LIMIT, Side.BUY, limit=Decimal(20_000))


def stop_below(broker: KrakenBroker, price: str = "20000") -> OrderRequest:
    return request_for(broker, OrderType.STOP, Side.SELL, purpose=Purpose.STOP, stop=Decimal(price))


def resting(broker: KrakenBroker, request: OrderRequest) -> Order:
    return broker.order(broker.place(request))


class TestConnecting:
    def test_it_learns_the_keys_rights_the_account_and_the_skew(self, trader: KrakenBroker, rig: Rig) -> None:
        info = trader.connect()
        assert info.account_uid == rig.simulated("kraken:master").account_uid
        assert info.missing == frozenset()
        assert not info.can_withdraw
        assert info.expires is None
        assert abs(info.clock_skew) <= timedelta(seconds=1)

    def test_a_clock_that_is_off_is_measured_and_corrected(self, trader: KrakenBroker, rig: Rig) -> None:
        strike(rig, FaultKind.CLOCK_OFFSET, "*", count=None, seconds=120.0)
        rig.clock.sleep(11)
        info = trader.connect()
        assert timedelta(seconds=119) <= info.clock_skew <= timedelta(seconds=121)
        assert trader.exchange_time().timestamp() - rig.clock.time() == pytest.approx(120, abs=1.0)

    def test_markets_carry_increments_and_minimums(self, trader: KrakenBroker) -> None:
        market = trader.markets()[BTC]
        assert (market.base, market.quote) == ("BTC", "USD")
        assert market.price_step == Decimal("0.1")
        assert market.amount_step == Decimal("0.00000001")
        assert market.min_amount == Decimal("0.00005")
        assert market.min_cost == Decimal("0.5")

    def test_fees_are_the_accounts_own_and_requested_once_an_hour(self, trader: KrakenBroker, rig: Rig) -> None:
        fees = [trader.fees(BTC) for _ in range(3)]
        assert fees[0].taker == Decimal("0.004")
        assert fees[0].maker == Decimal("0.0025")
        assert requests_to(rig, "TradeVolume") == 1
        rig.clock.sleep(3_601)
        trader.fees(BTC)
        assert requests_to(rig, "TradeVolume") == 2

    def test_a_read_outbids_another_program_once_and_says_that_there_is_one(
        self, trader: KrakenBroker, rig: Rig, tmp_path: Path
    ) -> None:
        ahead = Nonce(tmp_path / "other", clock=rig.clock, offset_max=0.0)
        ahead.jump(0)
        other = KrakenBroker(
            rig.simulated("kraken:master").api_key,
            base_url=rig.simulator.kraken_url,
            nonce=ahead,
            clock=rig.clock,
            timeout=2.0,
        )
        other.balances()
        other.close()
        assert trader.another_program() is None
        assert "USD" in trader.balances()
        assert trader.another_program() is not None
        rig.simulator.call(rig.simulator.world.records.violations.clear)

    def test_a_restart_is_not_another_program(self, rig: Rig, tmp_path: Path) -> None:
        for _ in range(3):
            broker = KrakenBroker(
                rig.simulated("kraken:master").api_key,
                base_url=rig.simulator.kraken_url,
                nonce=Nonce(tmp_path / "mine", clock=rig.clock),
                clock=rig.clock,
                timeout=2.0,
            )
            broker.connect()
            assert broker.another_program() is None
            rig.clock.sleep(30)
            broker.close()

    def test_a_right_that_was_taken_away_is_named_as_such(self, trader: KrakenBroker, rig: Rig) -> None:
        strike(rig, FaultKind.REVOKE_PERMISSION, "BalanceEx")
        with pytest.raises(PermissionDenied, match="BalanceEx needs Query Funds"):
            trader.balances()

    def test_a_nonce_rejected_forever_ends_in_the_error(self, trader: KrakenBroker, rig: Rig) -> None:
        strike(rig, FaultKind.REFUSE_NONCE, "BalanceEx", count=None)
        with pytest.raises(NonceRejected):
            trader.balances()


class TestTheExchangesTime:
    def test_a_deadline_from_before_a_sleep_is_not_sent_and_the_next_one_is_correct(
        self, trader: KrakenBroker, rig: Rig
    ) -> None:
        stale = buy(trader)
        rig.clock.wall += 8 * 3_600
        with pytest.raises(DeadlineTooNear):
            trader.place(stale)
        assert requests_to(rig, "AddOrder") == 0
        trader.sync_clock()
        assert trader.order(trader.place(buy(trader))).status is OrderStatus.FILLED

    def test_a_clock_that_cannot_be_measured_now_stops_no_order(self, trader: KrakenBroker, rig: Rig) -> None:
        request = stop_below(trader)
        rig.clock.wall += 1.5
        strike(rig, FaultKind.ERROR_BEFORE, "Time", count=None)
        assert resting(trader, request).status is OrderStatus.OPEN


class TestOrders:
    def test_a_market_buy_fills_and_is_booked_from_its_fills(self, trader: KrakenBroker) -> None:
        before = trader.balances()["USD"].total
        began = trader.exchange_time() - timedelta(seconds=2)
        exchange_id = trader.place(buy(trader))
        order = trader.order(exchange_id)
        fills = trader.fills(began)
        assert order.status is OrderStatus.FILLED
        assert order.filled == AMOUNT
        assert sum(fill.amount for fill in fills) == AMOUNT
        assert {fill.order_id for fill in fills} == {exchange_id}
        assert {(fill.market, fill.fee_currency) for fill in fills} == {(BTC, "USD")}
        spent = sum(fill.amount * fill.price + fill.fee for fill in fills)
        assert before - trader.balances()["USD"].total == pytest.approx(spent, abs=Decimal("0.0001"))

    def test_a_limit_order_rests_and_holds_its_money(self, trader: KrakenBroker) -> None:
        free = trader.balances()["USD"].available
        order = resting(trader, low_bid(trader))
        assert order.status is OrderStatus.OPEN
        assert order.limit_price == Decimal(20_000)
        assert order.average_price is None
        assert trader.balances()["USD"].available < free
        assert trader.open_orders() == (order,)

    def test_prices_off_the_tick_are_put_on_it(self, trader: KrakenBroker) -> None:
        request = replace(low_bid(trader), limit_price=Decimal("20000.1234567"))
        assert resting(trader, request).limit_price == Decimal("20000.1")

    def test_amounts_off_the_step_are_cut_down(self, trader: KrakenBroker) -> None:
        request = replace(low_bid(trader), amount=Decimal("0.0010000099999"))
        assert resting(trader, request).amount == Decimal("0.00100000")

    def test_less_than_a_step_is_not_sent(self, trader: KrakenBroker, rig: Rig) -> None:
        with pytest.raises(OrderRejected, match="less than one step"):
            trader.place(replace(buy(trader), amount=Decimal("0.000000001")))
        assert placed_in_the_books(rig) == 0

    def test_a_post_only_order_that_would_cross_is_rejected(self, trader: KrakenBroker) -> None:
        crossing = replace(low_bid(trader), limit_price=Decimal(500_000), amount=Decimal("0.0001"), post_only=True)
        with pytest.raises(OrderRejected, match="Post only"):
            trader.place(crossing)

    def test_too_little_money_is_a_rejection_with_the_exchanges_code(self, trader: KrakenBroker) -> None:
        with pytest.raises(OrderRejected) as caught:
            trader.place(replace(buy(trader), amount=Decimal(10)))
        assert caught.value.reason == "EOrder:Insufficient funds"

    def test_a_stop_rests_follows_and_goes(self, trader: KrakenBroker) -> None:
        order = resting(trader, stop_below(trader))
        assert (order.type, order.stop_price) == (OrderType.STOP, Decimal(20_000))
        trader.amend_stop(order.exchange_id, BTC, Decimal("0.0005"), Decimal("21000.07"))
        moved = trader.order(order.exchange_id)
        assert (moved.stop_price, moved.amount) == (Decimal("21000.0"), Decimal("0.0005"))
        assert moved.client_id == order.client_id
        trader.cancel(order.exchange_id)
        gone = trader.order(order.exchange_id)
        assert gone.status is OrderStatus.CANCELLED
        assert gone.reason
        assert gone.closed is not None

    def test_cancelling_an_ended_order_is_not_an_error(self, trader: KrakenBroker) -> None:
        exchange_id = trader.place(buy(trader))
        trader.cancel(exchange_id)
        assert trader.order(exchange_id).status is OrderStatus.FILLED

    def test_amending_an_ended_order_raises_not_found(self, trader: KrakenBroker) -> None:
        order = resting(trader, stop_below(trader))
        trader.cancel(order.exchange_id)
        with pytest.raises(OrderNotFound):
            trader.amend_stop(order.exchange_id, BTC, AMOUNT, Decimal(21_000))

    def test_an_amendment_whose_answer_is_lost_is_unknown(self, trader: KrakenBroker, rig: Rig) -> None:
        order = resting(trader, stop_below(trader))
        strike(rig, FaultKind.DROP_AFTER, "AmendOrder")
        with pytest.raises(OutcomeUnknown):
            trader.amend_stop(order.exchange_id, BTC, AMOUNT, Decimal(21_000))
        assert trader.order(order.exchange_id).stop_price == Decimal(21_000)

    def test_an_id_that_was_never_given_is_not_found(self, trader: KrakenBroker) -> None:
        with pytest.raises(OrderNotFound):
            trader.order("OAAAAA-BBBBB-CCCCCC")

    def test_of_many_orders_the_existing_ones_are_returned(self, trader: KrakenBroker) -> None:
        known = trader.place(buy(trader))
        found = trader.orders(["OAAAAA-BBBBB-CCCCCC", known])
        assert set(found) == {known}

    def test_more_than_fifty_orders_are_requested_in_several_calls(self, trader: KrakenBroker, rig: Rig) -> None:
        known = trader.place(buy(trader))
        assert set(trader.orders([known] * 60)) == {known}
        assert requests_to(rig, "QueryOrders") == 2

    def test_closed_orders_since_a_moment_come_oldest_first(self, trader: KrakenBroker, rig: Rig) -> None:
        began = trader.exchange_time() - timedelta(seconds=2)
        ids = []
        for _ in range(3):
            rig.clock.sleep(1)
            ids.append(trader.place(buy(trader)))
        assert [order.exchange_id for order in trader.closed_orders(began)] == ids
        last = trader.order(ids[1]).closed
        assert last is not None
        assert [order.exchange_id for order in trader.closed_orders(last)] == ids[2:]


class TestHistories:
    def test_more_than_a_page_comes_complete_and_once_each_although_rows_are_repeated(
        self, trader: KrakenBroker, rig: Rig
    ) -> None:
        began = trader.exchange_time() - timedelta(seconds=2)
        ids = {trader.place(replace(buy(trader), amount=Decimal("0.00005"))) for _ in range(60)}
        strike(rig, FaultKind.DUPLICATE_FILLS, "TradesHistory", count=None)
        fills = in_slices(rig, lambda: trader.fills(began))
        assert len({fill.id for fill in fills}) == len(fills) == 60
        assert {fill.order_id for fill in fills} == ids
        assert {order.exchange_id for order in in_slices(rig, lambda: trader.closed_orders(began))} == ids

    @pytest.mark.parametrize("endpoint", ["OpenOrders", "ClosedOrders", "TradesHistory", "QueryOrders"])
    def test_an_answer_without_its_list_is_not_an_empty_list(
        self, trader: KrakenBroker, rig: Rig, endpoint: str
    ) -> None:
        known = trader.place(buy(trader))
        began = trader.exchange_time() - timedelta(minutes=5)
        ask: dict[str, Callable[[], object]] = {
            "OpenOrders": trader.open_orders,
            "ClosedOrders": lambda: trader.closed_orders(began),
            "TradesHistory": lambda: trader.fills(began),
            "QueryOrders": lambda: trader.order(known),
        }
        strike(rig, FaultKind.EMPTY_RESULT, endpoint)
        with pytest.raises(BadAnswer, match="lacks"):
            ask[endpoint]()
        assert ask[endpoint]() is not None

    def test_an_account_that_held_something_is_not_suddenly_without_any_balance(
        self, trader: KrakenBroker, rig: Rig
    ) -> None:
        assert trader.balances()
        strike(rig, FaultKind.EMPTY_RESULT, "BalanceEx")
        with pytest.raises(BadAnswer, match="lists no balances"):
            trader.balances()
        assert trader.balances()


LOST = [
    FaultKind.DROP_AFTER,
    FaultKind.ERROR_AFTER,
    FaultKind.RESET,
    FaultKind.TRUNCATE,
    FaultKind.UNAVAILABLE_AFTER,
    FaultKind.EMPTY_RESULT,
]
NEVER_ARRIVED = [FaultKind.DROP_BEFORE, FaultKind.ERROR_BEFORE, FaultKind.UNAVAILABLE_BEFORE]


class TestUnknownOutcomes:
    @pytest.mark.parametrize("kind", LOST)
    @pytest.mark.parametrize("make", [buy, low_bid])
    def test_an_order_whose_answer_was_lost_is_found_open_or_closed(
        self,
        trader: KrakenBroker,
        rig: Rig,
        kind: FaultKind,
        make: Callable[[KrakenBroker], OrderRequest],
    ) -> None:
        strike(rig, kind, "AddOrder")
        request = make(trader)
        with pytest.raises(OutcomeUnknown):
            trader.place(request)
        resolution = trader.resolve(request)
        assert isinstance(resolution, Found)
        assert resolution.order.client_id == request.client_id
        assert placed_in_the_books(rig) == 1

    @pytest.mark.parametrize("kind", NEVER_ARRIVED)
    def test_an_order_that_never_arrived_is_absent_only_once_it_cannot_arrive(
        self, trader: KrakenBroker, rig: Rig, kind: FaultKind
    ) -> None:
        strike(rig, kind, "AddOrder")
        request = buy(trader)
        with pytest.raises(OutcomeUnknown):
            trader.place(request)
        assert isinstance(trader.resolve(request), Undetermined)
        rig.clock.sleep(31)
        assert isinstance(trader.resolve(request), Undetermined)
        rig.clock.sleep(62)
        assert isinstance(trader.resolve(request), Absent)

    def test_an_order_that_shows_up_late_is_never_declared_absent(self, trader: KrakenBroker, rig: Rig) -> None:
        strike(rig, FaultKind.LATE_VISIBLE, "AddOrder", seconds=55.0)
        strike(rig, FaultKind.DROP_AFTER, "AddOrder")
        request = request_for(trader, OrderType.LIMIT, Side.BUY, limit=Decimal(20_000), within=5.0)
        with pytest.raises(OutcomeUnknown):
            trader.place(request)
        seen = []
        for _ in range(10):
            rig.clock.sleep(7)
            seen.append(type(trader.resolve(request)))
        assert Absent not in seen
        assert seen[-1] is Found

    @pytest.mark.parametrize("endpoint", ["OpenOrders", "ClosedOrders"])
    def test_could_not_ask_is_never_absent(self, trader: KrakenBroker, rig: Rig, endpoint: str) -> None:
        strike(rig, FaultKind.DROP_BEFORE, "AddOrder")
        request = buy(trader)
        with pytest.raises(OutcomeUnknown):
            trader.place(request)
        rig.clock.sleep(120)
        strike(rig, FaultKind.ERROR_BEFORE, endpoint, count=None)
        with pytest.raises(Unavailable):
            trader.resolve(request)

    @pytest.mark.parametrize("endpoint", ["OpenOrders", "ClosedOrders"])
    def test_an_answer_without_a_list_is_never_absent(self, trader: KrakenBroker, rig: Rig, endpoint: str) -> None:
        strike(rig, FaultKind.DROP_BEFORE, "AddOrder")
        request = buy(trader)
        with pytest.raises(OutcomeUnknown):
            trader.place(request)
        rig.clock.sleep(120)
        strike(rig, FaultKind.EMPTY_RESULT, endpoint, count=None)
        with pytest.raises(BadAnswer, match="lacks"):
            trader.resolve(request)

    def test_this_machines_clock_set_ahead_declares_nothing_absent(
        self, trader: KrakenBroker, rig: Rig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        strike(rig, FaultKind.DROP_BEFORE, "AddOrder")
        request = buy(trader)
        with pytest.raises(OutcomeUnknown):
            trader.place(request)
        real_time = rig.clock.time
        strike(rig, FaultKind.CLOCK_OFFSET, "*", count=None, seconds=-3_600.0)
        monkeypatch.setattr(rig.clock, "time", lambda: real_time() + 3_600)
        assert isinstance(trader.resolve(request), Undetermined)

    def test_looking_up_many_orders_takes_no_turn_in_the_public_queue(self, trader: KrakenBroker, rig: Rig) -> None:
        request = buy(trader)
        asked = requests_to(rig, "Time")
        for _ in range(10):
            trader.resolve(request)
        assert requests_to(rig, "Time") == asked

    def test_while_krakens_time_is_unknown_orders_are_found_but_none_is_called_absent(
        self, trader: KrakenBroker, rig: Rig
    ) -> None:
        placed, never_sent = low_bid(trader), low_bid(trader)
        trader.place(placed)
        rig.clock.sleep(120)
        rig.clock.wall += 5
        strike(rig, FaultKind.ERROR_BEFORE, "Time", count=None)
        assert isinstance(trader.resolve(placed), Found)
        assert isinstance(trader.resolve(never_sent), Undetermined)
        rig.simulator.call(rig.simulator.world.plan.clear)
        rig.clock.sleep(16)
        assert isinstance(trader.resolve(never_sent), Absent)

    def test_a_body_that_drips_is_given_up_within_the_timeout(self, rig: Rig, tmp_path: Path) -> None:
        broker = KrakenBroker(
            rig.simulated("kraken:master").api_key,
            base_url=rig.simulator.kraken_url,
            nonce=Nonce(tmp_path / "drip", clock=rig.clock),
            clock=rig.clock,
            timeout=0.3,
        )
        strike(rig, FaultKind.SLOW_BODY, "AddOrder", seconds=20.0)
        request = low_bid(broker)
        with pytest.raises(OutcomeUnknown, match="too long"):
            broker.place(request)
        rig.simulator.call(rig.simulator.world.plan.clear)
        assert isinstance(broker.resolve(request), Found)
        broker.close()
