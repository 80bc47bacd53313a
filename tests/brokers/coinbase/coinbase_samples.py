"""Answers as in the documentation, varied by the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Market, OrderRequest, OrderType, Side

# The initial time of `tests.fakes.ManualClock`.
NOW = datetime.fromtimestamp(1_700_000_000, UTC)

BTC_USD = Market(
    symbol="BTC/USD",
    base="BTC",
    quote="USD",
    amount_step=Decimal("0.00000001"),
    price_step=Decimal("0.01"),
    min_amount=Decimal("0.00000001"),
    min_cost=Decimal(1),
)


def server_time(at: datetime = NOW) -> dict[str, Any]:
    return {
        "iso": at.isoformat(),
        "epochSeconds": str(int(at.timestamp())),
        "epochMillis": str(int(at.timestamp() * 1000)),
    }


def product(**changes: object) -> dict[str, Any]:
    fields = {
        "product_id": "BTC-USD",
        "price": "68923.67",
        "base_increment": "0.00000001",
        "quote_increment": "0.01",
        "price_increment": "0.01",
        "base_min_size": "0.00000001",
        "base_max_size": "3400",
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "base_currency_id": "BTC",
        "quote_currency_id": "USD",
        "status": "online",
        "is_disabled": False,
        "trading_disabled": False,
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "auction_mode": False,
        "view_only": False,
        "product_type": "SPOT",
    }
    return {**fields, **changes}


def wallet(currency: str, available: str, hold: str = "0", **changes: object) -> dict[str, Any]:
    fields = {
        "uuid": f"wallet-{currency}",
        "currency": currency,
        "available_balance": {"value": available, "currency": currency},
        "hold": {"value": hold, "currency": currency},
        "active": True,
        "ready": True,
        "type": "ACCOUNT_TYPE_CRYPTO",
        "deleted_at": None,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }
    return {**fields, **changes}


def order(**changes: object) -> dict[str, Any]:
    fields = {
        "order_id": "1111",
        "client_order_id": "nija-1",
        "product_id": "BTC-USD",
        "side": "BUY",
        "status": "FILLED",
        "order_configuration": {"market_market_ioc": {"base_size": "0.00072110"}},
        "created_time": "2023-11-14T22:13:20.662782Z",
        "filled_size": "0.00072110",
        "average_filled_price": "68923.67",
        "filled_value": "49.70",
        "fee": "",
        "total_fees": "0.2982",
        "reject_reason": "REJECT_REASON_UNSPECIFIED",
        "reject_message": "",
        "cancel_message": "",
        "product_type": "SPOT",
        "last_fill_time": "2023-11-14T22:13:21.70Z",
    }
    return {**fields, **changes}


def fill(**changes: object) -> dict[str, Any]:
    fields = {
        "entry_id": "2222",
        "trade_id": "1111",
        "order_id": "0000",
        "trade_time": "2023-11-14T22:13:21.7Z",
        "trade_type": "FILL",
        "price": "68923.67",
        "size": "0.00036",
        "commission": "0.1489",
        "product_id": "BTC-USD",
        "sequence_timestamp": "2023-11-14T22:13:21.701Z",
        "liquidity_indicator": "TAKER",
        "size_in_quote": False,
        "side": "BUY",
    }
    return {**fields, **changes}


def accepted(order_id: str = "1111") -> dict[str, Any]:
    return {"success": True, "success_response": {"order_id": order_id, "product_id": "BTC-USD", "side": "BUY"}}


def refused(reason: str = "INSUFFICIENT_FUND", **error: str) -> dict[str, Any]:
    response = {"error": reason, "message": "", "error_details": "", "preview_failure_reason": "", **error}
    return {"success": False, "failure_reason": "UNKNOWN_FAILURE_REASON", "order_id": "", "error_response": response}


def market_buy(deadline: datetime = NOW + timedelta(seconds=60), amount: str = "0.00072110") -> OrderRequest:
    return OrderRequest(
        client_id=new_client_id(Purpose.ENTRY),
        market="BTC/USD",
        side=Side.BUY,
        type=OrderType.MARKET,
        amount=Decimal(amount),
        deadline=deadline,
    )


def stop_sell(stop_price: str = "60000.01", deadline: datetime = NOW + timedelta(seconds=60)) -> OrderRequest:
    return OrderRequest(
        client_id=new_client_id(Purpose.STOP),
        market="BTC/USD",
        side=Side.SELL,
        type=OrderType.STOP,
        amount=Decimal("0.00001"),
        deadline=deadline,
        stop_price=Decimal(stop_price),
    )
