from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.model import Exchange
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.faults import FaultKind
from tests.brokers.simulator.coinbase.coinbase_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKET = {"market_market_ioc": {"base_size": "0.001"}}
REST = {"limit_limit_gtc": {"base_size": "0.001", "limit_price": "40000"}}
BATCH = "/orders/historical/batch"
FILLS = "/orders/historical/fills"


def ids(desk: Desk, **params: Any) -> list[str]:  # noqa: ANN401  query values
    reply = desk.get(BATCH, **params)
    assert reply.status == 200, reply.text
    return [order["order_id"] for order in reply.json["orders"]]


def with_wallets(balances: Mapping[str, str]) -> Desk:
    held = {currency: Decimal(amount) for currency, amount in balances.items()}
    accounts = tuple(
        replace(account, balances=held) for account in usd_accounts() if account.exchange == Exchange.COINBASE
    )
    return make_desk(SimulatorConfig(accounts, limits=UNLIMITED))


def test_wallets_come_in_pages_and_absent_ones_are_absent() -> None:
    desk = with_wallets({f"C{number:03}": "1" for number in range(120)})
    first = desk.get("/accounts").json
    assert (len(first["accounts"]), first["size"], first["has_next"]) == (49, 49, True)
    seen, cursor = [row["currency"] for row in first["accounts"]], first["cursor"]
    while cursor:
        page = desk.get("/accounts", cursor=cursor).json
        seen += [row["currency"] for row in page["accounts"]]
        cursor = page["cursor"]
        assert page["has_next"] == bool(cursor)
    assert seen == [f"C{number:03}" for number in range(120)]
    assert len(desk.get("/accounts", limit=250).json["accounts"]) == 120
    assert desk.get("/accounts", limit=251).status == 400
    assert desk.get("/accounts", limit=0).status == 400
    assert desk.get("/accounts", cursor="nonsense").status == 400


def test_a_wallet_is_found_by_its_id(desk: Desk) -> None:
    (row,) = desk.get("/accounts").json["accounts"]
    assert row["type"] == "ACCOUNT_TYPE_FIAT"
    assert (row["active"], row["ready"], row["deleted_at"]) == (True, True, None)
    assert row["retail_portfolio_id"] == desk.simulated.account_uid
    assert desk.get(f"/accounts/{row['uuid']}").json == {"account": row}
    assert desk.get("/accounts/00000000-0000-4000-8000-000000000000").status == 404


def test_the_portfolio_is_worth_the_sum_of_its_wallets() -> None:
    desk = with_wallets({"USD": "100", "BTC": "0.5"})
    (portfolio,) = desk.get("/portfolios").json["portfolios"]
    breakdown = desk.get(f"/portfolios/{portfolio['uuid']}").json["breakdown"]
    assert breakdown["portfolio_balances"]["total_balance"] == {"value": "25100", "currency": "USD"}


def test_fees_and_volume_are_the_accounts_own() -> None:
    accounts = tuple(
        replace(account, fee_tier=2) for account in usd_accounts() if account.exchange == Exchange.COINBASE
    )
    desk = make_desk(SimulatorConfig(accounts, limits=UNLIMITED))
    order = desk.order(desk.placed(MARKET))
    summary = desk.get("/transaction_summary").json
    tier = summary["fee_tier"]
    assert (tier["taker_fee_rate"], tier["maker_fee_rate"], tier["usd_from"]) == ("0.0025", "0.0015", "50000")
    assert Decimal(order["total_fees"]) == Decimal(order["filled_value"]) * Decimal("0.0025")
    assert summary["advanced_trade_only_volume"] == pytest.approx(float(order["filled_value"]))


def test_open_excludes_pending_orders(desk: Desk) -> None:
    resting, filled = desk.placed(REST), desk.placed(MARKET)
    desk.fault(FaultKind.LATE_FAIL, count=1, seconds=60)
    pending = desk.placed(MARKET)
    assert ids(desk, order_status="OPEN") == [resting]
    assert ids(desk, order_status="PENDING") == [pending]
    assert ids(desk, order_status=["PENDING", "FILLED"]) == [pending, filled]
    assert desk.get(BATCH, order_status=["OPEN", "FILLED"]).status == 400
    assert desk.get(BATCH, order_status="ALIVE").status == 400


