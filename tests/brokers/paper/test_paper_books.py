"""A paper account's file: written before anything is reported, readable in every version, bounded in size."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.errors import Unavailable
from brokers.model import Absent, Fill, Order, OrderStatus, OrderType, Side
from brokers.paper.books import Books, load_books, save_books
from tests.brokers.paper.test_paper_broker import Desk

if TYPE_CHECKING:
    from pathlib import Path

# Written by version 0.1.0: 2 BTC bought, 1 of them held by a stop, 0.5 by a limit sale.
FIRST_VERSION = """{"money": {"USD": "797.192", "BTC": "2"}, "orders": [
{"exchange_id": "e1", "client_id": "c1", "market": "BTC/USD", "side": "buy", "type": "market", "status": "filled",
 "amount": "2", "filled": "2", "average_price": "101", "fee": "0.808", "created": "2023-11-14T22:13:20+00:00",
 "closed": "2023-11-14T22:13:20+00:00", "limit_price": null, "stop_price": null, "reason": ""},
{"exchange_id": "e2", "client_id": "c2", "market": "BTC/USD", "side": "sell", "type": "stop", "status": "open",
 "amount": "1", "filled": "0", "average_price": null, "fee": "0", "created": "2023-11-14T22:13:20.123457+00:00",
 "closed": null, "limit_price": null, "stop_price": "90", "reason": ""},
{"exchange_id": "e3", "client_id": null, "market": "BTC/USD", "side": "sell", "type": "limit", "status": "open",
 "amount": "0.5", "filled": "0", "average_price": null, "fee": "0", "created": "2023-11-14T22:13:20+00:00",
 "closed": null, "limit_price": "120", "stop_price": null, "reason": ""}],
"fills": [{"id": "f1", "order_id": "e1", "market": "BTC/USD", "side": "buy", "amount": "2", "price": "101",
 "fee": "0.808", "fee_currency": "USD", "time": "2023-11-14T22:13:20+00:00", "maker": false}]}"""
LONG_AGO = datetime.fromtimestamp(0, UTC)
NOW = datetime(2026, 11, 27, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def no_room(desk: Desk) -> None:
    """The next write fails, as on a full or read-only disk."""
    desk.books.with_name(f"{desk.books.name}.new").mkdir(parents=True)


def room_again(desk: Desk) -> None:
    desk.books.with_name(f"{desk.books.name}.new").rmdir()


def test_an_order_that_cannot_be_written_was_not_placed(desk: Desk) -> None:
    request = desk.request(Side.BUY, "1")
    no_room(desk)
    with pytest.raises(Unavailable, match=r"kraken-master\.json cannot be written .* nothing was changed"):
        desk.broker.place(request)
    assert isinstance(desk.broker.resolve(request), Absent)
    assert desk.totals() == {"USD": Decimal(1000)}
    assert desk.broker.fills(LONG_AGO) == ()
    assert desk.broker.open_orders() == ()


def test_a_cancel_or_an_amendment_that_cannot_be_written_changes_nothing(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(80))
    no_room(desk)
    with pytest.raises(Unavailable):
        desk.broker.cancel(stop)
    with pytest.raises(Unavailable):
        desk.broker.amend_stop(stop, "BTC/USD", Decimal(2), Decimal(85))
    room_again(desk)
    told = desk.broker.order(stop)
    assert (told.status, told.stop_price) == (OrderStatus.OPEN, Decimal(80))
    assert desk.broker.balances()["BTC"].held == 2


def test_a_fill_that_cannot_be_saved_is_reported_only_once_it_can_be(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(90))
    no_room(desk)
    desk.price(80)
    with pytest.raises(Unavailable):
        desk.broker.order(stop)
    room_again(desk)
    assert desk.broker.order(stop).status is OrderStatus.FILLED
    assert [fill.side for fill in desk.broker.fills(LONG_AGO)] == [Side.BUY, Side.SELL]


def test_a_look_that_finds_nothing_new_writes_nothing(desk: Desk) -> None:
    desk.buy("2")
    stop = desk.sell("2", stop_price=Decimal(80))
    written = desk.books.stat()
    for price in (95, 96, 97):
        desk.price(price)
        desk.broker.balances()
        desk.broker.order(stop)
        desk.broker.open_orders()
    assert desk.books.stat().st_mtime_ns == written.st_mtime_ns
    assert desk.books.stat().st_ino == written.st_ino


def test_books_of_the_first_version_go_on_where_they_were(desk: Desk) -> None:
    desk.books.write_text(FIRST_VERSION, encoding="utf-8")
    desk.start()
    assert desk.totals() == {"USD": Decimal("797.192"), "BTC": Decimal(2)}
    assert desk.broker.balances()["BTC"].held == Decimal("1.5")
    assert [order.exchange_id for order in desk.broker.open_orders()] == ["e2", "e3"]
    desk.price(85)
    sold = desk.broker.order("e2")
    assert (sold.status, sold.average_price, sold.created.microsecond) == (OrderStatus.FILLED, Decimal(84), 123457)
    assert desk.broker.order("e3").status is OrderStatus.OPEN
    assert [fill.order_id for fill in desk.broker.fills(LONG_AGO)] == ["e1", "e2"]


def test_saved_books_keep_their_account_id_and_new_books_get_another(desk: Desk) -> None:
    first = desk.broker.connect().account_uid
    desk.start()
    assert desk.broker.connect().account_uid == first
    desk.books.unlink()
    desk.start()
    assert desk.broker.connect().account_uid != first


def test_old_books_get_their_name_at_the_first_connect_and_keep_it(desk: Desk) -> None:
    desk.books.write_text(FIRST_VERSION, encoding="utf-8")
    desk.start()
    first = desk.broker.connect().account_uid
    desk.start()
    assert desk.broker.connect().account_uid == first


def ended(number: int, closed: datetime) -> Order:
    return Order(
        exchange_id=f"e{number}",
        client_id=None,
        market="BTC/USD",
        side=Side.BUY,
        type=OrderType.MARKET,
        status=OrderStatus.FILLED,
        amount=Decimal(1),
        filled=Decimal(1),
        average_price=Decimal(100),
        fee=Decimal(0),
        created=closed,
        closed=closed,
    )


def filled(order: Order) -> Fill:
    fee = Decimal(0)
    return Fill(
        f"f{order.exchange_id}",
        order.exchange_id,
        "BTC/USD",
        Side.BUY,
        order.filled,
        Decimal(100),
        fee,
        "USD",
        order.created,
    )


def books_with(*orders: Order) -> Books:
    return Books({}, {order.exchange_id: order for order in orders}, tuple(filled(order) for order in orders))


def test_orders_that_ended_90_days_ago_are_forgotten_with_their_fills() -> None:
    old, young = ended(1, NOW - timedelta(days=90, seconds=1)), ended(2, NOW - timedelta(days=90))
    assert books_with(old, young).forgetting(NOW) == books_with(young)


def test_open_orders_and_their_fills_are_never_dropped() -> None:
    resting = replace(ended(1, NOW - timedelta(days=400)), status=OrderStatus.OPEN, closed=None)
    assert books_with(resting).forgetting(NOW) == books_with(resting)


def test_of_very_many_ended_orders_the_last_five_thousand_are_kept() -> None:
    orders = [ended(number, NOW - timedelta(minutes=number)) for number in range(5_003)]
    assert set(books_with(*orders).forgetting(NOW).orders) == {f"e{number}" for number in range(5_000)}


def test_saved_books_are_read_back_exactly(tmp_path: Path) -> None:
    books = replace(books_with(ended(1, NOW)), money={"USD": Decimal("0.1234567890123456789")}, account="a")
    save_books(tmp_path / "books.json", books)
    assert load_books(tmp_path / "books.json", {}) == books
