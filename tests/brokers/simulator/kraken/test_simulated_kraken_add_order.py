"""AddOrder: every parameter the exchange documents, and every way it refuses one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.markets import Mode
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

UUID = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
LIMIT = {"type": "buy", "ordertype": "limit", "price": "40000", "volume": "0.01"}


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def at(desk: Desk, seconds: float) -> str:
    return datetime.fromtimestamp(desk.clock.time() + seconds, UTC).isoformat()


def test_an_accepted_order_is_described_and_has_an_id_of_the_right_shape(desk: Desk) -> None:
    answer = desk.result("AddOrder", pair="XXBTZUSD", **LIMIT)
    assert answer["descr"] == {"order": "buy 0.01000000 XBTUSD @ limit 40000.0"}
    [txid] = answer["txid"]
    assert re.fullmatch(r"O[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{6}", txid)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"type": "buy", "ordertype": "market"}, "buy 0.01000000 XBTUSD @ market"),
        (
            {"type": "sell", "ordertype": "stop-loss", "price": "48000"},
            "sell 0.01000000 XBTUSD @ stop loss 48000.0",
        ),
        (
            {"type": "sell", "ordertype": "stop-loss-limit", "price": "48000", "price2": "47900"},
            "sell 0.01000000 XBTUSD @ stop loss 48000.0 -> limit 47900.0",
        ),
        (
            {"type": "sell", "ordertype": "take-profit", "price": "+10%"},
            "sell 0.01000000 XBTUSD @ take profit 55000.0",
        ),
        (
            {"type": "sell", "ordertype": "stop-loss-limit", "price": "-1000", "price2": "-50"},
            "sell 0.01000000 XBTUSD @ stop loss 49000.0 -> limit 48950.0",
        ),
        (
            {"type": "sell", "ordertype": "trailing-stop", "price": "+5%"},
            "sell 0.01000000 XBTUSD @ trailing stop +5%",
        ),
        (
            {"type": "sell", "ordertype": "trailing-stop-limit", "price": "+1000", "price2": "-10"},
            "sell 0.01000000 XBTUSD @ trailing stop +1000 -> limit -10",
        ),
        ({"type": "buy", "ordertype": "limit", "price": "#2%"}, "buy 0.01000000 XBTUSD @ limit 49000.0"),
    ],
)
def test_every_kind_is_described_in_the_exchanges_words(desk: Desk, data: dict[str, str], words: str) -> None:
    desk.add(type="buy", ordertype="market", volume="0.02")
    answer = desk.result("AddOrder", pair="XBTUSD", volume="0.01", **data)
    assert answer["descr"]["order"] == words


def test_validation_checks_everything_places_nothing_and_has_no_txid(desk: Desk) -> None:
    answer = desk.result("AddOrder", pair="XBTUSD", validate="true", **LIMIT)
    assert answer == {"descr": {"order": "buy 0.01000000 XBTUSD @ limit 40000.0"}}
    assert desk.account.orders == {}
    assert desk.refused(**(LIMIT | {"volume": "1000"}), validate="1") == "EOrder:Insufficient funds"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ({"type": "hold"}, "EGeneral:Invalid arguments:type"),
        ({"ordertype": "hope"}, "EGeneral:Invalid arguments:ordertype"),
        ({"ordertype": "bracket"}, "EGeneral:Invalid arguments:ordertype"),
        ({"volume": ""}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "1e-05"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "0.010000001"}, "EGeneral:Invalid arguments:volume"),
        ({"volume": "0.00004"}, "EOrder:Order minimum not met"),
        ({"volume": "0.00005", "price": "100"}, "EOrder:Cost minimum not met"),
        ({"price": "40000.05"}, "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals."),
        ({"price": ""}, "EGeneral:Invalid arguments:price"),
        ({"price": "0"}, "EOrder:Invalid price:XBTUSD price must be above zero."),
        ({"volume": "1"}, "EOrder:Insufficient funds"),
        ({"type": "sell"}, "EOrder:Insufficient funds"),
        ({"oflags": "post", "price": "50100"}, "EOrder:Post only order"),
        ({"oflags": "viqc"}, "EGeneral:Invalid arguments:oflags"),
        ({"oflags": "fciq,fcib"}, "EGeneral:Invalid arguments:oflags"),
        ({"oflags": "free"}, "EGeneral:Invalid arguments:oflags"),
        ({"timeinforce": "GTD"}, "EGeneral:Invalid arguments:expiretm"),
        ({"timeinforce": "DAY"}, "EGeneral:Invalid arguments:timeinforce"),
        ({"expiretm": "+2"}, "EGeneral:Invalid arguments:expiretm"),
        ({"leverage": "2"}, "EGeneral:Permission denied"),
        ({"trigger": "index"}, "EGeneral:Invalid arguments:Index unavailable"),
        ({"userref": "x"}, "EGeneral:Invalid arguments:userref"),
        ({"userref": str(2**31)}, "EGeneral:Invalid arguments:userref"),
        ({"surprise": "1"}, "EGeneral:Invalid arguments:surprise"),
        ({"cl_ord_id": "not-an-id-of-any-kind-at-all"}, "EGeneral:Invalid arguments:cl_ord_id"),
        ({"cl_ord_id": UUID, "userref": "7"}, "EGeneral:Invalid arguments:cl_ord_id"),
        (
            {"cl_ord_id": UUID, "close[ordertype]": "stop-loss", "close[price]": "39000"},
            "EGeneral:Invalid arguments:cl_ord_id",
        ),
        ({"displayvol": "0.0001", "ordertype": "iceberg"}, "EGeneral:Invalid arguments:displayvol"),
        ({"ordertype": "trailing-stop", "price": "40000"}, "EGeneral:Invalid arguments:price"),
        ({"ordertype": "stop-loss-limit"}, "EGeneral:Invalid arguments:price2"),
    ],
)
def test_a_bad_order_is_refused_in_the_exchanges_words_and_is_not_placed(
    desk: Desk, changes: dict[str, str], error: str
) -> None:
    assert desk.refused(**(LIMIT | changes)) == error
    assert desk.account.orders == {}


def test_extra_arguments_of_pykrakenapi_and_ccxt_are_ignored(desk: Desk) -> None:
    assert desk.add(**LIMIT, starttm="0", expiretm="0", leverage="none", trigger="last")


@pytest.mark.parametrize("client_id", [UUID, UUID.replace("-", ""), "nija-1_a", "a" * 18])
def test_a_client_id_has_one_of_three_forms(desk: Desk, client_id: str) -> None:
    txid = desk.add(**LIMIT, cl_ord_id=client_id)
    assert desk.order(txid)["cl_ord_id"] == client_id


def test_a_client_id_is_unique_among_open_orders_only(desk: Desk) -> None:
    first = desk.add(**LIMIT, cl_ord_id=UUID)
    assert desk.refused(**LIMIT, cl_ord_id=UUID) == "EGeneral:Invalid arguments:cl_ord_id not unique"
    desk.result("CancelOrder", txid=first)
    second = desk.add(**(LIMIT | {"ordertype": "market", "price": ""}), cl_ord_id=UUID)
    third = desk.add(**(LIMIT | {"ordertype": "market", "price": ""}), cl_ord_id=UUID)
    closed = desk.result("ClosedOrders", cl_ord_id=UUID)
    assert (set(closed["closed"]), closed["count"]) == ({first, second, third}, 3)


def test_another_account_may_use_the_same_client_id(desk: Desk) -> None:
    desk.add(**LIMIT, cl_ord_id=UUID)
    desk.owner = "daivon_frazier"
    assert desk.add(**LIMIT, cl_ord_id=UUID)


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (-1, "EService:Deadline elapsed"),
        (0.5, "EGeneral:Invalid arguments:deadline"),
        (90, "EGeneral:Invalid arguments:deadline"),
    ],
)
def test_a_deadline_must_be_two_to_sixty_seconds_ahead(desk: Desk, seconds: float, error: str) -> None:
    assert desk.refused(**LIMIT, deadline=at(desk, seconds)) == error
    assert desk.add(**LIMIT, deadline=at(desk, 30))


def test_a_deadline_without_a_zone_is_refused(desk: Desk) -> None:
    naive = datetime.fromtimestamp(desk.clock.time() + 30, UTC).replace(tzinfo=None).isoformat()
    assert desk.refused(**LIMIT, deadline=naive) == "EGeneral:Invalid arguments:deadline"


def test_funds_count_fees_and_what_other_orders_hold(desk: Desk) -> None:
    assert desk.refused(**(LIMIT | {"volume": "0.25"})) == "EOrder:Insufficient funds"
    desk.add(**(LIMIT | {"volume": "0.24"}))
    assert desk.refused(**LIMIT) == "EOrder:Insufficient funds"
    extended = desk.result("BalanceEx")
    assert extended == {"ZUSD": {"balance": "10000.0000", "hold_trade": "9638.4000"}}
    assert desk.result("Balance") == {"ZUSD": "10000.0000"}


def test_a_stop_holds_the_coins_it_may_sell(desk: Desk) -> None:
    desk.add(type="buy", ordertype="market", volume="0.01")
    desk.add(type="sell", ordertype="stop-loss", price="45000", volume="0.01")
    assert desk.refused(type="sell", ordertype="market", volume="0.01") == "EOrder:Insufficient funds"


def test_an_order_by_cost_spends_quote_currency(desk: Desk) -> None:
    txid = desk.add(type="buy", ordertype="market", volume="100", oflags="viqc")
    assert desk.order(txid)["cost"].startswith(("99.99", "100.0"))


def test_a_closing_leg_is_described_and_rests_for_the_filled_amount(desk: Desk) -> None:
    data = {"close_ordertype": "stop-loss-limit", "close_price": "45000", "close_price2": "44900"}
    answer = desk.result("AddOrder", pair="XBTUSD", type="buy", ordertype="market", volume="0.01", **data)
    assert answer["descr"]["close"] == "close position @ stop loss 45000.0 -> limit 44900.0"
    [leg] = desk.result("OpenOrders")["open"].values()
    assert (leg["vol"], leg["descr"]["type"], leg["refid"]) == ("0.01000000", "sell", answer["txid"][0])


def test_a_batch_takes_each_row_by_itself_and_gives_plain_txids(desk: Desk) -> None:
    rows = {"orders[0][ordertype]": "limit", "orders[0][type]": "buy", "orders[0][volume]": "0.01"}
    rows |= {"orders[0][price]": "40000", "orders[1][ordertype]": "limit", "orders[1][type]": "buy"}
    rows |= {"orders[1][volume]": "0.00001", "orders[1][price]": "40000"}
    first, second = desk.result("AddOrderBatch", pair="XBTUSD", **rows)["orders"]
    assert desk.order(first["txid"])["status"] == "open"
    assert second == {"error": "EOrder:Order minimum not met"}


def test_a_batch_of_one_is_refused(desk: Desk) -> None:
    row = {"orders[0][ordertype]": "market", "orders[0][type]": "buy", "orders[0][volume]": "0.01"}
    assert desk.error("AddOrderBatch", pair="XBTUSD", **row) == "EGeneral:Invalid arguments:orders"


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("cancel_only", "EService:Market in cancel_only mode"),
        ("post_only", "EService:Market in post_only mode"),
        ("maintenance", "EService:Unavailable"),
    ],
)
def test_a_mode_of_the_exchange_refuses_disallowed_orders(desk: Desk, mode: str, error: str) -> None:
    resting = desk.add(**LIMIT)
    desk.engine.exchange.mode = Mode(mode)
    assert desk.public("SystemStatus")["result"]["status"] == mode
    assert desk.refused(**LIMIT) == error
    if mode != "maintenance":
        assert desk.result("CancelOrder", txid=resting) == {"count": 1}
    if mode == "post_only":
        assert desk.add(**LIMIT, oflags="post")


def test_an_account_without_any_money_has_no_balances() -> None:
    desk = make_desk(SimulatorConfig(usd_accounts(balances={}), limits=UNLIMITED))
    assert desk.private("Balance") == {"error": [], "result": {}}


def test_a_trailing_stop_keeps_its_offset_and_shows_where_it_struck(desk: Desk) -> None:
    desk.add(type="buy", ordertype="market", volume="0.01")
    txid = desk.add(type="sell", ordertype="trailing-stop", price="+1000", volume="0.01")
    desk.price("BTC/USD", "52000")
    desk.price("BTC/USD", "51000")
    order = desk.order(txid)
    assert (order["status"], order["descr"]["price"], order["stopprice"]) == ("closed", "+1000", "51000.00000")
    assert desk.error("AmendOrder", txid=txid, trigger_price="50000") == "EOrder:Unknown order"


def test_a_price_must_be_on_the_tick_even_where_its_decimals_would_do() -> None:
    desk = make_desk(start={"DOT/USD": "7"})
    order = {"pair": "DOTUSD", "type": "buy", "ordertype": "limit", "volume": "1"}
    assert desk.public("AssetPairs", pair="DOTUSD")["result"]["DOTUSD"]["tick_size"] == "0.0005"
    assert desk.refused(**order, price="6.5003") == "EOrder:Tick size check failed"
    assert desk.add(**order, price="6.5005")


def test_an_order_that_takes_now_or_never_ends_canceled(desk: Desk) -> None:
    for force in ("IOC", "FOK"):
        order = desk.order(desk.add(**LIMIT, timeinforce=force))
        assert (order["status"], order["vol_exec"]) == ("canceled", "0.00000000")


def test_an_order_good_till_a_date_expires_then(desk: Desk) -> None:
    txid = desk.add(**LIMIT, timeinforce="GTD", expiretm="+30")
    desk.advance(30)
    order = desk.order(txid)
    assert (order["status"], order["expiretm"]) == ("expired", desk.clock.time())
    assert desk.result("BalanceEx")["ZUSD"]["hold_trade"] == "0.0000"


def test_a_scheduled_order_is_pending_until_its_start(desk: Desk) -> None:
    txid = desk.add(**(LIMIT | {"price": "51000"}), starttm="+30")
    assert desk.order(txid)["status"] == "pending"
    assert set(desk.result("OpenOrders")["open"]) == {txid}
    desk.advance(30)
    assert desk.order(txid)["status"] == "closed"
