from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind

if TYPE_CHECKING:
    from tests.brokers.simulator.coinbase.coinbase_desk import Desk

MARKET = {"market_market_ioc": {"base_size": "0.01"}}


def limit(price: str = "40000", size: str = "0.01", **more: Any) -> dict[str, Any]:  # noqa: ANN401  JSON values
    return {"limit_limit_gtc": {"base_size": size, "limit_price": price, **more}}


def stop(stop_price: str, limit_price: str, direction: str = "DOWN", size: str = "0.01") -> dict[str, Any]:
    terms = {"base_size": size, "limit_price": limit_price, "stop_price": stop_price}
    return {"stop_limit_stop_limit_gtc": {**terms, "stop_direction": f"STOP_DIRECTION_STOP_{direction}"}}


def wallet(desk: Desk, currency: str) -> list[Decimal | int]:
    """Available, and held."""
    row = next(row for row in desk.get("/accounts").json["accounts"] if row["currency"] == currency)
    return [Decimal(row["available_balance"]["value"]), Decimal(row["hold"]["value"])]


# Market orders.


def test_a_market_buy_by_base_pays_its_fee_on_top(desk: Desk) -> None:
    order = desk.order(desk.placed(MARKET))
    value = Decimal("0.01") * Decimal("50002.5")
    assert (order["status"], order["filled_size"], order["filled_value"]) == ("FILLED", "0.01", "500.025")
    assert Decimal(order["total_fees"]) == value * Decimal("0.006")
    assert Decimal(order["total_value_after_fees"]) == value * Decimal("1.006")
    assert wallet(desk, "USD") == [10_000 - value * Decimal("1.006"), 0]
    assert wallet(desk, "BTC") == [Decimal("0.01"), 0]


def test_a_market_buy_by_quote_takes_its_fee_out_of_it(desk: Desk) -> None:
    order = desk.order(desk.placed({"market_market_ioc": {"quote_size": "50.00"}}))
    assert (order["size_in_quote"], order["size_inclusive_of_fees"]) == (True, True)
    assert Decimal("49.99") < Decimal(order["total_value_after_fees"]) <= 50
    assert order["order_configuration"] == {"market_market_ioc": {"quote_size": "50.00"}}
    (fill,) = desk.get("/orders/historical/fills").json["fills"]
    assert fill["size_in_quote"] is True
    assert Decimal(fill["size"]) / Decimal(fill["price"]) == Decimal(order["filled_size"])


def test_a_market_sell_by_quote_is_not_offered(desk: Desk) -> None:
    sized = {"market_market_ioc": {"quote_size": "50"}}
    assert desk.refused(sized, side="SELL")[0] == "UNSUPPORTED_ORDER_CONFIGURATION"


def test_a_thin_book_cancels_a_market_order_after_a_partial_fill(desk: Desk) -> None:
    desk.account.credit("USD", Decimal(100_000_000))
    order = desk.order(desk.placed({"market_market_ioc": {"base_size": "3000"}}))
    assert order["status"] == "CANCELLED"
    assert 0 < Decimal(order["filled_size"]) < 3_000
    assert int(order["number_of_fills"]) > 1
    assert order["settled"] is False


# Limit orders and client ids.


def test_a_limit_order_rests_holds_and_fills_as_a_maker(desk: Desk) -> None:
    order_id = desk.placed(limit("49000"))
    order = desk.order(order_id)
    assert (order["status"], order["filled_size"], order["fee"]) == ("OPEN", "0", "")
    assert Decimal(order["outstanding_hold_amount"]) == Decimal("0.01") * 49_000 * Decimal("1.006")
    available, held = wallet(desk, "USD")
    assert available + held == 10_000
    assert held == Decimal(order["outstanding_hold_amount"])
    desk.price("BTC/USD", "48000")
    assert desk.order(order_id)["status"] == "FILLED"
    (fill,) = desk.get("/orders/historical/fills", order_ids=order_id).json["fills"]
    assert (fill["liquidity_indicator"], fill["price"]) == ("MAKER", "49000")
    assert Decimal(fill["commission"]) == Decimal(490) * Decimal("0.004")
    assert wallet(desk, "USD")[1] == 0


def test_a_repeated_client_order_id_gives_the_first_order_and_nothing_new(desk: Desk) -> None:
    first = desk.create(MARKET, client_order_id="same")
    other = desk.create(limit(), client_order_id="same", product_id="ETH-USD")
    assert other == first
    assert len(desk.account.orders) == 1
    desk.advance(86_400)
    assert desk.create(MARKET, client_order_id="same") == first


