"""The broker over a real socket, against answers as the documents print them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.errors import (
    BadAnswer,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    RequestRefused,
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


def test_the_broker_is_what_the_upper_storeys_expect(broker: CoinbaseBroker) -> None:
    seen: Broker = broker

    assert (seen.exchange, seen.can_amend_stops, seen.stops_at_market) == (Exchange.COINBASE, False, False)


def test_connecting_tells_the_rights_the_skew_and_the_markets(
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


def test_balances_are_summed_over_all_pages(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    first = {"accounts": [wallet("USD", "10", "2")], "has_next": True, "cursor": "2"}
    second = {"accounts": [wallet("BTC", "0.1")], "has_next": False, "cursor": ""}
    scripted.on("/accounts", lambda asked: Reply(second if "cursor" in asked.query else first))

    held = connected.balances()

    assert held["USD"] == Balance("USD", Decimal(12), Decimal(2))
    assert held["BTC"] == Balance("BTC", Decimal("0.1"))


def test_fees_are_asked_for_at_most_once_an_hour(
    connected: CoinbaseBroker, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    tiers = [{"fee_tier": {"maker_fee_rate": rate, "taker_fee_rate": "0.006"}} for rate in ("0.004", "0.003")]
    scripted.on("/transaction_summary", *map(Reply, tiers))

    assert connected.fees("BTC/USD") == Fees(Decimal("0.004"), Decimal("0.006"))
    clock.advance(3_599)
    assert connected.fees("ETH/USD").maker == Decimal("0.004")
    clock.advance(1)
    assert connected.fees("BTC/USD").maker == Decimal("0.003")


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


def test_an_unknown_reason_not_to_cancel_does_not_matter_where_the_order_has_ended(
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


def test_an_order_is_read_by_its_id(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on("/orders/historical/1111", Reply({"order": order()}))

    assert connected.order("1111").status is OrderStatus.FILLED
    with pytest.raises(OrderNotFound):
        connected.order("2222")


def test_many_orders_are_asked_for_by_repeated_ids_in_portions(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    def known(asked: Asked) -> Reply:
        assert len(asked.query["order_ids"]) <= 50
        return Reply({"orders": [order(order_id=known) for known in asked.query["order_ids"] if known != "7"]})

    scripted.on(LISTING, known)
    found = connected.orders([str(number) for number in range(120)])

    assert len(found) == 119
    assert "7" not in found


def test_no_ids_are_not_asked_for_as_if_they_meant_all(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    assert connected.orders([]) == {}
    assert scripted.asked_for(LISTING) == []


def test_open_orders_hold_those_on_the_way_and_open_is_asked_for_alone(
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


def test_futures_orders_are_not_told(connected: CoinbaseBroker, scripted: ScriptedExchange) -> None:
    scripted.on(LISTING, Reply({"orders": [order(product_id="BTC-PERP-INTX", product_type="FUTURE")]}))

    assert connected.open_orders() == ()


def test_closed_orders_reach_back_to_those_that_rested_long_and_leave_out_what_ended_before(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    since = datetime(2023, 11, 14, tzinfo=UTC)
    old_stop = order(order_id="s", created_time="2023-10-01T00:00:00Z")
    ended_before = order(order_id="e", created_time="2023-10-01T00:00:00Z", last_fill_time="2023-11-01T00:00:00Z")
    untold = order(order_id="u", status="CANCELLED", created_time="2023-11-02T00:00:00Z", last_fill_time=None)
    scripted.on(LISTING, Reply({"orders": [old_stop, ended_before, untold]}))

    assert [told.exchange_id for told in connected.closed_orders(since)] == ["u", "s"]
    assert scripted.asked[-1].query["start_date"][0] < "2023-10-01"


def test_fills_are_read_by_cursor_and_each_told_once_oldest_first(
    connected: CoinbaseBroker, scripted: ScriptedExchange
) -> None:
    late = fill(entry_id="b", trade_time="2023-11-14T22:14:00Z")
    first = {"fills": [late, fill(entry_id="a")], "cursor": "2"}
    second = {"fills": [fill(entry_id="a"), fill(entry_id="c", trade_time="2023-11-14T22:13:00Z")], "cursor": ""}
    scripted.on(FILLS, lambda asked: Reply(second if "cursor" in asked.query else first))

    told = connected.fills(datetime(2023, 11, 14, 22, tzinfo=UTC))

    assert [one.id for one in told] == ["c", "a", "b"]
    assert scripted.asked[-1].query["start_sequence_timestamp"] == ["2023-11-14T22:00:00Z"]


def test_a_fill_booked_after_the_given_moment_is_told_though_it_traded_before(
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
