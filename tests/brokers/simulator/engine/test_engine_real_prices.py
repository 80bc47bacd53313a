"""The engine with external prices, as in paper trading: quoted best prices, orders of an earlier engine."""

from __future__ import annotations

from decimal import Decimal

from brokers.model import Side
from brokers.simulator.engine.book import Quote
from brokers.simulator.engine.orders import EngineOrder, Kind, Status, Ticket
from tests.simulator_desk import make_desk

D = Decimal


def stop() -> Ticket:
    return Ticket("BTC/USD", Side.SELL, Kind.STOP_LOSS, D("0.1"), stop_price=D(40000))


def test_a_quoted_market_is_bought_at_its_ask_and_sold_at_its_bid() -> None:
    desk = make_desk()
    desk.engine.exchange.quotes = {"BTC/USD": Quote(bid=D(49000), ask=D(51000))}
    desk.engine.place(desk.account, Ticket("BTC/USD", Side.BUY, Kind.MARKET, D("0.1")))
    desk.engine.place(desk.account, Ticket("BTC/USD", Side.SELL, Kind.MARKET, D("0.1")))
    assert [fill.price for fill in desk.account.fills.values()] == [D(51000), D(49000)]


def test_a_new_quote_makes_a_new_book_at_the_same_last_price() -> None:
    desk = make_desk()
    for ask in (D(51000), D(52000)):
        desk.engine.exchange.quotes = {"BTC/USD": Quote(bid=D(49000), ask=ask)}
        assert desk.engine.exchange.book("BTC/USD").asks[0].price == ask


def test_a_restored_order_holds_its_money_and_meets_the_next_price() -> None:
    desk = make_desk()
    desk.engine.deposit(desk.account, "BTC", D("0.1"))
    order = EngineOrder("from before", desk.owner, stop(), D("0.1"), desk.clock.time(), None, D(40000))
    desk.engine.restore(desk.account, order)
    assert desk.account.available("BTC") == 0
    desk.price("BTC/USD", "39000")
    assert (order.status, desk.account.balance("BTC")) == (Status.FILLED, D(0))