def test_a_refused_order_does_not_use_up_its_client_order_id(desk: Desk) -> None:
    assert not desk.create(limit(size="90"), client_order_id="again")["success"]
    assert desk.create(limit(), client_order_id="again")["success"]


# Refusals.


@pytest.mark.parametrize(
    ("configuration", "reason", "preview"),
    [
        (limit(size="0.000000001"), "INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION"),
        (limit("40000.001"), "INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION"),
        (limit(size="0.00000000"), "UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
        (limit(size="4000"), "UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE"),
        (limit(size="0.00002"), "UNKNOWN_FAILURE_REASON", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"),
        (limit("0.00"), "INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE"),
        (limit(size="1"), "INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND"),
        (limit("51000", post_only=True), "INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY"),
        (
            {"market_market_ioc": {"quote_size": "10.001"}},
            "INVALID_SIZE_PRECISION",
            "PREVIEW_INVALID_QUOTE_SIZE_PRECISION",
        ),
        (
            {"market_market_ioc": {"quote_size": "0.99"}},
            "UNKNOWN_FAILURE_REASON",
            "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL",
        ),
        ({"market_market_fok": {"base_size": "1"}}, "UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_INVALID_ORDER_CONFIG"),
        (stop("50001", "49000"), "UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"),
        (stop("49999", "51000", "UP"), "UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE"),
        (stop("52000", "51000", "UP"), "UNKNOWN_FAILURE_REASON", "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE"),
    ],
)
def test_each_refusal_says_its_reason(desk: Desk, configuration: dict[str, Any], reason: str, preview: str) -> None:
    assert desk.refused(configuration) == (reason, preview)
    assert not desk.account.orders
    assert wallet(desk, "USD") == [10_000, 0]


def test_exactly_the_minimum_is_taken(desk: Desk) -> None:
    assert desk.create({"market_market_ioc": {"quote_size": "1.00"}})["success"]
    assert desk.create(limit("50000", "0.00002"))["success"]


def test_an_unknown_product_is_refused(desk: Desk) -> None:
    assert desk.refused(MARKET, product_id="DOGE-USD")[0] == "INVALID_PRODUCT_ID"
    assert desk.refused(MARKET, product_id="BTC/USD")[0] == "INVALID_PRODUCT_ID"


def test_careless_orders_are_noted_as_violations_and_unlucky_ones_are_not(desk: Desk) -> None:
    desk.refused(limit(size="1"))
    desk.refused(limit("51000", post_only=True))
    assert desk.violations() == []
    desk.refused(limit("40000.001"))
    assert desk.violations() == ["INVALID_PRICE_PRECISION"]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_order_id": ""},
        {"side": "buy"},
        {"side": "HOLD"},
        {"leverage": "2"},
        {"surprise": "1"},
        {"product_id": ""},
        {"order_configuration": {}},
        {"order_configuration": {**MARKET, **limit()}},
        {"order_configuration": {"stop_market_gtc": {"base_size": "1"}}},
        {"order_configuration": {"market_market_ioc": {"base_size": 0.01}}},
        {"order_configuration": {"market_market_ioc": {"base_size": "1e-2"}}},
        {"order_configuration": {"market_market_ioc": {"base_size": "-1"}}},
        {"order_configuration": {"market_market_ioc": {}}},
        {"order_configuration": {"market_market_ioc": {"base_size": "0.01", "quote_size": "10"}}},
        {"order_configuration": {"market_market_ioc": {"base_size": "0.01", "limit_price": "1"}}},
        {"order_configuration": {"limit_limit_gtc": {"base_size": "0.01"}}},
        {"order_configuration": {"limit_limit_gtc": {"base_size": "0.01", "limit_price": "1", "post_only": "true"}}},
        {"order_configuration": {"limit_limit_gtd": {"base_size": "0.01", "limit_price": "40000", "end_time": "soon"}}},
        {"order_configuration": stop("45000", "44000", "SIDEWAYS")},
    ],
)
def test_a_body_of_the_wrong_shape_is_an_invalid_argument(desk: Desk, changes: dict[str, Any]) -> None:
    fields = {"client_order_id": "a", "product_id": "BTC-USD", "side": "BUY", "order_configuration": MARKET}
    reply = desk.post("/orders", **(fields | changes))
    assert reply.status == 400
    assert set(reply.json) == {"error", "error_details", "message"}
    assert reply.json["error"] == "INVALID_ARGUMENT"
    assert not desk.account.orders


