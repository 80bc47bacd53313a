"""Whatever the owner has on the account, an unreadable row hides no other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import BadAnswer
from brokers.model import Found, OrderRequest, OrderType, Side
from tests.brokers.kraken.canned import order_row

if TYPE_CHECKING:
    from brokers.kraken.broker import KrakenBroker
    from tests.brokers.kraken.canned import CannedKraken
    from tests.fakes import ManualClock

OWNERS = "OAAAAA-BBBBB-CCCCCC"
OURS = "ODDDDD-EEEEE-FFFFFF"
BROKEN = "OGGGGG-HHHHH-IIIIII"
EVER = datetime(2023, 1, 1, tzinfo=UTC)

TRAILING = order_row(
    {"pair": "XRPEUR", "ordertype": "trailing-stop", "price": "+50.0000%", "price2": "0", "close": ""}, trigger="index"
)
SETTLED = order_row({"ordertype": "settle-position", "price": "0", "leverage": "3:1"}, vol="0.0")
UNREADABLE: dict[str, Any] = {"status": "open", "vol": "1"}


def ended(row: dict[str, Any], second: int = 0, **changes: object) -> dict[str, Any]:
    return row | {"status": "closed", "closetm": 1_700_000_100.5 + second} | changes


def ours(**changes: object) -> dict[str, Any]:
    return order_row(cl_ord_id=new_client_id(Purpose.STOP)) | changes


def trade(**changes: object) -> dict[str, Any]:
    row = {"ordertxid": OWNERS, "pair": "XXBTZUSD", "time": 1_700_000_100.5, "type": "sell", "price": "50000.0"}
    return row | {"cost": "50.0", "fee": "0.2", "vol": "0.001", "margin": "0.00000", "leverage": "0"} | changes


class TestLists:
    def test_every_kind_of_open_order_is_listed(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.say("OpenOrders", {"open": {OWNERS: TRAILING, BROKEN: SETTLED, OURS: ours()}})
        listed = {order.exchange_id: order for order in broker.open_orders()}
        assert listed[OWNERS].market == "XRPEUR"
        assert listed[OWNERS].type is OrderType.OTHER
        assert listed[BROKEN].margin
        assert broker.unread_rows() == {}

    def test_an_open_order_that_cannot_be_read_is_counted_and_hides_no_other(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.say("OpenOrders", {"open": {BROKEN: UNREADABLE, OWNERS: "nonsense", OURS: ours()}})
        assert [order.exchange_id for order in broker.open_orders()] == [OURS]
        assert set(broker.unread_rows()) == {BROKEN, OWNERS}

    def test_a_row_missing_from_the_next_answer_is_no_longer_listed(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.say("OpenOrders", {"open": {BROKEN: UNREADABLE}})
        canned.say("OpenOrders", {"open": {}})
        broker.open_orders()
        broker.open_orders()
        assert broker.unread_rows() == {}

    def test_an_ended_order_that_cannot_be_read_is_counted_and_hides_no_other(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        rows = {BROKEN: UNREADABLE, OWNERS: ended(TRAILING), OURS: ended(ours(), 1), "OJ": order_row()}
        canned.say("ClosedOrders", {"closed": rows, "count": 4})
        assert [order.exchange_id for order in broker.closed_orders(EVER)] == [OWNERS, OURS]
        assert set(broker.unread_rows()) == {BROKEN, "OJ"}

    def test_nijas_own_order_that_cannot_be_read_is_counted_in_lists(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.say("OpenOrders", {"open": {OURS: ours(fee=None), OWNERS: order_row()}})
        assert [order.exchange_id for order in broker.open_orders()] == [OWNERS]
        assert list(broker.unread_rows()) == [OURS]

    def test_a_fill_that_cannot_be_read_is_counted_and_hides_no_other(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        trades = {"TA": trade(price="0.0"), "TB": trade(vol="lots"), "TC": trade(pair="LUNAUSD"), "TD": "nonsense"}
        canned.say("TradesHistory", {"trades": trades, "count": 4})
        assert [(fill.id, fill.market) for fill in broker.fills(EVER)] == [("TA", "BTC/USD"), ("TC", "LUNAUSD")]
        assert set(broker.unread_rows()) == {"TB", "TD"}

    def test_trades_of_borrowed_coins_are_no_fills(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        trades = {"TA": trade(margin="120.5", leverage="3"), "TB": trade()}
        canned.say("TradesHistory", {"trades": trades, "count": 2})
        assert [fill.id for fill in broker.fills(EVER)] == ["TB"]
        assert broker.unread_rows() == {}


class TestOneOrder:
    @pytest.fixture
    def request_(self, clock: ManualClock) -> OrderRequest:
        deadline = datetime.fromtimestamp(clock.time() - 600, UTC)
        return OrderRequest(new_client_id(Purpose.ENTRY), "BTC/USD", Side.BUY, OrderType.MARKET, Decimal(1), deadline)

    def look_up(self, broker: KrakenBroker, canned: CannedKraken, row: object, request: OrderRequest) -> object:
        canned.say("OpenOrders", {"open": {}})
        canned.say("ClosedOrders", {"closed": {OURS: row}, "count": 1})
        broker.sync_clock()
        return broker.resolve(request)

    @pytest.mark.parametrize("field", ["vol_exec", "status", "cost", "descr"])
    def test_an_unreadable_row_never_makes_the_wanted_order_absent(
        self, broker: KrakenBroker, canned: CannedKraken, request_: OrderRequest, field: str
    ) -> None:
        row = ended(order_row(cl_ord_id=request_.client_id))
        del row[field]
        with pytest.raises(BadAnswer, match=OURS):
            self.look_up(broker, canned, row, request_)

    def test_a_row_that_does_not_even_say_whose_it_is_may_be_the_one(
        self, broker: KrakenBroker, canned: CannedKraken, request_: OrderRequest
    ) -> None:
        with pytest.raises(BadAnswer, match=OURS):
            self.look_up(broker, canned, {}, request_)

    def test_a_strange_row_beside_it_does_not_hide_it(
        self, broker: KrakenBroker, canned: CannedKraken, request_: OrderRequest
    ) -> None:
        canned.say("OpenOrders", {"open": {BROKEN: UNREADABLE | {"cl_ord_id": "theirs"}}})
        canned.say("ClosedOrders", {"closed": {OURS: ended(order_row(cl_ord_id=request_.client_id))}, "count": 1})
        assert isinstance(broker.resolve(request_), Found)

    def test_an_unreadable_order_requested_alone_is_an_error(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.say("QueryOrders", {OURS: ours(cost=None)})
        with pytest.raises(BadAnswer, match=OURS):
            broker.order(OURS)

    def test_an_unreadable_order_among_others_is_listed_and_hides_none(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.say("QueryOrders", {OURS: ours(cost=None), OWNERS: order_row()})
        assert list(broker.orders([OURS, OWNERS])) == [OWNERS]
        assert list(broker.unread_rows()) == [OURS]


def test_an_order_without_an_id_is_not_requested(broker: KrakenBroker, canned: CannedKraken) -> None:
    canned.say("QueryOrders", {OWNERS: order_row()})
    assert list(broker.orders(["", OWNERS])) == [OWNERS]
    assert canned.calls("QueryOrders")[0].params["txid"] == OWNERS
    assert broker.orders([""]) == {}


def test_an_order_filled_for_nothing_has_an_average_of_nothing(broker: KrakenBroker, canned: CannedKraken) -> None:
    canned.say("QueryOrders", {OWNERS: ended(order_row(vol_exec="1.0"))})
    order = broker.order(OWNERS)
    assert (order.filled, order.average_price) == (Decimal(1), Decimal(0))
    assert order.closed == datetime(2023, 11, 14, 22, 15, tzinfo=UTC) + timedelta(microseconds=500_000)
