"""The broker and the feed's client against the simulator: the real library, a real socket, checked books."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.errors import (
    BrokerError,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    Unauthorized,
)
from brokers.model import (
    Absent,
    Exchange,
    Fees,
    Found,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    Timeframe,
    Undetermined,
)
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind
from brokers.simulator.server import running_simulator
from tests.fakes import ManualClock
from tests.simulator_fixtures import UNLIMITED, Rig, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.model import Fill
    from brokers.simulator.engine.orders import EngineFill as BookedFill
    from brokers.simulator.engine.orders import EngineOrder as BookedOrder

ACCOUNT = "coinbase:master"
CREATE = "POST /orders"
RIGHTS = frozenset({"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades"})


@contextlib.contextmanager
def trusted_rig(monkeypatch: pytest.MonkeyPatch, config: SimulatorConfig | None = None) -> Iterator[Rig]:
    with manual_rig(config) as rig:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", rig.simulator.ca_file)
        yield rig


@contextlib.contextmanager
def connected(rig: Rig, *, timeout: float = 5.0) -> Iterator[CoinbaseBroker]:
    key = rig.simulated(ACCOUNT).api_key
    broker = CoinbaseBroker(key, base_url=rig.simulator.coinbase_url, clock=rig.clock, timeout=timeout)
    try:
        broker.connect()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    with trusted_rig(monkeypatch) as rig:
        yield rig


@pytest.fixture
def broker(rig: Rig) -> Iterator[CoinbaseBroker]:
    with connected(rig) as broker:
        yield broker


@pytest.fixture
def feed(rig: Rig) -> Iterator[CoinbaseMarketData]:
    feed = CoinbaseMarketData(base_url=rig.simulator.coinbase_url, clock=rig.clock, timeout=5.0)
    yield feed
    feed.close()


def market(broker: CoinbaseBroker, side: Side = Side.BUY, amount: str = "0.01", seconds: float = 60) -> OrderRequest:
    return OrderRequest(
        client_id=new_client_id(Purpose.ENTRY),
        market="BTC/USD",
        side=side,
        type=OrderType.MARKET,
        amount=Decimal(amount),
        deadline=broker.exchange_time() + timedelta(seconds=seconds),
    )


def stop(broker: CoinbaseBroker, price: str, amount: str = "0.01") -> OrderRequest:
    order = market(broker, Side.SELL, amount)
    return replace(order, type=OrderType.STOP, stop_price=Decimal(price), client_id=new_client_id(Purpose.STOP))


def booked(rig: Rig) -> list[BookedOrder]:
    return list(rig.account(ACCOUNT).orders.values())


def long_ago(broker: CoinbaseBroker) -> datetime:
    return broker.exchange_time() - timedelta(hours=1)


def deal(fill: Fill | BookedFill) -> tuple[str, Side, Decimal, Decimal, Decimal]:
    return (fill.order_id, fill.side, fill.amount, fill.price, fill.fee)


# Trading and connecting.


def test_a_day_of_trading_leaves_equal_books_and_no_complaint(rig: Rig, broker: CoinbaseBroker) -> None:
    buy = broker.place(market(broker))
    resting = broker.place(stop(broker, "45000.00"))
    broker.cancel(resting)
    sell = broker.place(market(broker, Side.SELL))

    account = rig.account(ACCOUNT)
    orders = broker.orders([buy, resting, sell])
    assert [orders[name].status for name in (buy, resting, sell)] == [
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.FILLED,
    ]
    for name, told in orders.items():
        theirs = account.orders[name]
        assert (told.amount, told.filled, told.fee) == (theirs.amount, theirs.filled, theirs.fee)
    assert sorted(map(deal, broker.fills(long_ago(broker)))) == sorted(map(deal, account.fills.values()))
    held = broker.balances()
    assert held["USD"].total == account.balance("USD")
    assert held["BTC"].total == 0
    assert broker.open_orders() == ()
    assert len(broker.closed_orders(long_ago(broker))) == 3
    assert rig.violations() == []


def test_connecting_reads_rights_markets_and_the_accounts_fees(rig: Rig, broker: CoinbaseBroker) -> None:
    info = broker.connect()

    assert (info.missing, info.can_withdraw) == (frozenset(), False)
    assert broker.markets()["BTC/USD"].min_cost == 1
    assert broker.fees("BTC/USD") == Fees(Decimal("0.004"), Decimal("0.006"))


@pytest.mark.parametrize(
    ("rights", "withdraws", "missing"),
    [
        (RIGHTS | {"withdraw-funds"}, True, frozenset()),
        (RIGHTS - {"modify-trades"}, False, frozenset({"trade"})),
    ],
)
def test_a_key_with_the_wrong_rights_is_seen(
    monkeypatch: pytest.MonkeyPatch, rights: frozenset[str], missing: frozenset[str], *, withdraws: bool
) -> None:
    config = SimulatorConfig(usd_accounts(permissions=rights), limits=UNLIMITED)
    with trusted_rig(monkeypatch, config) as rig, connected(rig) as broker:
        info = broker.connect()
        assert (info.can_withdraw, info.missing) == (withdraws, missing)
        if missing:
            with pytest.raises(PermissionDenied, match="`trade`"):
                broker.place(market(broker))


def test_a_key_the_exchange_does_not_take_is_unauthorized(rig: Rig, broker: CoinbaseBroker) -> None:
    rig.fault(FaultKind.REFUSE_KEY, exchange="coinbase")

    with pytest.raises(Unauthorized):
        broker.balances()


def test_a_clock_that_is_wrong_by_minutes_refuses_nothing(rig: Rig) -> None:
    behind = type(rig.clock)(rig.clock.wall - 600)
    broker = CoinbaseBroker(
        rig.simulated(ACCOUNT).api_key, base_url=rig.simulator.coinbase_url, clock=behind, timeout=5.0
    )

    info = broker.connect()
    broker.close()

    assert abs(info.clock_skew - timedelta(seconds=600)) < timedelta(seconds=1)


# Orders and lost answers.


def test_a_refused_order_is_a_rejection_with_its_reason(broker: CoinbaseBroker) -> None:
    with pytest.raises(OrderRejected) as caught:
        broker.place(market(broker, amount="5"))

    assert caught.value.reason == "INSUFFICIENT_FUND"


LOST = [
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.ERROR_BEFORE,
    FaultKind.ERROR_AFTER,
    FaultKind.RESET,
    FaultKind.TRUNCATE,
    FaultKind.UNAVAILABLE_BEFORE,
    FaultKind.UNAVAILABLE_AFTER,
]


@pytest.mark.parametrize("kind", LOST)
def test_an_order_whose_answer_is_lost_is_placed_exactly_once(
    rig: Rig, broker: CoinbaseBroker, kind: FaultKind
) -> None:
    request = market(broker)
    rig.fault(kind, endpoint=CREATE, count=1)

    with pytest.raises(OutcomeUnknown):
        broker.place(request)
    resolution = broker.resolve(request)

    assert isinstance(resolution, Found)
    assert [order.id for order in booked(rig)] == [resolution.order.exchange_id]
    assert resolution.order.status is OrderStatus.FILLED
    assert len(rig.account(ACCOUNT).fills) == len(broker.fills(long_ago(broker)))


@pytest.mark.parametrize("kind", LOST)
def test_after_the_deadline_the_truth_is_found_and_nothing_bought(
    rig: Rig, broker: CoinbaseBroker, kind: FaultKind
) -> None:
    request = market(broker)
    rig.fault(kind, endpoint=CREATE, count=1)
    with pytest.raises(OutcomeUnknown):
        broker.place(request)
    placed = len(booked(rig))

    rig.advance(60 + 181)
    resolution = broker.resolve(request)

    assert type(resolution) is (Found if placed else Absent)
    assert len(booked(rig)) == placed


def test_an_order_that_hangs_ends_with_the_timeout_and_is_resolved(rig: Rig) -> None:
    with connected(rig, timeout=0.3) as broker:
        request = market(broker)
        rig.fault(FaultKind.HANG, endpoint=CREATE, count=1, seconds=1.0)
        with pytest.raises(OutcomeUnknown):
            broker.place(request)

        assert isinstance(broker.resolve(request), Found)
    assert len(booked(rig)) == 1


def test_an_order_that_is_not_to_be_found_yet_is_not_absent(rig: Rig, broker: CoinbaseBroker) -> None:
    request = market(broker, seconds=5)
    rig.fault(FaultKind.LATE_VISIBLE, endpoint=CREATE, count=1, seconds=60.0)
    rig.fault(FaultKind.DROP_AFTER, endpoint=CREATE, count=1)
    with pytest.raises(OutcomeUnknown):
        broker.place(request)

    rig.advance(10)
    assert isinstance(broker.resolve(request), Undetermined)
    rig.advance(60)
    assert isinstance(broker.resolve(request), Found)
    assert len(booked(rig)) == 1


def test_an_exchange_that_cannot_be_asked_leaves_the_order_unresolved(rig: Rig, broker: CoinbaseBroker) -> None:
    request = market(broker)
    rig.fault(FaultKind.DROP_AFTER, endpoint=CREATE, count=1)
    with pytest.raises(OutcomeUnknown):
        broker.place(request)
    rig.advance(1_000)
    rig.fault(FaultKind.UNAVAILABLE_BEFORE, exchange="coinbase", endpoint="GET /orders/*")

    with pytest.raises(BrokerError):
        broker.resolve(request)


# Stops and cancels.


def test_a_stop_rests_and_sells_when_the_price_falls(rig: Rig, broker: CoinbaseBroker) -> None:
    broker.place(market(broker))
    resting = broker.place(stop(broker, "48000.00"))

    (told,) = broker.open_orders()
    assert (told.exchange_id, told.type, told.stop_price) == (resting, OrderType.STOP, Decimal(48_000))
    assert broker.balances()["BTC"].available == 0

    rig.price("BTC/USD", "47900")

    assert broker.order(resting).status is OrderStatus.FILLED
    assert broker.order(resting).filled == Decimal("0.01")


def test_a_stop_that_is_placed_again_for_its_lost_answer_is_one_stop(rig: Rig, broker: CoinbaseBroker) -> None:
    broker.place(market(broker))
    request = stop(broker, "48000.01")
    rig.fault(FaultKind.DROP_AFTER, endpoint=CREATE, count=1)
    with pytest.raises(OutcomeUnknown):
        broker.place(request)

    assert isinstance(broker.resolve(request), Found)
    assert len(broker.open_orders()) == 1


def test_cancelling_an_ended_order_returns_quietly(rig: Rig, broker: CoinbaseBroker) -> None:
    done = broker.place(market(broker))

    broker.cancel(done)
    broker.cancel("00000000-0000-4000-8000-000000000000")

    assert broker.order(done).status is OrderStatus.FILLED


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.ERROR_AFTER, FaultKind.UNAVAILABLE_BEFORE])
def test_a_cancel_with_a_lost_answer_still_cancels(rig: Rig, broker: CoinbaseBroker, kind: FaultKind) -> None:
    broker.place(market(broker))
    resting = broker.place(stop(broker, "48000.00"))
    rig.fault(kind, endpoint="POST /orders/batch_cancel", count=1)

    broker.cancel(resting)

    assert broker.order(resting).status is OrderStatus.CANCELLED


# Fills and limits.


def test_fills_listed_twice_are_returned_once(rig: Rig, broker: CoinbaseBroker) -> None:
    for _ in range(3):
        broker.place(market(broker))
    rig.fault(FaultKind.DUPLICATE_FILLS, exchange="coinbase", endpoint="GET /orders/historical/fills")

    told = broker.fills(long_ago(broker))

    assert sorted(map(deal, told)) == sorted(map(deal, rig.account(ACCOUNT).fills.values()))
    assert len({fill.id for fill in told}) == 3
    assert list(told) == sorted(told, key=lambda fill: fill.time)


def test_an_order_that_fails_after_it_was_accepted_is_rejected(rig: Rig, broker: CoinbaseBroker) -> None:
    rig.fault(FaultKind.LATE_FAIL, endpoint=CREATE, count=1, seconds=5.0)
    accepted = broker.place(market(broker))

    rig.advance(10)

    assert broker.order(accepted).status is OrderStatus.REJECTED


def test_a_busy_account_passes_no_documented_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with trusted_rig(monkeypatch, SimulatorConfig(usd_accounts(), limits=Limits())) as rig, connected(rig) as broker:
        for _ in range(100):
            broker.balances()
        assert rig.violations() == []


# Market data.


def test_candles_and_tickers_come_from_the_public_paths(rig: Rig, feed: CoinbaseMarketData) -> None:
    candles = feed.candles("BTC/USD", Timeframe.H1)
    ticker = feed.tickers(["BTC/USD", "ETH/USD", "NOT/USD"])["BTC/USD"]

    running = int(rig.clock.wall) // 3_600 * 3_600
    assert candles.time[-1] == running - 3_600
    assert len(candles) >= 699
    assert ticker.bid < ticker.ask
    assert rig.violations() in ([], [violation for violation in rig.violations() if "NOT-USD" in str(violation)])


@pytest.mark.parametrize(("timeframe", "speed"), [(Timeframe.D1, 86_400.0), (Timeframe.M1, 240.0)])
def test_a_market_that_runs_faster_than_the_clock_is_followed_without_a_gap(
    monkeypatch: pytest.MonkeyPatch, timeframe: Timeframe, speed: float
) -> None:
    clock = ManualClock()
    config = SimulatorConfig(made_up_accounts(1), speed=speed)
    with running_simulator(config, clock=clock) as simulator:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", simulator.ca_file)
        feed = CoinbaseMarketData(base_url=simulator.coinbase_url, clock=clock, timeout=5.0)
        labels = list(feed.candles("BTC/USD", timeframe).time)
        history = len(labels)
        for _ in range(12):
            clock.advance(1.0)
            simulator.call(simulator.world.tick)
            labels[-1:] = list(feed.candles("BTC/USD", timeframe, int(labels[-1])).time)
        feed.close()
        violations = simulator.call(lambda: list(simulator.world.records.violations))

    assert history >= 350
    assert len(labels) - history >= 11
    assert {later - earlier for earlier, later in itertools.pairwise(labels)} == {timeframe.seconds}
    assert violations == []


# Previews and long histories.


def test_a_stop_can_be_previewed_while_another_one_binds_its_coins(rig: Rig, broker: CoinbaseBroker) -> None:
    broker.place(market(broker))
    resting = broker.place(stop(broker, "45000.00"))

    broker.preview(stop(broker, "46000.00"))

    assert [order.exchange_id for order in broker.open_orders()] == [resting]
    assert rig.violations() == []


@pytest.mark.parametrize("mode", [Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.HALTED, Mode.AUCTION])
def test_the_preview_of_a_stop_in_a_market_that_takes_none_says_so(
    rig: Rig, broker: CoinbaseBroker, mode: Mode
) -> None:
    broker.place(market(broker))
    broker.place(stop(broker, "45000.00"))
    face = rig.simulator.world.faces[Exchange.COINBASE]
    face.engine.exchange.market_modes["BTC/USD"] = mode

    with pytest.raises(OrderRejected, match="now"):
        broker.preview(stop(broker, "46000.00"))


def test_the_preview_of_a_stop_above_the_price_is_refused(broker: CoinbaseBroker) -> None:
    broker.place(market(broker))

    with pytest.raises(OrderRejected, match="STOP_PRICE_ABOVE"):
        broker.preview(stop(broker, "99000000.00"))


def test_a_stop_that_rested_for_weeks_is_seen_to_end_without_rereading_the_history(
    rig: Rig, broker: CoinbaseBroker
) -> None:
    broker.place(market(broker))
    resting = broker.place(stop(broker, "45000.00"))
    broker.open_orders()
    broker.closed_orders(long_ago(broker))
    for _ in range(20):
        rig.advance(86_400)
        broker.open_orders()
        assert broker.closed_orders(long_ago(broker)) == ()

    broker.cancel(resting)
    rig.advance(60)

    assert [order.exchange_id for order in broker.closed_orders(long_ago(broker))] == [resting]