def test_orders_are_found_by_every_filter(desk: Desk) -> None:
    first = desk.placed(MARKET)
    desk.advance(10)
    second = desk.placed(REST)
    desk.advance(10)
    other = desk.placed({"limit_limit_gtc": {"base_size": "0.1", "limit_price": "2000"}}, product_id="ETH-USD")
    assert ids(desk) == [other, second, first]
    assert ids(desk, product_ids=["BTC-USD", "ETH-USD"]) == [other, second, first]
    assert ids(desk, product_ids="ETH-USD") == ids(desk, product_id="ETH-USD") == [other]
    assert ids(desk, order_ids=[first, other]) == [other, first]
    assert ids(desk, order_types="MARKET") == [first]
    assert ids(desk, time_in_forces="GOOD_UNTIL_CANCELLED", asset_filters="BTC") == [second]
    assert ids(desk, order_side="SELL") == []
    assert ids(desk, product_type="FUTURE") == []
    assert ids(desk, order_placement_source="RETAIL_SIMPLE") == []
    start, end = desk.order(second)["created_time"], desk.order(other)["created_time"]
    assert ids(desk, start_date=start, end_date=end) == [second]


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (BATCH, {"surprise": "1"}),
        (BATCH, {"limit": "1001"}),
        (BATCH, {"limit": "ten"}),
        (BATCH, {"order_side": "buy"}),
        (BATCH, {"start_date": "2023-11-14T22:13:20"}),
        (BATCH, {"start_date": "yesterday"}),
        (BATCH, {"limit": ["1", "2"]}),
        (FILLS, {"surprise": "1"}),
        (FILLS, {"product_type": "SPOT"}),
        ("/accounts", {"currency": "USD"}),
        ("/key_permissions", {"verbose": "1"}),
        ("/products", {"product_type": "OPTION"}),
        ("/products/BTC-USD", {"limit": "1"}),
        ("/best_bid_ask", {"product_id": "BTC-USD"}),
        ("/product_book", {"limit": "1"}),
        ("/time", {"zone": "UTC"}),
    ],
)
def test_unknown_or_ill_formed_parameters_are_invalid_arguments(desk: Desk, path: str, params: dict[str, Any]) -> None:
    reply = desk.get(path, **params)
    assert (reply.status, reply.json["error"]) == (400, "INVALID_ARGUMENT")
    assert len(desk.violations()) == 1


def test_order_pages_stay_in_step_while_new_orders_come(desk: Desk) -> None:
    placed = [desk.placed(REST) for _ in range(7)]
    first = desk.get(BATCH, limit=3).json
    assert (len(first["orders"]), first["has_next"]) == (3, True)
    desk.placed(REST)
    second = desk.get(BATCH, limit=3, cursor=first["cursor"]).json
    third = desk.get(BATCH, limit=3, cursor=second["cursor"]).json
    shown = [order["order_id"] for page in (first, second, third) for order in page["orders"]]
    assert shown == placed[::-1]
    assert (third["has_next"], third["cursor"]) == (False, "")


def test_fills_come_in_pages_that_an_empty_cursor_ends(desk: Desk) -> None:
    for _ in range(5):
        desk.placed(MARKET)
    seen, cursor = [], ""
    for size in (2, 2, 1):
        page = desk.get(FILLS, limit=2, cursor=cursor).json
        assert set(page) == {"fills", "cursor"}
        assert len(page["fills"]) == size
        seen += [fill["entry_id"] for fill in page["fills"]]
        cursor = page["cursor"]
    assert cursor == ""
    assert len(set(seen)) == 5


def test_fills_are_found_by_order_trade_product_and_time(desk: Desk) -> None:
    first = desk.placed(MARKET)
    desk.advance(5)
    desk.placed({"market_market_ioc": {"base_size": "0.1"}}, product_id="ETH-USD")
    newest, oldest = desk.get(FILLS).json["fills"]
    assert (newest["product_id"], oldest["order_id"]) == ("ETH-USD", first)
    assert desk.get(FILLS, order_ids=first).json["fills"] == [oldest]
    assert desk.get(FILLS, trade_ids=newest["trade_id"]).json["fills"] == [newest]
    assert desk.get(FILLS, product_ids=["ETH-USD"]).json["fills"] == [newest]
    assert desk.get(FILLS, start_sequence_timestamp=newest["sequence_timestamp"]).json["fills"] == [newest]
    assert desk.get(FILLS, end_sequence_timestamp=oldest["sequence_timestamp"]).json["fills"] == [oldest]


def test_fills_may_be_listed_twice_and_out_of_order(desk: Desk) -> None:
    for _ in range(3):
        desk.placed(MARKET)
    desk.fault(FaultKind.DUPLICATE_FILLS, endpoint="GET /orders/historical/fills")
    seen, cursor = [], ""
    while True:
        page = desk.get(FILLS, limit=2, cursor=cursor).json
        seen += [fill["entry_id"] for fill in page["fills"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert (len(seen), len(set(seen))) == (6, 3)


def test_numbers_are_strings_and_some_are_empty(desk: Desk) -> None:
    order = desk.order(desk.placed(REST))
    assert order["fee"] == ""
    assert order["last_fill_time"] is None
    for name in ("filled_size", "filled_value", "average_filled_price", "total_fees", "number_of_fills"):
        assert order[name] == "0"
    product = desk.get("/products/BTC-USD").json
    assert (product["mid_market_price"], product["alias"]) == ("", "")
