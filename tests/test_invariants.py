"""Every invariant notices what it forbids, on books of one order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.journal.order_state import OrderState
from nija.journal.records import Intent
from tests import invariants
from tests.invariants import BookedFill, BookedOrder, Books, JournalRecord
from tests.simulated_books import SoldCoins

if TYPE_CHECKING:
    from nija.journal.positions import Position

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ENTRY, STOP = new_client_id(Purpose.ENTRY), new_client_id(Purpose.STOP)
ONE = Decimal(1)
BOUGHT = BookedOrder("O1", ENTRY, "BTC/USD", Side.BUY, ONE, ONE, None, is_open=False)
RESTS = BookedOrder("O2", STOP, "BTC/USD", Side.SELL, ONE, Decimal(0), Decimal(90), is_open=True)
FILL = BookedFill("O1", "BTC/USD", Side.BUY, ONE, Decimal(100), Decimal("0.4"), "USD")
BOOKS = Books((BOUGHT, RESTS), (FILL,))


def intent(order: BookedOrder, state: OrderState, *, settled: bool = True) -> Intent:
    kind = OrderType.MARKET if order is BOUGHT else OrderType.STOP
    deadline = NOW + timedelta(minutes=1)
    request = OrderRequest(
        order.client_id, order.market, order.side, kind, order.amount, deadline, stop_price=order.stop_price
    )
    purpose = Purpose.ENTRY if order is BOUGHT else Purpose.STOP
    return Intent(
        request, ENTRY, purpose, state, NOW, order.filled, signal_time=NOW, exchange_id=order.id, settled=settled
    )


def position(amount: str) -> Position:
    return SimpleNamespace(amount=Decimal(amount))  # type: ignore[return-value]  # all that an invariant reads of it


ENTERED = intent(BOUGHT, OrderState.FILLED)
RESTING = intent(RESTS, OrderState.OPEN, settled=False)
BOOKED = Fill("T1", "O1", "BTC/USD", Side.BUY, ONE, Decimal(100), Decimal("0.4"), "USD", NOW)
RECORD = JournalRecord((ENTERED, RESTING), (BOOKED,), (), {"BTC/USD": position("1")}, {})


def test_books_and_a_journal_that_agree_violate_nothing() -> None:
    assert [*invariants.books_and_journal_agree(BOOKS, RECORD)] == []
    assert [*invariants.each_position_has_its_stop(BOOKS, {"BTC/USD": (ONE, Decimal(90))})] == []
    assert [*invariants.nothing_is_oversold(BOOKS)] == []
    assert [*invariants.the_owner_keeps_his_coins(BOOKS)] == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(BOOKS, orders=(*BOOKS.orders, replace(BOUGHT, id="O3"))), "2 orders for one intent"),
        (replace(BOOKS, orders=(*BOOKS.orders, replace(BOUGHT, client_id="by-hand"))), "is not NIJA's"),
        (replace(BOOKS, orders=(*BOOKS.orders, replace(BOUGHT, client_id=new_client_id(Purpose.EXIT)))), "without an"),
        (replace(BOOKS, orders=(replace(BOUGHT, filled=Decimal(2)), RESTS)), "order O1 filled 2"),
        (replace(BOOKS, orders=(replace(BOUGHT, id="O9"), RESTS)), "the journal says O1"),
        (replace(BOOKS, orders=(BOUGHT, replace(RESTS, is_open=False))), "order O2 is final"),
        (replace(BOOKS, orders=(BOUGHT,)), "never reached the exchange"),
        (replace(BOOKS, fills=(FILL, FILL)), "2 times at the exchange, 1 times booked"),
        (replace(BOOKS, fills=()), "0 times at the exchange, 1 times booked"),
        (replace(BOOKS, fills=(replace(FILL, fee_currency="BTC"),)), "0.6 by the exchange's books"),
    ],
)
def test_books_that_differ_from_the_journal_are_noticed(changed: Books, said: str) -> None:
    assert said in "\n".join(invariants.books_and_journal_agree(changed, RECORD))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(RECORD, intents=(RESTING,)), "order O1 without an intent"),
        (replace(RECORD, intents=(replace(ENTERED, settled=False), RESTING)), "order O1 is final and not settled"),
        (replace(RECORD, intents=(ENTERED, ENTERED, RESTING)), "2 entries in BTC/USD for the candle"),
        (replace(RECORD, fills=(BOOKED, BOOKED)), "booked twice under one id"),
        (replace(RECORD, positions={}), "0 held and 0 written off, 1 by"),
        (replace(RECORD, written_off={"BTC/USD": ONE}), "1 held and 1 written off, 1 by"),
    ],
)
def test_a_journal_that_differs_from_the_books_is_noticed(changed: JournalRecord, said: str) -> None:
    assert said in "\n".join(invariants.books_and_journal_agree(BOOKS, changed))


@pytest.mark.parametrize(
    "orders",
    [
        (BOUGHT,),
        (BOUGHT, replace(RESTS, amount=Decimal(2))),
        (BOUGHT, replace(RESTS, stop_price=Decimal(91))),
        (BOUGHT, RESTS, replace(RESTS, id="O3")),
        (replace(BOUGHT, is_open=True), RESTS),
    ],
    ids=["no stop", "of another size", "at another price", "two stops", "another order works"],
)
def test_a_position_without_exactly_its_stop_is_noticed(orders: tuple[BookedOrder, ...]) -> None:
    wanted = {"BTC/USD": (ONE, Decimal(90))}
    assert [*invariants.each_position_has_its_stop(replace(BOOKS, orders=orders), wanted)]


def test_a_stop_without_a_position_is_noticed() -> None:
    assert [*invariants.each_position_has_its_stop(BOOKS, {})]


def test_a_stop_that_differs_by_less_than_a_step_is_as_wanted() -> None:
    wanted = {"BTC/USD": (Decimal("1.05"), Decimal("90.4"))}
    in_steps = lambda _, stop: invariants.floored(stop, Decimal("0.1"), ONE)  # noqa: E731
    assert [*invariants.each_position_has_its_stop(BOOKS, wanted, in_steps)] == []
    assert [*invariants.each_position_has_its_stop(BOOKS, wanted)]


def test_more_for_sale_than_was_bought_is_noticed() -> None:
    assert [*invariants.nothing_is_oversold(replace(BOOKS, orders=(BOUGHT, replace(RESTS, amount=Decimal(2)))))]


def test_coins_of_the_owner_that_are_sold_or_for_sale_are_noticed() -> None:
    sold = replace(BOOKS, oversales=(SoldCoins("BTC", ONE, "O2"),))
    assert [*invariants.the_owner_keeps_his_coins(sold)] == ["1 BTC of the owner's were sold by order O2"]
    exposed = replace(BOOKS, exposed=(("BTC", ONE),))
    assert [*invariants.the_owner_keeps_his_coins(exposed)] == ["1 BTC of the owner's rest for sale"]


def test_a_nonce_that_does_not_rise_is_noticed() -> None:
    assert [*invariants.nonces_only_rise([1, 2, 4])] == []
    assert [*invariants.nonces_only_rise([1, 2, 2])] == ["nonce 2 came after 2"]
