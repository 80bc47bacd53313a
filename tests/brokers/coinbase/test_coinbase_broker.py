"""The broker over a real socket, against answers as in the documentation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import (
    BadAnswer,
    BrokerError,
    MarketRefused,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    RequestRefused,
    Unavailable,
)
from brokers.model import ApiKey, Balance, Exchange, Fees, OrderStatus, Side
from tests.brokers.coinbase.coinbase_samples import (
    NOW,
    accepted,
    fill,
    market_buy,
    order,
    product,
    refused,
    server_time,
    stop_sell,
    wallet,
)
from tests.brokers.coinbase.scripted_exchange import Asked, Reply, ScriptedExchange

if TYPE_CHECKING:
    from brokers.base import Broker
    from brokers.coinbase.broker import CoinbaseBroker
    from tests.fakes import ManualClock

LISTING = "/orders/historical/batch"
FILLS = "/orders/historical/fills"
RIGHTS = {"can_view": True, "can_trade": True, "can_transfer": False, "portfolio_uuid": "ca72"}


@pytest.fixture
def connected(broker: CoinbaseBroker, scripted: ScriptedExchange) -> CoinbaseBroker:
    scripted.on("/time", Reply(server_time()))
    scripted.on("/key_permissions", Reply(RIGHTS))
    scripted.on("/market/products", Reply({"products": [product()]}))
    broker.connect()
    return broker


def test_the_broker_implements_the_protocol(broker: CoinbaseBroker) -> None:
    seen: Broker = broker

    assert (seen.exchange, seen.can_amend_stops, seen.stops_at_market) == (Exchange.COINBASE, False, False)


# Connecting.


def test_connecting_reads_the_rights_the_skew_and_the_markets(
    broker: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/time", Reply(server_time(NOW + timedelta(seconds=7))))
    scripted.on("/key_permissions", Reply(RIGHTS))
    scripted.on("/market/products", Reply({"products": [product()]}))

    info = broker.connect()

    assert (info.account_uid, info.missing, info.can_withdraw) == ("ca72", frozenset(), False)
    assert info.clock_skew == timedelta(seconds=7)
    assert broker.exchange_time() == NOW + timedelta(seconds=7)
    assert list(broker.markets()) == ["BTC/USD"]


def test_the_time_is_asked_without_the_key(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    assert scripted.asked_for("/time")[0].token == ""


def test_a_slow_question_for_the_time_does_not_count_as_skew(
    broker: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on("/time", Reply("<html>", 503), lambda _: Reply({"epochMillis": str(int(clock.wall * 1000))}))
    scripted.on("/key_permissions", Reply(RIGHTS))
    scripted.on("/market/products", Reply({"products": []}))

    assert abs(broker.connect().clock_skew) < timedelta(milliseconds=2)


# Balances and fees.


def test_balances_are_summed_over_all_pages(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    first = {"accounts": [wallet("USD", "10", "2")], "has_next": True, "cursor": "2"}
    second = {"accounts": [wallet("BTC", "0.1")], "has_next": False, "cursor": ""}
    scripted.on("/accounts", lambda asked: Reply(second if "cursor" in asked.query else first))

    held = connected.balances()

    assert held["USD"] == Balance("USD", Decimal(12), Decimal(2))
    assert held["BTC"] == Balance("BTC", Decimal("0.1"))


def test_fees_are_requested_at_most_once_an_hour(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    tiers = [{"fee_tier": {"maker_fee_rate": rate, "taker_fee_rate": "0.006"}} for rate in ("0.004", "0.003")]
    scripted.on("/transaction_summary", *map(Reply, tiers))

    assert connected.fees("BTC/USD") == Fees(Decimal("0.004"), Decimal("0.006"))
    clock.advance(3_599)
    assert connected.fees("ETH/USD").maker == Decimal("0.004")
    clock.advance(1)
    assert connected.fees("BTC/USD").maker == Decimal("0.003")


# Placing and cancelling.


def test_an_accepted_order_gives_its_id(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders", Reply(accepted("4711")))
    request = market_buy()

    assert connected.place(request) == "4711"
    assert scripted.asked_for("/orders")[0].body["client_order_id"] == request.client_id


def test_a_refusal_with_http_200_is_a_refusal(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders", Reply(refused("INSUFFICIENT_FUND", message="Insufficient balance in source account")))

    with pytest.raises(OrderRejected, match="Insufficient balance") as caught:
        connected.place(market_buy())

    assert caught.value.reason == "INSUFFICIENT_FUND"


@pytest.mark.parametrize(
    "answer", [{}, {"success": True}, {"success": True, "success_response": {"order_id": ""}}, {"order_id": "1"}]
)
def test_no_order_id_and_no_refusal_is_an_unknown_outcome(
    connected: CoinbaseBroker, scripted: ScriptedExchange, answer: dict[str, Any]
) -> None:
    scripted.on("/orders", Reply(answer))

    with pytest.raises(OutcomeUnknown):
        connected.place(market_buy())


def test_a_stop_is_sent_as_a_stop_limit(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders", Reply(accepted()))

    connected.place(stop_sell())

    assert list(scripted.asked_for("/orders")[0].body["order_configuration"]) == ["stop_limit_stop_limit_gtc"]


def test_an_unknown_market_is_refused_before_anything_is_sent(
    broker: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    with pytest.raises(RequestRefused, match="BTC/USD"):
        broker.place(market_buy())

    assert scripted.asked == []


def test_a_stop_cannot_be_moved_here(connected: CoinbaseBroker) -> None:
    with pytest.raises(RequestRefused, match="cancel the old one"):
        connected.amend_stop("1", "BTC/USD", Decimal(1), Decimal(1))


def _row(reason: str, *, success: bool = False) -> Reply:
    return Reply({"results": [{"success": success, "failure_reason": reason, "order_id": "1111"}]})


@pytest.mark.parametrize(
    "reply",
    [
        _row("UNKNOWN_CANCEL_FAILURE_REASON", success=True),
        _row("UNKNOWN_CANCEL_ORDER"),
        _row("ORDER_IS_FULLY_FILLED"),
        _row("DUPLICATE_CANCEL_REQUEST"),
    ],
)
def test_cancelling_returns_where_it_has_begun_or_the_order_is_gone(
    connected: CoinbaseBroker, scripted: ScriptedExchange, reply: Reply
) -> None:
    scripted.on("/orders/batch_cancel", reply)

    connected.cancel("1111")

    assert scripted.asked[-1].body == {"order_ids": ["1111"]}


def test_a_row_that_refuses_to_cancel_is_seen_though_the_answer_is_200(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders/batch_cancel", _row("NOT_ALLOWED_TO_CANCEL"))
    scripted.on("/orders/historical/1111", Reply({"order": order(status="OPEN")}))

    with pytest.raises(RequestRefused, match="NOT_ALLOWED_TO_CANCEL"):
        connected.cancel("1111")


def test_an_unknown_reason_not_to_cancel_is_ignored_if_the_order_has_ended(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders/batch_cancel", _row("INVALID_CANCEL_REQUEST"))
    scripted.on("/orders/historical/1111", Reply({"order": order(status="CANCELLED")}))

    connected.cancel("1111")


def test_a_cancel_without_a_row_of_its_own_is_not_taken_for_done(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders/batch_cancel", Reply({"results": []}))

    with pytest.raises(BadAnswer):
        connected.cancel("1111")


def test_a_cancel_whose_answer_is_lost_is_repeated(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders/batch_cancel", Reply(silent=True), _row("DUPLICATE_CANCEL_REQUEST"))

    connected.cancel("1111")


# Reading orders.


def test_an_order_is_read_by_its_id(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders/historical/1111", Reply({"order": order()}))

    assert connected.order("1111").status is OrderStatus.FILLED
    with pytest.raises(OrderNotFound):
        connected.order("2222")


def test_many_orders_are_requested_in_batches_of_repeated_ids(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    def known(asked: Asked) -> Reply:
        assert len(asked.query["order_ids"]) <= 50
        return Reply({"orders": [order(order_id=known) for known in asked.query["order_ids"] if known != "7"]})

    scripted.on(LISTING, known)
    found = connected.orders([str(number) for number in range(120)])

    assert len(found) == 119
    assert "7" not in found


def test_an_empty_list_of_ids_requests_nothing(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    assert connected.orders([]) == {}
    assert scripted.asked_for(LISTING) == []


def test_open_orders_include_pending_ones_and_open_is_requested_alone(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    books = {"OPEN": ["a", "b"], "PENDING": ["b", "c"], "QUEUED": ["d"]}

    def strict(asked: Asked) -> Reply:
        wanted = asked.query["order_status"]
        if "OPEN" in wanted and len(wanted) > 1:
            return Reply({"error": "INVALID_ARGUMENT", "message": "OPEN cannot be mixed"}, 400)
        ids = [name for status in wanted for name in books.get(status, [])]
        return Reply({"orders": [order(order_id=name, status="OPEN", filled_size="0") for name in ids]})

    scripted.on(LISTING, strict)

    assert sorted(told.exchange_id for told in connected.open_orders()) == ["a", "b", "c", "d"]


def test_one_order_that_cannot_be_read_is_counted_and_hides_no_other(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    ours = new_client_id(Purpose.STOP)
    rows = [
        order(order_id="good", status="OPEN"),
        order(order_id="theirs", filled_size=None),
        order(order_id="ours", client_order_id=ours, order_configuration=None),
        None,
    ]
    scripted.on(LISTING, Reply({"orders": rows}))

    assert [told.exchange_id for told in connected.open_orders()] == ["good"]
    assert set(connected.unread_rows()) == {"theirs", "ours", "order without an id (no product)"}
    assert "order_configuration" not in connected.unread_rows()["theirs"]


def test_refused_simple_pages_hide_no_order_and_are_not_taken_for_empty(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    def answer(asked: Asked) -> Reply:
        if "order_placement_source" in asked.query:
            return Reply({"error": "INVALID_ARGUMENT", "message": "no such source"}, 400)
        return Reply({"orders": [order()]})

    scripted.on(LISTING, answer)

    assert len(connected.open_orders()) == 1
    assert set(connected.unread_rows()) == {"open orders of the simple trade pages"}


def test_a_row_that_can_be_read_again_is_counted_no_longer(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on(LISTING, Reply({"orders": [order(filled_size=None)]}))
    connected.open_orders()
    scripted.on(LISTING, Reply({"orders": [order()]}))
    connected.open_orders()

    assert connected.unread_rows() == {}


def test_an_unreadable_order_of_ours_requested_by_id_is_not_denied(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    broken = order(order_id="s", client_order_id=new_client_id(Purpose.STOP), created_time=None)
    scripted.on(LISTING, Reply({"orders": [broken, order(order_id="t")]}))
    scripted.on("/orders/historical/s", Reply({"order": broken}))

    assert set(connected.orders(["s", "t"])) == {"t"}
    assert set(connected.unread_rows()) == {"s"}
    with pytest.raises(BadAnswer):
        connected.order("s")


def test_unreadable_products_and_balances_are_listed_too(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on(
        "/market/products", Reply({"products": [product(), product(product_id="X-USD", status=1, quote_min_size={})]})
    )
    scripted.on("/accounts", Reply({"accounts": [wallet("USD", "10"), wallet("ETH", "much")]}))
    clock.advance(61)
    connected.refresh_markets()

    assert list(connected.balances()) == ["USD"]
    assert list(connected.markets()) == ["BTC/USD"]
    assert set(connected.unread_rows()) == {"product:X-USD", "balance:ETH"}


def test_futures_orders_are_left_out(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on(LISTING, Reply({"orders": [order(product_id="BTC-PERP-INTX", product_type="FUTURE")]}))

    assert connected.open_orders() == ()


# Fills.


def test_fills_are_read_by_cursor_once_each_oldest_first(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    late = fill(entry_id="b", trade_time="2023-11-14T22:14:00Z")
    first = {"fills": [late, fill(entry_id="a")], "cursor": "2"}
    second = {"fills": [fill(entry_id="a"), fill(entry_id="c", trade_time="2023-11-14T22:13:00Z")], "cursor": ""}
    scripted.on(FILLS, lambda asked: Reply(second if "cursor" in asked.query else first))

    told = connected.fills(datetime(2023, 11, 14, 22, tzinfo=UTC))

    assert [one.id for one in told] == ["c", "a", "b"]
    assert scripted.asked[-1].query["start_sequence_timestamp"] == ["2023-11-14T22:00:00Z"]


def test_a_fill_recorded_after_the_start_is_listed_though_it_traded_before(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    before = fill(entry_id="x", trade_time="2023-11-14T22:00:00.1Z", sequence_timestamp="2023-11-14T22:00:00.2Z")
    straddling = fill(entry_id="y", trade_time="2023-11-14T22:00:00.2Z", sequence_timestamp="2023-11-14T22:00:00.9Z")
    scripted.on(FILLS, Reply({"fills": [before, straddling], "cursor": ""}))

    since = datetime(2023, 11, 14, 22, 0, 0, 500_000, tzinfo=UTC)

    assert [told.id for told in connected.fills(since)] == ["y"]


def test_a_fill_sized_in_quote_is_divided_by_its_price(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on(FILLS, Reply({"fills": [fill(size="50", price="20000", size_in_quote=True)], "cursor": ""}))

    told = connected.fills(NOW - timedelta(days=1))[0]

    assert (told.amount, told.fee, told.fee_currency) == (Decimal("0.0025"), Decimal("0.1489"), "USD")


def test_a_reversal_undoes_its_fill(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on(FILLS, Reply({"fills": [fill(), fill(entry_id="r", trade_type="REVERSAL")], "cursor": ""}))

    done, undone = connected.fills(NOW - timedelta(days=1))

    assert (done.side, undone.side) == (Side.BUY, Side.SELL)
    assert done.fee + undone.fee == 0
    assert done.amount == undone.amount


def test_neither_key_nor_secret_shows_in_a_repr(connected: CoinbaseBroker, api_key: ApiKey) -> None:
    shown = repr(connected) + repr(vars(connected)) + repr(api_key)

    assert api_key.key not in shown
    assert api_key.secret.splitlines()[1] not in shown


def test_a_fill_at_price_zero_is_listed(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on(FILLS, Reply({"fills": [fill(price="0"), fill(entry_id="b")], "cursor": ""}))

    assert {told.id: told.price for told in connected.fills(NOW - timedelta(days=1))} == {
        "2222": Decimal(0),
        "b": Decimal("68923.67"),
    }


@pytest.mark.parametrize(
    "amiss",
    [
        {"price": "", "size_in_quote": True},
        {"price": "-1"},
        {"price": None},
        {"commission": None},
        {"side": None},
        {"order_id": None},
        {"product_id": None},
        {"trade_time": None},
    ],
)
def test_a_fill_that_cannot_be_read_is_counted_and_hides_no_other(
    connected: CoinbaseBroker, scripted: ScriptedExchange, amiss: dict[str, object]
) -> None:
    scripted.on(FILLS, Reply({"fills": [fill(entry_id="x") | amiss, fill(entry_id="b")], "cursor": ""}))

    assert [told.id for told in connected.fills(NOW - timedelta(days=1))] == ["b"]
    assert set(connected.unread_rows()) == {"x"}


PREVIEW = "/orders/preview"


# Previews.


def test_a_preview_asks_for_the_same_order_and_places_nothing(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    request = stop_sell()
    scripted.on(PREVIEW, Reply({"errs": [], "warning": [], "preview_id": "p"}))
    scripted.on("/orders", Reply(accepted()))

    connected.preview(request)
    assert scripted.asked_for("/orders") == []
    connected.place(request)

    previewed, placed = scripted.asked_for(PREVIEW)[0].body, scripted.asked_for("/orders")[0].body
    assert placed == {"client_order_id": request.client_id, **previewed}


@pytest.mark.parametrize(
    ("errs", "kind"),
    [
        (["PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"], OrderRejected),
        (["PREVIEW_INSUFFICIENT_FUND", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"], OrderRejected),
        (["PREVIEW_TRADING_DISABLED", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"], OrderRejected),
        (["PREVIEW_TRADING_DISABLED"], OrderRejected),
        (["PREVIEW_INVALID_PRICE_PRECISION", "PREVIEW_GEOFENCING_RESTRICTION"], MarketRefused),
        ([{"code": 1}], OrderRejected),
    ],
)
def test_a_preview_refuses_as_the_order_would_be(
    connected: CoinbaseBroker, scripted: ScriptedExchange, errs: list[object], kind: type[BrokerError]
) -> None:
    scripted.on(PREVIEW, Reply({"errs": errs, "preview_id": "p"}))

    with pytest.raises(kind):
        connected.preview(stop_sell())


@pytest.mark.parametrize("errs", [["PREVIEW_INSUFFICIENT_FUND"], ["INSUFFICIENT_FUNDS"], [], None])
def test_a_preview_that_lacks_only_held_coins_passes(
    connected: CoinbaseBroker, scripted: ScriptedExchange, errs: list[str] | None
) -> None:
    scripted.on(PREVIEW, Reply({"errs": errs, "preview_id": "p"}))

    connected.preview(stop_sell())


def test_a_preview_without_an_answer_is_not_consent(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on(PREVIEW, Reply({}))

    with pytest.raises(BadAnswer):
        connected.preview(stop_sell())


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply({"error": "INVALID_ARGUMENT", "message": "bad size"}, 400), OrderRejected),
        (Reply({"error": "ORDER_ENTRY_DISABLED"}, 400), OrderRejected),
        (Reply({"error": "PERMISSION_DENIED", "message": "not available in your country"}, 403), MarketRefused),
        (Reply("<html>", 502), Unavailable),
    ],
)
def test_a_preview_that_fails_is_not_consent(
    connected: CoinbaseBroker, scripted: ScriptedExchange, reply: Reply, kind: type[BrokerError]
) -> None:
    scripted.on(PREVIEW, reply)

    with pytest.raises(kind):
        connected.preview(stop_sell())


# Closed and refused markets.


def test_an_order_in_a_temporarily_closed_market_is_not_rejected(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders", Reply(refused("ORDER_ENTRY_DISABLED")))

    with pytest.raises(Unavailable):
        connected.place(market_buy())


def test_a_market_that_is_not_for_this_account_is_refused_alone(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    scripted.on("/orders", Reply(refused("GEOFENCING_RESTRICTION", message="not in your region")))

    with pytest.raises(MarketRefused, match="region") as caught:
        connected.place(market_buy())

    assert "markets" in caught.value.remedy


def test_the_clock_is_measured_again_only_when_it_is_too_old(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    asked = len(scripted.asked_for("/time"))
    clock.advance(200)

    connected.sync_clock(300.0)
    assert len(scripted.asked_for("/time")) == asked
    connected.sync_clock(100.0)
    assert len(scripted.asked_for("/time")) == asked + 1
