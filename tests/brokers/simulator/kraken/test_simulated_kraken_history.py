"""Orders, fills and the ledger as Kraken lists them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.simulator.config import TRADING_PERMISSIONS, SimulatorConfig
from brokers.simulator.engine.book import DepthProfile
from brokers.simulator.faults import FaultKind
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

UUID = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
RIGHTS = TRADING_PERMISSIONS | {"query-ledger", "create-ws-token"}
MARKET = {"type": "buy", "ordertype": "market", "volume": "0.001"}
LIMIT = {"type": "buy", "ordertype": "limit", "price": "40000", "volume": "0.01"}


def desk_with(depth: DepthProfile | None = None) -> Desk:
    accounts = usd_accounts(permissions=RIGHTS)
    return make_desk(SimulatorConfig(accounts, limits=UNLIMITED, depth=depth or DepthProfile()))


@pytest.fixture
def desk() -> Desk:
    return desk_with()


def test_an_open_order_shows_its_own_price_and_no_average(desk: Desk) -> None:
    txid = desk.add(**LIMIT, cl_ord_id=UUID)
    order = desk.result("OpenOrders")["open"][txid]
    assert order["status"] == "open"
    assert (order["price"], order["descr"]["price"], order["descr"]["pair"]) == ("0.0", "40000.0", "XBTUSD")
    assert (order["vol"], order["vol_exec"], order["cost"], order["fee"]) == (
        "0.01000000", "0.00000000", "0.00000", "0.00000",
    )  # fmt: skip
    assert (order["cl_ord_id"], order["userref"], order["oflags"]) == (UUID, None, "fciq")
    assert "closetm" not in order


def test_a_filled_order_shows_average_price_cost_and_fee(desk: Desk) -> None:
    txid = desk.add(**MARKET)
    order = desk.result("ClosedOrders", trades="true")["closed"][txid]
    assert (order["status"], order["price"], order["cost"], order["fee"]) == (
        "closed", "50002.5", "50.00250", "0.20000",
    )  # fmt: skip
    assert order["trades"] == list(desk.account.fills)


def test_a_partly_filled_order_that_is_cancelled_is_canceled_with_what_it_filled() -> None:
    desk = desk_with(DepthProfile(levels=1, level_value=Decimal(1000)))
    txid = desk.add(type="buy", ordertype="limit", price="51000", volume="0.05")
    assert desk.order(txid)["status"] == "open"
    desk.result("CancelOrder", txid=txid)
    order = desk.order(txid)
    assert (order["status"], order["misc"]) == ("canceled", "partial")
    assert Decimal(order["vol_exec"]) > 0


def test_a_triggered_stop_says_so(desk: Desk) -> None:
    desk.add(**MARKET)
    txid = desk.add(type="sell", ordertype="stop-loss", price="45000", volume="0.001")
    desk.price("BTC/USD", "44000")
    order = desk.order(txid)
    assert (order["status"], order["misc"], order["stopprice"]) == ("closed", "stopped", "45000.00000")


def test_closed_orders_come_fifty_a_page_newest_first_with_the_grand_total(desk: Desk) -> None:
    txids = []
    for _ in range(60):
        desk.clock.advance(1)
        txids.append(desk.add(**MARKET))
    first = desk.result("ClosedOrders")
    assert list(first["closed"]) == txids[::-1][:50]
    assert first["count"] == 60
    second = desk.result("ClosedOrders", ofs="50", without_count="true")
    assert list(second["closed"]) == txids[::-1][50:]
    assert "count" not in second


def test_orders_of_one_moment_are_newest_first_too(desk: Desk) -> None:
    closed, resting = [desk.add(**MARKET) for _ in range(3)], [desk.add(**LIMIT) for _ in range(3)]
    assert list(desk.result("ClosedOrders")["closed"]) == closed[::-1]
    assert list(desk.result("OpenOrders")["open"]) == resting[::-1]


def test_start_is_exclusive_and_end_inclusive_as_time_or_id(desk: Desk) -> None:
    txids = []
    for _ in range(3):
        desk.clock.advance(10)
        txids.append(desk.add(**MARKET))
    moment = str(desk.clock.time() - 10)
    assert set(desk.result("ClosedOrders", start=moment)["closed"]) == {txids[2]}
    assert set(desk.result("ClosedOrders", end=moment)["closed"]) == set(txids[:2])
    assert set(desk.result("ClosedOrders", start=txids[0])["closed"]) == set(txids[1:])


def test_queried_orders_are_keyed_by_id_at_once(desk: Desk) -> None:
    txids = [desk.add(**MARKET), desk.add(**LIMIT)]
    assert list(desk.result("QueryOrders", txid=",".join(txids))) == txids
    assert desk.error("QueryOrders", txid="OAAAAA-AAAAA-AAAAAA") == "EOrder:Invalid order"
    assert desk.error("QueryOrders", txid=",".join(["x"] * 51)) == "EGeneral:Invalid arguments:txid"


def test_orders_are_filtered_by_client_id_and_by_reference(desk: Desk) -> None:
    one, two = desk.add(**LIMIT, cl_ord_id=UUID), desk.add(**LIMIT, userref="5")
    assert set(desk.result("OpenOrders", cl_ord_id=UUID)["open"]) == {one}
    assert set(desk.result("OpenOrders", userref="5")["open"]) == {two}


def test_an_account_sees_its_own_orders_only(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    desk.owner = "tania_gilbert"
    assert desk.result("OpenOrders") == {"open": {}}
    assert desk.error("QueryOrders", txid=txid) == "EOrder:Invalid order"


def test_taker_fills_of_one_order_are_merged_by_default() -> None:
    desk = desk_with(DepthProfile(levels=3, level_value=Decimal(1000), growth=Decimal(0)))
    txid = desk.add(type="buy", ordertype="market", volume="0.05")
    [merged] = desk.result("TradesHistory")["trades"].values()
    exact = desk.result("TradesHistory", consolidate_taker="false")
    assert (exact["count"], len(exact["trades"])) == (3, 3)
    for name in ("vol", "cost", "fee"):
        assert Decimal(merged[name]) == sum(Decimal(row[name]) for row in exact["trades"].values())
    order = desk.order(txid)
    assert (order["vol_exec"], order["cost"], order["fee"]) == (merged["vol"], merged["cost"], merged["fee"])


def test_a_trade_names_its_pair_by_id_and_its_order(desk: Desk) -> None:
    txid = desk.add(**MARKET)
    [(trade_id, trade)] = desk.result("TradesHistory")["trades"].items()
    assert (trade["pair"], trade["ordertxid"], trade["maker"]) == ("XXBTZUSD", txid, False)
    assert desk.result("QueryTrades", txid=trade_id) == {trade_id: trade}


def test_trades_and_ledger_explain_the_balance_to_the_last_digit() -> None:
    desk = desk_with(DepthProfile(levels=3, level_value=Decimal(777), growth=Decimal("0.31")))
    for volume in ("0.01234567", "0.00005001", "0.03"):
        desk.add(type="buy", ordertype="market", volume=volume)
        desk.price("BTC/USD", "50123.4")
    desk.add(type="sell", ordertype="market", volume="0.02000001")
    trades = desk.result("TradesHistory", consolidate_taker="false")["trades"].values()
    usd, btc = Decimal(10_000), Decimal(0)
    for trade in trades:
        sign = 1 if trade["type"] == "buy" else -1
        usd -= sign * Decimal(trade["cost"]) + Decimal(trade["fee"])
        btc += sign * Decimal(trade["vol"])
    balance = desk.result("Balance")
    assert (Decimal(balance["ZUSD"]), Decimal(balance["XXBT"])) == (usd, btc)
    entries = desk.result("Ledgers", asset="ZUSD")["ledger"].values()
    assert sum(Decimal(entry["amount"]) - Decimal(entry["fee"]) for entry in entries) == usd


def test_ledger_entries_can_be_asked_by_id(desk: Desk) -> None:
    desk.add(**MARKET)
    ledger = desk.result("Ledgers", type="trade")
    assert ledger["count"] == 2
    entry = next(iter(ledger["ledger"]))
    assert desk.result("QueryLedgers", id=entry) == {entry: ledger["ledger"][entry]}


def test_a_late_order_is_nowhere_to_be_found_until_its_time(desk: Desk) -> None:
    desk.fault(FaultKind.LATE_VISIBLE, seconds=20.0, endpoint="AddOrder", count=1)
    txid = desk.add(**MARKET, cl_ord_id=UUID)
    assert desk.result("OpenOrders", cl_ord_id=UUID) == {"open": {}}
    assert desk.result("ClosedOrders", cl_ord_id=UUID)["closed"] == {}
    assert desk.error("QueryOrders", txid=txid) == "EOrder:Invalid order"
    assert desk.result("TradesHistory")["trades"] == {}
    desk.advance(20)
    assert set(desk.result("ClosedOrders", cl_ord_id=UUID)["closed"]) == {txid}
    assert desk.result("TradesHistory")["count"] == 1


def test_a_lagging_balance_shows_the_fill_later(desk: Desk) -> None:
    desk.fault(FaultKind.BALANCE_LAG, seconds=2.0, endpoint="AddOrder", count=1)
    desk.add(**MARKET)
    assert desk.result("Balance") == {"ZUSD": "10000.0000"}
    desk.advance(2)
    assert desk.result("Balance")["XXBT"] == "0.0010000000"


def test_the_fee_tier_of_the_account_is_reported_and_charged() -> None:
    desk = make_desk(SimulatorConfig(usd_accounts(fee_tier=2), limits=UNLIMITED))
    volume = desk.result("TradeVolume", pair="XBTUSD")
    fees, maker = volume["fees"]["XXBTZUSD"], volume["fees_maker"]["XXBTZUSD"]
    assert (fees["fee"], fees["nextfee"], fees["tiervolume"], maker["fee"]) == (
        "0.2400", "0.2200", "50000.0000", "0.1400",
    )  # fmt: skip
    txid = desk.add(**MARKET)
    assert desk.order(txid)["fee"] == "0.12000"


def test_the_trade_balance_is_worth_all_currencies(desk: Desk) -> None:
    desk.add(**MARKET)
    desk.add(**LIMIT)
    told = desk.result("TradeBalance")
    assert told["eb"] == "9999.7975"
    assert Decimal(told["eb"]) - Decimal(told["mf"]) == Decimal("401.6000")


def test_a_websocket_token_lives_fifteen_minutes(desk: Desk) -> None:
    token = desk.result("GetWebSocketsToken")
    assert token["expires"] == 900
    assert len(token["token"]) > 30


def test_a_fill_may_be_listed_out_of_order_and_again_on_the_next_page(desk: Desk) -> None:
    for _ in range(52):
        desk.clock.advance(1)
        desk.add(**MARKET)
    newest = list(desk.account.fills)[-1]
    desk.fault(FaultKind.DUPLICATE_FILLS, endpoint="TradesHistory")
    first, second = (list(desk.result("TradesHistory", ofs=ofs)["trades"]) for ofs in ("0", "50"))
    assert first[-1] == newest
    assert newest in second