# Stops and brackets.


def test_a_stop_limit_waits_for_its_price_and_then_rests_or_sells(desk: Desk) -> None:
    desk.placed(MARKET)
    order_id = desk.placed(stop("45000", "44000"), side="SELL")
    waiting = desk.order(order_id)
    assert (waiting["status"], waiting["trigger_status"], waiting["order_type"]) == (
        "OPEN",
        "STOP_PENDING",
        "STOP_LIMIT",
    )
    assert wallet(desk, "BTC") == [0, Decimal("0.01")]
    desk.price("BTC/USD", "45000.01")
    assert desk.order(order_id)["trigger_status"] == "STOP_PENDING"
    desk.price("BTC/USD", "44900")
    assert (desk.order(order_id)["status"], desk.order(order_id)["trigger_status"]) == ("FILLED", "STOP_TRIGGERED")


def test_a_gap_through_the_limit_leaves_a_stop_unfilled(desk: Desk) -> None:
    desk.placed(MARKET)
    order_id = desk.placed(stop("45000", "44000"), side="SELL")
    desk.price("BTC/USD", "40000")
    order = desk.order(order_id)
    assert (order["status"], order["trigger_status"], order["filled_size"]) == ("OPEN", "STOP_TRIGGERED", "0")


def test_a_sell_stop_below_its_own_limit_is_refused(desk: Desk) -> None:
    desk.placed(MARKET)
    assert desk.refused(stop("45000", "46000"), side="SELL")[1] == "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE"


def test_a_bracket_sells_at_its_stop_or_at_its_limit_never_both(desk: Desk) -> None:
    for price in ("44000", "61000"):
        desk.price("BTC/USD", "50000")
        desk.placed(MARKET)
        terms = {"base_size": "0.01", "limit_price": "60000", "stop_trigger_price": "45000"}
        order_id = desk.placed({"trigger_bracket_gtc": terms}, side="SELL")
        assert desk.order(order_id)["order_type"] == "BRACKET"
        desk.price("BTC/USD", price)
        assert desk.order(order_id)["status"] == "FILLED"
        assert wallet(desk, "BTC") == [0, 0]
    wrong = {"base_size": "0.01", "limit_price": "44000", "stop_trigger_price": "45000"}
    desk.price("BTC/USD", "50000")
    assert desk.refused({"trigger_bracket_gtc": wrong}, side="SELL")[0] == "INVALID_BRACKET_PRICES"


def test_an_attached_bracket_follows_the_entrys_fills(desk: Desk) -> None:
    attached = {"trigger_bracket_gtc": {"limit_price": "60000", "stop_trigger_price": "45000"}}
    entry = desk.placed(MARKET, attached_order_configuration=attached)
    (leg,) = desk.get("/orders/historical/batch", order_status="OPEN").json["orders"]
    assert (leg["side"], leg["originating_order_id"]) == ("SELL", entry)
    terms = {"base_size": "0.01", "limit_price": "60000", "stop_trigger_price": "45000"}
    assert leg["order_configuration"] == {"trigger_bracket_gtc": terms}
    sized = {"trigger_bracket_gtc": attached["trigger_bracket_gtc"] | {"base_size": "0.01"}}
    fields = {"client_order_id": "b", "product_id": "BTC-USD", "side": "BUY", "order_configuration": MARKET}
    assert desk.post("/orders", **fields, attached_order_configuration=sized).status == 400


# Time in force and market states.


def test_orders_that_are_in_force_for_a_while_end_by_themselves(desk: Desk) -> None:
    end = "2023-11-14T22:14:20Z"
    order_id = desk.placed({"limit_limit_gtd": {"base_size": "0.01", "limit_price": "40000", "end_time": end}})
    assert desk.order(order_id)["time_in_force"] == "GOOD_UNTIL_DATE_TIME"
    desk.advance(61)
    assert desk.order(order_id)["status"] == "EXPIRED"
    assert wallet(desk, "USD") == [10_000, 0]
    past = {"base_size": "0.01", "limit_price": "40000", "end_time": end}
    assert desk.refused({"limit_limit_gtd": past})[1] == "PREVIEW_END_TIME_IS_IN_PAST"


