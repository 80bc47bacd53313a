from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.coinbase.order_format import body_of, order_of, refusal_reason
from brokers.errors import BadAnswer, RequestRefused
from brokers.model import OrderRequest, OrderStatus, OrderType, Side
from tests.brokers.coinbase.coinbase_samples import BTC_USD, NOW, market_buy, order, refused, stop_sell


def test_a_market_order_is_sized_in_base_and_written_without_exponents() -> None:
    request = market_buy(amount="0.00000001")

    assert body_of(request, BTC_USD) == {
        "client_order_id": request.client_id,
        "product_id": "BTC-USD",
        "side": "BUY",
        "order_configuration": {"market_market_ioc": {"base_size": "0.00000001"}},
    }


def test_a_limit_order_says_whether_it_is_post_only() -> None:
    request = OrderRequest(
        "id",
        "BTC/USD",
        Side.SELL,
        OrderType.LIMIT,
        Decimal("0.5"),
        NOW,
        limit_price=Decimal("68000.00"),
        post_only=True,
    )

    terms = {"base_size": "0.5", "limit_price": "68000.00", "post_only": True}
    assert body_of(request, BTC_USD)["order_configuration"] == {"limit_limit_gtc": terms}


def test_a_stop_may_sell_down_to_five_percent_below_on_the_tick() -> None:
    body = body_of(stop_sell("60000.01"), BTC_USD)

    assert body["order_configuration"]["stop_limit_stop_limit_gtc"] == {
        "base_size": "0.00001",
        "limit_price": "57000.00",
        "stop_price": "60000.01",
        "stop_direction": "STOP_DIRECTION_STOP_DOWN",
    }


def test_a_stop_of_one_tick_keeps_a_price_above_zero() -> None:
    body = body_of(stop_sell("0.01"), BTC_USD)

    assert body["order_configuration"]["stop_limit_stop_limit_gtc"]["limit_price"] == "0.01"


def test_a_buying_stop_is_not_sent() -> None:
    with pytest.raises(RequestRefused):
        body_of(dataclasses.replace(stop_sell(), side=Side.BUY), BTC_USD)


def _only_text(value: object) -> bool:
    if isinstance(value, dict):
        return all(_only_text(inner) for inner in value.values())
    return isinstance(value, str | bool)


@given(
    amount=st.decimals(min_value="0.00000001", max_value=10**6, places=8),
    price=st.decimals(min_value="0.01", max_value=10**7, places=2),
    kind=st.sampled_from(OrderType),
)
def test_a_body_holds_no_number_and_is_the_same_each_time(amount: Decimal, price: Decimal, kind: OrderType) -> None:
    request = OrderRequest(
        client_id="id",
        market="BTC/USD",
        side=Side.SELL,
        type=kind,
        amount=amount,
        deadline=NOW,
        limit_price=price if kind is OrderType.LIMIT else None,
        stop_price=price if kind is OrderType.STOP else None,
    )
    body = body_of(request, BTC_USD)

    assert _only_text(body)
    assert body == body_of(dataclasses.replace(request), BTC_USD)
    assert "E" not in str(body["order_configuration"]).replace("STOP_DIRECTION_STOP_DOWN", "")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refused("INSUFFICIENT_FUND"), "INSUFFICIENT_FUND"),
        (refused("UNKNOWN_FAILURE_REASON", new_order_failure_reason="INVALID_SIDE"), "INVALID_SIDE"),
        (
            refused("", preview_failure_reason="PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
            "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL",
        ),
        ({"success": False, "failure_reason": "ORDER_ENTRY_DISABLED"}, "ORDER_ENTRY_DISABLED"),
        ({"success": False, "failure_reason": "SOME_NEW_REASON", "error_response": None}, "SOME_NEW_REASON"),
        (refused("UNKNOWN_FAILURE_REASON"), "UNKNOWN_FAILURE_REASON"),
    ],
)
def test_the_first_reason_that_says_anything_is_the_reason(answer: dict[str, Any], reason: str) -> None:
    assert refusal_reason(answer) == reason


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("PENDING", OrderStatus.PENDING),
        ("QUEUED", OrderStatus.PENDING),
        ("OPEN", OrderStatus.OPEN),
        ("CANCEL_QUEUED", OrderStatus.OPEN),
        ("EDIT_QUEUED", OrderStatus.OPEN),
        ("FILLED", OrderStatus.FILLED),
        ("CANCELLED", OrderStatus.CANCELLED),
        ("EXPIRED", OrderStatus.EXPIRED),
        ("FAILED", OrderStatus.REJECTED),
        ("UNKNOWN_ORDER_STATUS", OrderStatus.PENDING),
        ("SOMETHING_NEW", OrderStatus.PENDING),
    ],
)
def test_every_status_has_its_meaning_and_an_unknown_one_is_never_final(said: str, status: OrderStatus) -> None:
    assert order_of(order(status=said)).status is status


def test_a_filled_order_is_read_to_the_last_digit() -> None:
    told = order_of(order())

    assert told.filled == Decimal("0.00072110")
    assert told.average_price == Decimal("68923.67")
    assert told.fee == Decimal("0.2982")
    assert told.created == datetime(2023, 11, 14, 22, 13, 20, 662782, UTC)
    assert told.closed == datetime(2023, 11, 14, 22, 13, 21, 700000, UTC)
    assert told.reason == ""


def test_empty_numbers_are_zero() -> None:
    told = order_of(order(status="OPEN", filled_size="", average_filled_price="", total_fees="", filled_value=""))

    assert (told.filled, told.fee, told.average_price) == (Decimal(0), Decimal(0), None)


def test_a_cancelled_order_may_have_filled_in_part() -> None:
    told = order_of(order(status="CANCELLED", filled_size="0.0003", last_fill_time=None))

    assert told.status is OrderStatus.CANCELLED
    assert told.filled == Decimal("0.0003")
    assert told.closed is None


def test_an_order_accepted_and_then_failed_says_why() -> None:
    told = order_of(order(status="FAILED", reject_reason="HOLD_FAILURE", reject_message="no hold", filled_size="0"))

    assert told.status is OrderStatus.REJECTED
    assert told.reason == "HOLD_FAILURE: no hold"


def test_a_stop_carries_both_its_prices() -> None:
    terms = {
        "base_size": "1",
        "limit_price": "57000.00",
        "stop_price": "60000",
        "stop_direction": "STOP_DIRECTION_STOP_DOWN",
    }
    told = order_of(order(status="OPEN", filled_size="0", order_configuration={"stop_limit_stop_limit_gtc": terms}))

    assert told.type is OrderType.STOP
    assert (told.stop_price, told.limit_price) == (Decimal(60000), Decimal(57000))


def test_an_order_of_someone_else_sized_in_quote_is_told_by_what_filled() -> None:
    told = order_of(order(order_configuration={"market_market_ioc": {"quote_size": "50"}}, client_order_id=""))

    assert told.amount == told.filled
    assert told.client_id is None


@pytest.mark.parametrize(
    "broken", [{"filled_size": 0.1}, {"filled_size": None}, {"order_id": ""}, {"created_time": "soon"}]
)
def test_an_order_that_cannot_be_read_exactly_is_not_read_at_all(broken: dict[str, object]) -> None:
    with pytest.raises(BadAnswer):
        order_of(order(**broken))
