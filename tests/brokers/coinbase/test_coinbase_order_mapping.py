"""How order rows are read: NIJA's own with every field, others as far as possible."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.coinbase.order_mapping import order_of
from brokers.errors import BadAnswer
from brokers.model import OrderStatus, OrderType, Side
from tests.brokers.coinbase.coinbase_samples import order

OURS = new_client_id(Purpose.STOP)


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


STOP_TERMS = {
    "base_size": "1",
    "limit_price": "57000.00",
    "stop_price": "60000",
    "stop_direction": "STOP_DIRECTION_STOP_DOWN",
}


def test_a_stop_carries_both_its_prices() -> None:
    configuration = {"stop_limit_stop_limit_gtc": STOP_TERMS}
    row = order(status="OPEN", side="SELL", filled_size="0", order_configuration=configuration, client_order_id=OURS)

    told = order_of(row)

    assert told.type is OrderType.STOP
    assert (told.amount, told.stop_price, told.limit_price) == (Decimal(1), Decimal(60000), Decimal(57000))


@pytest.mark.parametrize(
    "amiss",
    [
        {"filled_size": 0.1},
        {"filled_size": None},
        {"order_id": ""},
        {"created_time": "soon"},
        {"created_time": None},
        {"side": "UNKNOWN_ORDER_SIDE"},
        {"product_id": None},
        {"order_configuration": None},
        {"order_configuration": {"market_market_ioc": {"quote_size": "50"}}},
        {"order_configuration": {"trigger_bracket_gtc": {"base_size": "1"}}},
        {"order_configuration": {"stop_limit_stop_limit_gtc": {"base_size": "1", "limit_price": "1"}}},
        {"total_fees": "much"},
    ],
)
def test_an_order_of_ours_that_cannot_be_read_exactly_is_not_read_at_all(amiss: dict[str, object]) -> None:
    order_of(order(client_order_id=OURS))

    with pytest.raises(BadAnswer):
        order_of(order(client_order_id=OURS, **amiss))


FOREIGN: dict[str, dict[str, Any]] = {
    "a bracket": {
        "order_configuration": {
            "trigger_bracket_gtc": {"base_size": "1", "limit_price": "9", "stop_trigger_price": "5"}
        }
    },
    "a TWAP": {"order_configuration": {"twap_limit_gtd": {"quote_size": "9", "number_buckets": "5"}}},
    "a scaled order": {"order_configuration": {"scaled_limit_gtc": {"orders": [], "base_size": None}}},
    "one sized in quote money": {"order_configuration": {"market_market_ioc": {"quote_size": "50"}}},
    "one of tomorrow": {"order_configuration": {"iceberg_of_tomorrow": {"base_size": {"value": "1"}}}},
    "one whose terms are left out": {"order_configuration": None},
    "a stop that waits for a rising price": {
        "order_configuration": {"stop_limit_stop_limit_gtc": {**STOP_TERMS, "stop_direction": "STOP_DIRECTION_STOP_UP"}}
    },
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_an_order_of_a_kind_we_never_send_is_other(kind: str) -> None:
    told = order_of(order(client_order_id="theirs", status="OPEN", side="SELL", **FOREIGN[kind]))

    assert (told.type, told.side, told.status) == (OrderType.OTHER, Side.SELL, OrderStatus.OPEN)
    assert told.filled == Decimal("0.00072110")
    assert told.average_price == Decimal("68923.67")


@pytest.mark.parametrize(
    "amiss",
    [
        {"created_time": None},
        {"created_time": "soon"},
        {"average_filled_price": 1.5, "filled_value": 2.5},
        {"total_fees": "much"},
        {"last_fill_time": "later"},
        {"client_order_id": None},
        {"order_configuration": {"limit_limit_gtc": {"base_size": "many", "limit_price": "+5%"}}},
    ],
)
def test_a_foreign_order_is_read_whatever_else_is_wrong(amiss: dict[str, object]) -> None:
    told = order_of(order(client_order_id="theirs") | amiss)

    assert (told.exchange_id, told.market, told.filled) == ("1111", "BTC/USD", Decimal("0.00072110"))


@pytest.mark.parametrize(
    "amiss", [{"filled_size": 0.1}, {"filled_size": None}, {"order_id": ""}, {"side": None}, {"product_id": None}]
)
def test_a_foreign_order_without_its_essentials_is_unreadable(amiss: dict[str, object]) -> None:
    with pytest.raises(BadAnswer):
        order_of(order(client_order_id="theirs") | amiss)