def test_orders_for_at_once_do_not_rest(desk: Desk) -> None:
    terms = {"base_size": "0.01", "limit_price": "49000"}
    assert desk.order(desk.placed({"sor_limit_ioc": terms}))["status"] == "CANCELLED"
    assert desk.order(desk.placed({"limit_limit_fok": terms}))["status"] == "CANCELLED"
    crossing = terms | {"limit_price": "50100"}
    assert desk.order(desk.placed({"sor_limit_ioc": crossing}))["status"] == "FILLED"
    assert desk.order(desk.placed({"limit_limit_fok": crossing}))["status"] == "FILLED"


def test_a_market_state_refuses_its_orders(desk: Desk) -> None:
    modes = desk.engine.exchange.market_modes
    modes["BTC/USD"] = Mode.CANCEL_ONLY
    assert desk.get("/products/BTC-USD").json["cancel_only"] is True
    assert desk.refused(limit()) == ("ORDER_ENTRY_DISABLED", "PREVIEW_TRADING_DISABLED")
    modes["BTC/USD"] = Mode.LIMIT_ONLY
    assert desk.get("/products/BTC-USD").json["limit_only"] is True
    assert desk.refused(MARKET)[0] == "ORDER_ENTRY_DISABLED"
    assert desk.create(limit())["success"]
    modes["BTC/USD"] = Mode.POST_ONLY
    assert desk.get("/products/BTC-USD").json["post_only"] is True
    assert desk.refused(limit())[0] == "ORDER_ENTRY_DISABLED"
    assert desk.create(limit(post_only=True))["success"]
    modes["BTC/USD"] = Mode.MAINTENANCE
    assert desk.get("/products/BTC-USD").json["trading_disabled"] is True
    assert desk.refused(limit())[0] == "UNTRADABLE_PRODUCT"


# Previews, cancels and edits.


def test_a_preview_reports_refusals_and_places_nothing(desk: Desk) -> None:
    fields = {"product_id": "BTC-USD", "side": "BUY"}
    good = desk.post("/orders/preview", **fields, order_configuration=MARKET).json
    assert good["errs"] == []
    assert Decimal(good["order_total"]) == Decimal("0.01") * Decimal("50002.5") * Decimal("1.006")
    assert (good["best_bid"], good["best_ask"]) == ("49997.5", "50002.5")
    assert desk.post("/orders/preview", **fields, order_configuration=limit(size="1")).json["errs"] == [
        "PREVIEW_INSUFFICIENT_FUND"
    ]
    assert desk.post("/orders/preview", **fields, order_configuration=MARKET, client_order_id="a").status == 400
    assert not desk.account.orders


def test_each_row_of_a_batch_cancel_has_its_own_outcome(desk: Desk) -> None:
    open_id, filled = desk.placed(limit()), desk.placed(MARKET)
    answer = desk.post("/orders/batch_cancel", order_ids=[open_id, filled, "nobody", open_id])
    assert answer.status == 200
    assert [(row["success"], row["failure_reason"]) for row in answer.json["results"]] == [
        (True, "UNKNOWN_CANCEL_FAILURE_REASON"),
        (False, "ORDER_IS_FULLY_FILLED"),
        (False, "UNKNOWN_CANCEL_ORDER"),
        (False, "INVALID_CANCEL_REQUEST"),
    ]
    assert desk.order(open_id)["status"] == "CANCELLED"
    assert wallet(desk, "USD")[1] == 0
    assert desk.post("/orders/batch_cancel", order_ids=[]).status == 400
    assert desk.post("/orders/batch_cancel", order_ids=["x"] * 101).status == 400
    assert desk.post("/orders/batch_cancel", client_order_ids=["x"]).status == 400


def test_a_slow_cancel_is_queued_and_may_still_fill(desk: Desk) -> None:
    order_id = desk.placed(limit("49000"))
    desk.fault(FaultKind.SLOW_CANCEL, endpoint="POST /orders/batch_cancel", count=1, seconds=5)
    assert desk.post("/orders/batch_cancel", order_ids=[order_id]).json["results"][0]["success"]
    order = desk.order(order_id)
    assert (order["status"], order["pending_cancel"]) == ("CANCEL_QUEUED", True)
    again = desk.post("/orders/batch_cancel", order_ids=[order_id]).json["results"][0]
    assert again["failure_reason"] == "DUPLICATE_CANCEL_REQUEST"
    desk.price("BTC/USD", "48000")
    assert desk.order(order_id)["status"] == "FILLED"


def edit(desk: Desk, order_id: str, **fields: str) -> Any:  # noqa: ANN401  the JSON of the answer
    reply = desk.post("/orders/edit", order_id=order_id, **fields)
    assert reply.status == 200, reply.text
    if not reply.json["success"]:
        return reply.json["errors"][0]["edit_failure_reason"]
    return reply.json


