"""Orders against the book: what fills, at which price, as maker or taker, and what rests."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.model import Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.book import DepthProfile
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.orders import Amendment, CloseTerms, EngineOrder, Kind, Status, Ticket, TimeInForce, Trail
from brokers.simulator.engine.refusals import EngineRefusal, RefusedError
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

D = Decimal


def ticket(side: Side, kind: Kind, amount: str, **values: object) -> Ticket:
    return Ticket("BTC/USD", side, kind, D(amount), **values)  # type: ignore[arg-type]  # any field of a ticket


def buy(desk: Desk, amount: str = "0.1") -> EngineOrder:
    return desk.engine.place(desk.account, ticket(Side.BUY, Kind.MARKET, amount))


def sell(desk: Desk, kind: Kind, amount: str = "0.1", **values: object) -> EngineOrder:
    return desk.engine.place(desk.account, ticket(Side.SELL, kind, amount, **values))


def status(order: EngineOrder) -> Status:
    """Read again, because mypy assumes that the status has not changed."""
    return order.status


@pytest.fixture
def desk() -> Desk:
    return make_desk()


@pytest.fixture
def thin() -> Desk:
    """A book of three levels with 1000 USD on each."""
    depth = DepthProfile(levels=3, level_value=D(1000), growth=D(0))
    return make_desk(SimulatorConfig(usd_accounts("100000"), limits=UNLIMITED, depth=depth))


def test_a_market_buy_pays_the_ask_and_the_taker_fee(desk: Desk) -> None:
    order = buy(desk)
    [fill] = desk.account.fills.values()
    assert (order.status, fill.price, fill.maker) == (Status.FILLED, D("50002.5"), False)
    assert fill.fee == D("20.0010")
    assert desk.account.balances == {"USD": D(10_000) - D("5000.25") - D("20.0010"), "BTC": D("0.1")}


def test_a_market_order_sweeps_levels_and_cancels_the_rest(thin: Desk) -> None:
    order = buy(thin, "0.1")
    fills = list(thin.account.fills.values())
    assert [fill.price for fill in fills] == sorted({fill.price for fill in fills})
    assert len(fills) == 3
    assert status(order) is Status.CANCELLED
    assert order.filled == sum(fill.amount for fill in fills) < D("0.1")
    assert order.cost == sum(fill.cost for fill in fills)


def test_a_level_that_was_taken_refills_with_the_next_tick(thin: Desk) -> None:
    first = buy(thin, "0.1")
    with pytest.raises(StopIteration):
        next(thin.engine.matching.levels(thin.account, "BTC/USD", Side.BUY, None))
    thin.price("BTC/USD", "50000")
    assert buy(thin, "0.1").filled == first.filled


def test_accounts_do_not_take_depth_from_each_other(thin: Desk) -> None:
    first = buy(thin, "0.1")
    thin.owner = "daivon_frazier"
    assert buy(thin, "0.1").filled == first.filled


def test_a_limit_order_takes_what_crosses_and_rests_with_the_remainder(thin: Desk) -> None:
    asks = thin.engine.exchange.book("BTC/USD").asks
    order = thin.engine.place(thin.account, ticket(Side.BUY, Kind.LIMIT, "0.05", limit_price=asks[0].price))
    assert status(order) is Status.OPEN
    assert order.filled == asks[0].amount
    assert order.held > 0
    for _ in range(3):
        thin.price("BTC/USD", "50000")
    assert status(order) is Status.FILLED
    assert [thin.account.fills[fill].maker for fill in order.fill_ids] == [False, True, True]
    assert thin.account.held("USD") == 0


def test_a_resting_limit_fills_at_its_own_price_as_maker_when_the_market_falls_through_it(desk: Desk) -> None:
    order = desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.1", limit_price=D(49_000)))
    assert desk.account.held("USD") == D("4919.6000")
    desk.price("BTC/USD", "48000")
    [fill] = desk.account.fills.values()
    assert (fill.price, fill.maker, fill.fee) == (D(49_000), True, D("12.2500"))
    assert (order.status, desk.account.held("USD")) == (Status.FILLED, D(0))


def test_an_ioc_order_is_cancelled_where_it_did_not_fill(thin: Desk) -> None:
    asks = thin.engine.exchange.book("BTC/USD").asks
    terms = {"limit_price": asks[0].price, "time_in_force": TimeInForce.IOC}
    order = thin.engine.place(thin.account, ticket(Side.BUY, Kind.LIMIT, "0.05", **terms))
    assert (order.status, order.filled, order.held) == (Status.CANCELLED, asks[0].amount, D(0))


def test_a_fok_order_fills_whole_or_not_at_all(thin: Desk) -> None:
    asks = thin.engine.exchange.book("BTC/USD").asks
    terms = {"limit_price": asks[-1].price, "time_in_force": TimeInForce.FOK}
    whole = thin.engine.place(thin.account, ticket(Side.BUY, Kind.LIMIT, "0.05", **terms))
    thin.price("BTC/USD", "50000")
    none = thin.engine.place(thin.account, ticket(Side.BUY, Kind.LIMIT, "0.07", **terms))
    assert (whole.status, none.status, none.filled) == (Status.FILLED, Status.CANCELLED, D(0))


def test_a_stop_loss_sells_at_market_once_the_last_price_reaches_it(desk: Desk) -> None:
    buy(desk)
    stop = sell(desk, Kind.STOP_LOSS, stop_price=D(48_000))
    assert desk.account.held("BTC") == D("0.1")
    desk.price("BTC/USD", "48000.1")
    assert not stop.triggered
    desk.price("BTC/USD", "47000")
    assert (stop.status, stop.triggered) == (Status.FILLED, True)
    assert stop.average_price is not None
    assert stop.average_price < D(47_000)
    assert desk.account.balance("BTC") == 0


def test_a_stop_loss_limit_rests_where_the_price_jumped_past_its_limit(desk: Desk) -> None:
    buy(desk)
    stop = sell(desk, Kind.STOP_LOSS_LIMIT, stop_price=D(48_000), limit_price=D(47_900))
    desk.price("BTC/USD", "47000")
    assert (stop.status, stop.triggered, stop.filled) == (Status.OPEN, True, D(0))
    desk.price("BTC/USD", "47950")
    assert (stop.status, stop.cost) == (Status.FILLED, D("4790.0000"))


def test_a_take_profit_sells_once_the_price_has_risen_to_it(desk: Desk) -> None:
    buy(desk)
    order = sell(desk, Kind.TAKE_PROFIT, stop_price=D(52_000))
    desk.price("BTC/USD", "51999")
    assert status(order) is Status.OPEN
    desk.price("BTC/USD", "52000")
    assert status(order) is Status.FILLED


def test_a_trailing_stop_follows_the_price_up_and_never_down(desk: Desk) -> None:
    buy(desk)
    order = sell(desk, Kind.TRAILING_STOP, trail=Trail(D(1000)))
    for price, stop in (("50000", 49_000), ("53000", 52_000), ("52500", 52_000)):
        desk.price("BTC/USD", price)
        assert order.stop_price == stop
    desk.price("BTC/USD", "52000")
    assert status(order) is Status.FILLED


def test_a_bracket_sells_at_its_limit_or_at_its_stop_whichever_comes_first(desk: Desk) -> None:
    buy(desk, "0.1")
    prices = {"limit_price": D(52_000), "stop_price": D(48_000)}
    up, down = (sell(desk, Kind.BRACKET, "0.05", **prices) for _ in range(2))
    desk.engine.amend(desk.account, down, Amendment(limit_price=D(60_000)))
    desk.price("BTC/USD", "52100")
    assert (up.status, up.average_price) == (Status.FILLED, D(52_000))
    desk.price("BTC/USD", "47000")
    assert (down.status, down.triggered) == (Status.FILLED, True)


def test_each_fill_of_an_order_with_a_close_leg_creates_an_opposite_order_of_its_size(thin: Desk) -> None:
    close = CloseTerms(Kind.STOP_LOSS, stop_price=D(45_000))
    thin.engine.place(thin.account, ticket(Side.BUY, Kind.MARKET, "0.03", close=close))
    legs = list(thin.account.open_orders())
    assert [leg.amount for leg in legs] == [fill.amount for fill in thin.account.fills.values()]
    assert {(leg.side, leg.kind) for leg in legs} == {(Side.SELL, Kind.STOP_LOSS)}
    assert len(legs) == 2


def test_a_gtd_order_expires_on_the_wall_clock(desk: Desk) -> None:
    expires = desk.clock.time() + 60
    terms = {"limit_price": D(40_000), "time_in_force": TimeInForce.GTD, "expires": expires}
    order = desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.1", **terms))
    desk.advance(59)
    assert status(order) is Status.OPEN
    desk.advance(1)
    assert (order.status, desk.account.held("USD")) == (Status.EXPIRED, D(0))


def test_a_scheduled_order_waits_for_its_start(desk: Desk) -> None:
    terms = {"limit_price": D(51_000), "starts": desk.clock.time() + 30}
    order = desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.1", **terms))
    desk.price("BTC/USD", "50000")
    assert (order.status, order.filled) == (Status.PENDING, D(0))
    desk.advance(30)
    assert status(order) is Status.FILLED


def test_an_amended_stop_keeps_its_id_and_moves_its_trigger(desk: Desk) -> None:
    buy(desk)
    stop = sell(desk, Kind.STOP_LOSS, stop_price=D(48_000))
    desk.engine.amend(desk.account, stop, Amendment(stop_price=D(49_000)))
    desk.price("BTC/USD", "48900")
    assert status(stop) is Status.FILLED


def test_an_amendment_below_the_filled_amount_cancels_the_rest(thin: Desk) -> None:
    ask = thin.engine.exchange.book("BTC/USD").asks[0]
    order = thin.engine.place(thin.account, ticket(Side.BUY, Kind.LIMIT, "0.05", limit_price=ask.price))
    thin.engine.amend(thin.account, order, Amendment(amount=D("0.001")))
    assert (order.status, order.filled, thin.account.held("USD")) == (Status.CANCELLED, ask.amount, D(0))


def test_a_replacement_may_use_the_money_of_the_order_it_replaces(desk: Desk) -> None:
    order = desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.2", limit_price=D(45_000)))
    new = desk.engine.replace(desk.account, order, ticket(Side.BUY, Kind.LIMIT, "0.2", limit_price=D(46_000)))
    assert (order.status, new.status) == (Status.CANCELLED, Status.OPEN)
    with pytest.raises(RefusedError, match="insufficient funds"):
        desk.engine.replace(desk.account, new, ticket(Side.BUY, Kind.LIMIT, "0.3", limit_price=D(46_000)))
    assert status(new) is Status.OPEN


def test_the_dead_mans_switch_cancels_everything_once_and_can_be_disarmed(desk: Desk) -> None:
    def place() -> EngineOrder:
        return desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.01", limit_price=D(40_000)))

    first = place()
    desk.engine.set_dead_man(desk.account, 60)
    desk.engine.set_dead_man(desk.account, 0)
    desk.advance(61)
    assert status(first) is Status.OPEN
    desk.engine.set_dead_man(desk.account, 60)
    desk.advance(61)
    assert status(first) is Status.CANCELLED
    second = place()
    desk.advance(61)
    assert status(second) is Status.OPEN


def test_a_late_cancel_leaves_the_order_to_fill_until_it_is_done(desk: Desk) -> None:
    first, second = (
        desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.01", limit_price=D(price)))
        for price in (49_000, 45_000)
    )
    for order in (first, second):
        desk.engine.cancel(desk.account, order, after=5)
    desk.price("BTC/USD", "48000")
    desk.advance(5)
    assert (first.status, second.status) == (Status.FILLED, Status.CANCELLED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": D("0.00004")}, EngineRefusal.AMOUNT_MINIMUM),
        ({"amount": D("0.000000001")}, EngineRefusal.AMOUNT_STEP),
        ({"limit_price": D("40000.05")}, EngineRefusal.PRICE_STEP),
        ({"limit_price": D(5)}, EngineRefusal.COST_MINIMUM),
        ({"amount": D(1)}, EngineRefusal.INSUFFICIENT_FUNDS),
        ({"symbol": "XYZ/USD"}, EngineRefusal.UNKNOWN_MARKET),
        ({"limit_price": D(50_100), "post_only": True}, EngineRefusal.WOULD_CROSS),
        ({"deadline": 1_699_999_999.0}, EngineRefusal.DEADLINE_ELAPSED),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused_and_leaves_no_trace(
    desk: Desk, changes: dict[str, object], reason: EngineRefusal
) -> None:
    good = {
        "symbol": "BTC/USD",
        "side": Side.BUY,
        "kind": Kind.LIMIT,
        "amount": D("0.01"),
        "limit_price": D(40_000),
    }
    with pytest.raises(RefusedError) as caught:
        desk.engine.place(desk.account, Ticket(**(good | changes)))  # type: ignore[arg-type]  # fields of a ticket
    assert caught.value.refusal is reason
    assert (desk.account.orders, desk.account.holds) == ({}, {})


def test_funds_for_a_buy_include_the_takers_fee(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="insufficient funds"):
        desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.25", limit_price=D(40_000)))
    fits = desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.249", limit_price=D(40_000)))
    assert fits.held == D("9999.8400")


def test_a_fee_in_base_is_deducted_from_the_bought_amount(desk: Desk) -> None:
    desk.engine.place(desk.account, ticket(Side.BUY, Kind.MARKET, "0.1", fee_in_base=True))
    [fill] = desk.account.fills.values()
    assert (fill.fee, fill.fee_currency) == (D("0.0004"), "BTC")
    assert desk.account.balances == {"USD": D("4999.7500"), "BTC": D("0.0996")}


def test_a_market_buy_by_cost_spends_that_much_and_the_fee_on_top(desk: Desk) -> None:
    order = desk.engine.place(desk.account, ticket(Side.BUY, Kind.MARKET, "0", quote_amount=D(1000)))
    assert D("999.99") < order.cost <= 1000
    inclusive = ticket(Side.BUY, Kind.MARKET, "0", quote_amount=D(1000), quote_includes_fee=True)
    order = desk.engine.place(desk.account, inclusive)
    assert D("999.99") < order.cost + order.fee <= 1000


def test_balances_are_shown_late_where_a_lag_was_ordered(desk: Desk) -> None:
    desk.account.balance_lag = 3.0
    buy(desk)
    shown, _ = desk.account.shown_balances(desk.clock.time())
    assert shown == {"USD": D(10_000)}
    desk.clock.advance(3)
    shown, _ = desk.account.shown_balances(desk.clock.time())
    assert shown["BTC"] == D("0.1")


def test_nothing_fills_wakes_or_changes_while_the_engine_is_in_maintenance(desk: Desk) -> None:
    buy(desk)
    stop = sell(desk, Kind.STOP_LOSS, stop_price=D(48_000))
    desk.engine.set_dead_man(desk.account, 10)
    desk.engine.exchange.mode = Mode.MAINTENANCE
    desk.price("BTC/USD", "40000")
    desk.advance(20)
    assert status(stop) is Status.OPEN
    with pytest.raises(RefusedError, match="maintenance"):
        desk.engine.amend(desk.account, stop, Amendment(stop_price=D(49_000)))
    desk.engine.exchange.mode = Mode.ONLINE
    desk.world.tick()
    assert (status(stop), stop.reason) == (Status.CANCELLED, "Cancel all orders after timeout")


def test_a_market_that_only_cancels_lets_nothing_fill_until_it_is_back(desk: Desk) -> None:
    order = desk.engine.place(desk.account, ticket(Side.BUY, Kind.LIMIT, "0.1", limit_price=D(49_000)))
    desk.engine.exchange.market_modes["BTC/USD"] = Mode.CANCEL_ONLY
    desk.price("BTC/USD", "48000")
    assert status(order) is Status.OPEN
    del desk.engine.exchange.market_modes["BTC/USD"]
    desk.price("BTC/USD", "48000")
    assert status(order) is Status.FILLED
