from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.coinbase.order_mapping import order_body
from brokers.errors import RequestRefused
from brokers.model import OrderRequest, OrderType, Side
from tests.brokers.coinbase.coinbase_samples import BTC_USD, NOW, market_buy, stop_sell


def test_a_market_order_is_sized_in_base_and_written_without_exponents() -> None:
    request = market_buy(amount="0.00000001")

    assert order_body(request, BTC_USD) == {
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
    assert order_body(request, BTC_USD)["order_configuration"] == {"limit_limit_gtc": terms}


def test_a_stop_may_sell_down_to_five_percent_below_on_the_tick() -> None:
    body = order_body(stop_sell("60000.01"), BTC_USD)

    assert body["order_configuration"]["stop_limit_stop_limit_gtc"] == {
        "base_size": "0.00001",
        "limit_price": "57000.00",
        "stop_price": "60000.01",
        "stop_direction": "STOP_DIRECTION_STOP_DOWN",
    }


def test_a_stop_of_one_tick_keeps_a_price_above_zero() -> None:
    body = order_body(stop_sell("0.01"), BTC_USD)

    assert body["order_configuration"]["stop_limit_stop_limit_gtc"]["limit_price"] == "0.01"


def test_prices_between_two_ticks_are_rounded_down() -> None:
    coarse = dataclasses.replace(BTC_USD, price_step=Decimal(1))
    limit = OrderRequest(
        "id", "BTC/USD", Side.BUY, OrderType.LIMIT, Decimal("0.5"), NOW, limit_price=Decimal("68000.99")
    )

    stop = order_body(stop_sell("90.5"), coarse)["order_configuration"]["stop_limit_stop_limit_gtc"]

    assert (stop["stop_price"], stop["limit_price"]) == ("90", "85")
    assert order_body(limit, coarse)["order_configuration"]["limit_limit_gtc"]["limit_price"] == "68000"


def test_a_tick_in_exponents_is_written_without_them() -> None:
    coarse = dataclasses.replace(BTC_USD, price_step=Decimal("1E+1"))

    terms = order_body(stop_sell("90005"), coarse)["order_configuration"]["stop_limit_stop_limit_gtc"]

    assert (terms["stop_price"], terms["limit_price"]) == ("90000", "85500")


def test_a_buying_stop_is_not_sent() -> None:
    with pytest.raises(RequestRefused):
        order_body(dataclasses.replace(stop_sell(), side=Side.BUY), BTC_USD)


def _only_text(value: object) -> bool:
    if isinstance(value, dict):
        return all(_only_text(inner) for inner in value.values())
    return isinstance(value, str | bool)


@given(
    amount=st.decimals(min_value="0.00000001", max_value=10**6, places=8),
    price=st.decimals(min_value="0.01", max_value=10**7, places=2),
    kind=st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP]),
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
    body = order_body(request, BTC_USD)

    assert _only_text(body)
    assert body == order_body(dataclasses.replace(request), BTC_USD)
    assert "E" not in str(body["order_configuration"]).replace("STOP_DIRECTION_STOP_DOWN", "")