def test_an_edit_changes_price_and_size_and_is_remembered(desk: Desk) -> None:
    order_id = desk.placed(limit("40000"))
    assert edit(desk, order_id, price="41000", size="0.02") == {"success": True, "errors": []}
    order = desk.order(order_id)
    assert order["order_configuration"] == {"limit_limit_gtc": {"base_size": "0.02", "limit_price": "41000"}}
    assert [(row["price"], row["size"]) for row in order["edit_history"]] == [("41000", "0.02")]
    assert wallet(desk, "USD")[1] == Decimal("0.02") * 41_000 * Decimal("1.006")


def test_an_edit_needs_both_price_and_size_and_a_resting_order(desk: Desk) -> None:
    desk.placed(MARKET)
    order_id = desk.placed(limit("40000"))
    assert edit(desk, order_id, price="41000") == "INVALID_EDITED_SIZE"
    assert edit(desk, order_id, size="0.01") == "INVALID_EDITED_PRICE"
    assert edit(desk, order_id, size="0.01", price="41000.001") == "INVALID_EDITED_PRICE"
    assert edit(desk, order_id, size="0.000000001", price="41000") == "INVALID_EDITED_SIZE"
    assert edit(desk, order_id, size="5", price="41000") == "UNKNOWN_EDIT_ORDER_FAILURE_REASON"
    assert desk.order(order_id)["edit_history"] == []
    desk.post("/orders/batch_cancel", order_ids=[order_id])
    assert edit(desk, order_id, price="41000", size="0.01") == "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
    end = {"base_size": "0.01", "limit_price": "40000", "end_time": "2023-11-14T23:00:00Z"}
    assert edit(desk, desk.placed({"limit_limit_gtd": end}), price="41000", size="0.01") == "ORDER_TYPE_NOT_SUPPORTED"
    assert desk.post("/orders/edit", order_id="nobody", price="1", size="1").status == 404
    assert desk.post("/orders/edit", order_id=order_id, price="1", size="1", stop_price="1").status == 400


def test_an_edit_cannot_go_below_the_filled_amount(desk: Desk) -> None:
    desk.account.credit("USD", Decimal(1_000_000))
    order_id = desk.placed(limit("50003", "3"))
    filled = Decimal(desk.order(order_id)["filled_size"])
    assert 0 < filled < 3
    assert edit(desk, order_id, price="40000", size="0.1") == "CANNOT_EDIT_TO_BELOW_FILLED_SIZE"


# What comes late.


def test_an_accepted_order_may_fail_later(desk: Desk) -> None:
    desk.fault(FaultKind.LATE_FAIL, endpoint="POST /orders", count=1, seconds=3)
    order_id = desk.placed(MARKET, client_order_id="doomed")
    assert desk.order(order_id)["status"] == "PENDING"
    assert desk.get("/orders/historical/batch", order_status="OPEN").json["orders"] == []
    desk.price("BTC/USD", "40000")
    desk.advance(4)
    order = desk.order(order_id)
    assert (order["status"], order["reject_reason"]) == ("FAILED", "HOLD_FAILURE")
    assert order["filled_size"] == "0"
    assert wallet(desk, "USD") == [10_000, 0]
    assert desk.create(MARKET, client_order_id="doomed")["success_response"]["order_id"] == order_id


def test_an_order_may_be_late_to_be_seen(desk: Desk) -> None:
    desk.fault(FaultKind.LATE_VISIBLE, endpoint="POST /orders", count=1, seconds=10)
    order_id = desk.placed(MARKET)
    missing = desk.get(f"/orders/historical/{order_id}")
    assert (missing.status, missing.json["error"]) == (404, "unknown")
    assert missing.json["error_details"] == "order with this orderID was not found"
    assert desk.get("/orders/historical/batch").json["orders"] == []
    assert desk.get("/orders/historical/fills").json["fills"] == []
    desk.advance(10)
    assert desk.order(order_id)["status"] == "FILLED"


def test_balances_may_lag_behind_a_fill(desk: Desk) -> None:
    desk.fault(FaultKind.BALANCE_LAG, endpoint="POST /orders", count=1, seconds=5)
    desk.placed(MARKET)
    assert [row["currency"] for row in desk.get("/accounts").json["accounts"]] == ["USD"]
    desk.advance(5)
    assert wallet(desk, "BTC") == [Decimal("0.01"), 0]
