"""A simulator that runs for days needs no more memory than after minutes, if its configuration says so."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.model import Exchange, Side
from brokers.simulator.config import Retention, SimulatorConfig, made_up_accounts
from brokers.simulator.engine.hands import Hands
from brokers.simulator.prices.synthetic import synthetic_prices
from brokers.simulator.state import ownership_state
from brokers.simulator.world import build_world
from tests.brokers.simulator.coinbase import coinbase_desk
from tests.fakes import ManualClock
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from brokers.simulator.engine.accounts import Account

KEPT = 5
DAY = 86_400
CONFIG = SimulatorConfig(usd_accounts("100000"), limits=UNLIMITED, retention=Retention(orders=KEPT, requests=20))
LIMIT = {"limit_limit_gtc": {"base_size": "0.01", "limit_price": "1000.00", "post_only": False}}


def sizes(account: Account) -> tuple[int, int, int]:
    return len(account.orders), len(account.fills), len(account.ledger)


@pytest.fixture
def desk() -> Desk:
    return make_desk(CONFIG)


def trade(desk: Desk) -> tuple[str, str]:
    """Buy and sell; the ids of both orders."""
    bought = desk.add(ordertype="market", type="buy", volume="0.01")
    sold = desk.add(ordertype="market", type="sell", volume="0.01")
    desk.advance(1)
    return bought, sold


class TestOrders:
    def test_the_books_stay_as_small_as_they_are_after_a_few_trades(self, desk: Desk) -> None:
        for _ in range(10):
            trade(desk)
        after_ten = sizes(desk.account)
        for _ in range(50):
            trade(desk)
        assert sizes(desk.account) == after_ten
        assert after_ten[0] == KEPT

    def test_by_default_everything_is_kept(self) -> None:
        desk = make_desk(SimulatorConfig(usd_accounts("100000"), limits=UNLIMITED))
        for _ in range(30):
            trade(desk)
        assert len(desk.account.orders) == 60
        assert len(desk.account.ledger) == 1 + 2 * 60

    def test_balances_do_not_depend_on_what_is_kept(self, desk: Desk) -> None:
        other = make_desk(SimulatorConfig(usd_accounts("100000"), limits=UNLIMITED))
        for _ in range(20):
            trade(desk)
            trade(other)
        assert desk.account.balances == other.account.balances

    def test_an_open_order_is_kept_however_old_it_is(self, desk: Desk) -> None:
        stop = desk.add(ordertype="stop-loss", type="buy", volume="0.01", price="900000")
        for _ in range(20):
            trade(desk)
        assert desk.order(stop)["status"] == "open"

    def test_what_has_just_ended_is_kept_although_it_was_placed_first(self, desk: Desk) -> None:
        old = desk.add(ordertype="limit", type="buy", volume="0.01", price="1000")
        for _ in range(20):
            trade(desk)
        desk.result("CancelOrder", txid=old)
        desk.advance(1)
        assert desk.order(old)["status"] == "canceled"

    def test_the_history_lists_what_is_kept(self, desk: Desk) -> None:
        for _ in range(20):
            newest = trade(desk)
        assert desk.result("ClosedOrders")["count"] == KEPT
        assert set(newest) <= set(desk.result("ClosedOrders")["closed"])
        assert desk.result("TradesHistory")["count"] == KEPT

    def test_a_deposit_stays_in_the_ledger(self, desk: Desk) -> None:
        for _ in range(20):
            trade(desk)
        assert [entry.type for entry in desk.account.ledger.values()].count("deposit") == 1

    def test_who_owns_what_is_unknown_once_orders_are_forgotten(self, desk: Desk) -> None:
        trade(desk)
        assert "shares" in ownership_state(desk.world)["kraken:master"]
        for _ in range(20):
            trade(desk)
        assert ownership_state(desk.world)["kraken:master"] == {"unknown": "37 ended orders are no longer remembered"}

    def test_coinbase_forgets_the_edits_of_an_order_with_it(self) -> None:
        desk = coinbase_desk.make_desk(CONFIG)
        for _ in range(20):
            order_id = desk.placed(LIMIT)
            desk.post("/orders/edit", order_id=order_id, price="1001.00", size="0.01")
            desk.post("/orders/batch_cancel", order_ids=[order_id])
            desk.advance(1)
        assert desk.order(order_id)["edit_history"]
        assert len(desk.account.orders) == KEPT

    def test_coinbase_takes_a_client_id_again_once_its_order_is_forgotten(self) -> None:
        desk = coinbase_desk.make_desk(CONFIG)
        first = desk.placed(LIMIT, client_order_id="again")
        assert desk.placed(LIMIT, client_order_id="again") == first
        desk.post("/orders/batch_cancel", order_ids=[first])
        for _ in range(10):
            desk.post("/orders/batch_cancel", order_ids=[desk.placed(LIMIT)])
            desk.advance(1)
        assert desk.placed(LIMIT, client_order_id="again") != first


def test_requests_are_kept_up_to_their_number(desk: Desk) -> None:
    for _ in range(30):
        desk.result("Balance")
    assert len(desk.world.records.requests) == 20
    assert len(desk.world.faces[Exchange.KRAKEN].keys()["master"]["nonces"]) == 20


class TestPrices:
    def test_closed_candles_are_kept_up_to_their_number(self) -> None:
        prices = synthetic_prices(wall_start=1_700_000_000.0, speed=float(DAY), kept_candles=100)
        clock, source = prices.clock, prices.sources["kraken"]
        for day in range(0, 80, 20):
            rows = source.candles("BTC/USD", 3_600, clock.market_time(1_700_000_000.0 + day))
            assert len(rows) == 100 + 1

    def test_the_kept_candles_are_those_of_a_simulator_that_keeps_all(self) -> None:
        few, many = (
            synthetic_prices(wall_start=1_700_000_000.0, speed=float(DAY), kept_candles=kept) for kept in (50, 100_000)
        )
        until = few.clock.market_start + 5 * DAY
        rows, expected = (made.sources["coinbase"].candles("ETH/USD", DAY, until) for made in (few, many))
        assert rows == expected[-51:]


def test_weeks_of_the_demos_market_leave_no_more_behind_than_its_first_days() -> None:
    clock = ManualClock()
    kept = Retention(orders=20, requests=20, candles=200)
    world = build_world(SimulatorConfig(made_up_accounts(1), speed=57_600.0, limits=UNLIMITED, retention=kept), clock)
    engine = world.faces[Exchange.KRAKEN].engine
    hands = Hands(engine, engine.accounts["master"])
    seen = []
    for _ in range(3):
        for _ in range(8):
            clock.advance(1.5)
            for side in (Side.BUY, Side.SELL) * 2:
                hands.trade("BTC/USD", side, Decimal("0.01"))
            world.tick()
        seen.append((*sizes(hands.account), len(engine.exchange.board.candles("BTC/USD", 3_600))))
    assert seen == [(20, 20, 2 + 2 * 20, 201)] * 3
