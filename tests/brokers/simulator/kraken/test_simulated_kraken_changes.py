"""Amend, edit and cancel, and the dead man's switch."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.book import DepthProfile
from brokers.simulator.faults import FaultKind
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

UUID = "6d1b345e-2821-40e2-ad83-4ecb18a06876"
LIMIT = {"type": "buy", "ordertype": "limit", "price": "40000", "volume": "0.01"}


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def test_an_amended_stop_keeps_txid_and_client_id(desk: Desk) -> None:
    desk.add(type="buy", ordertype="market", volume="0.02")
    txid = desk.add(type="sell", ordertype="stop-loss", price="45000", volume="0.01", cl_ord_id=UUID)
    answer = desk.result("AmendOrder", cl_ord_id=UUID, trigger_price="46000", order_qty="0.015")
    assert answer["amend_id"].startswith("T")
    order = desk.order(txid)
    assert (order["descr"]["price"], order["vol"], order["cl_ord_id"]) == ("46000.0", "0.01500000", UUID)
    assert order["misc"] == "amended"


def test_an_amendment_needs_the_money_for_it(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    assert desk.error("AmendOrder", txid=txid, order_qty="1") == "EOrder:Insufficient funds"
    assert desk.order(txid)["vol"] == "0.01000000"


def test_an_amended_limit_that_crosses_fills_unless_post_only(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    assert desk.error("AmendOrder", txid=txid, limit_price="51000", post_only="true") == "EOrder:Post only order"
    desk.result("AmendOrder", txid=txid, limit_price="51000")
    assert desk.order(txid)["status"] == "closed"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({}, "EGeneral:Invalid arguments:order_qty"),
        ({"trigger_price": "45000"}, "EGeneral:Invalid arguments:trigger_price"),
        ({"limit_price": "45000.05"}, "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals."),
        ({"order_qty": "0.00001"}, "EOrder:Order minimum not met"),
        ({"order_qty": "0.02", "surprise": "1"}, "EGeneral:Invalid arguments:surprise"),
    ],
)
def test_a_bad_amendment_changes_nothing(desk: Desk, data: dict[str, str], error: str) -> None:
    txid = desk.add(**LIMIT)
    assert desk.error("AmendOrder", txid=txid, **data) == error
    assert desk.order(txid)["descr"]["price"] == "40000.0"


def test_a_quantity_below_the_filled_amount_cancels_the_rest() -> None:
    depth = DepthProfile(levels=1, level_value=1000)  # type: ignore[arg-type]  # a whole number will do
    desk = make_desk(SimulatorConfig(usd_accounts(), limits=UNLIMITED, depth=depth))
    txid = desk.add(type="buy", ordertype="limit", price="51000", volume="0.05")
    assert desk.order(txid)["vol_exec"].startswith("0.0199")
    desk.result("AmendOrder", txid=txid, order_qty="0.01")
    order = desk.order(txid)
    assert (order["status"], order["misc"]) == ("canceled", "partial")


def test_an_edit_cancels_and_places_again_under_a_new_id(desk: Desk) -> None:
    old = desk.add(**LIMIT, cl_ord_id=UUID)
    answer = desk.result("EditOrder", txid=old, pair="XBTUSD", price="41000", volume="0.02")
    assert (answer["status"], answer["originaltxid"], answer["orders_cancelled"]) == ("ok", old, 1)
    assert desk.order(old)["status"] == "canceled"
    new = desk.order(answer["txid"])
    assert (new["vol"], new["descr"]["price"]) == ("0.02000000", "41000.0")


def test_an_edit_that_is_refused_leaves_the_old_order(desk: Desk) -> None:
    old = desk.add(**LIMIT)
    assert desk.error("EditOrder", txid=old, pair="XBTUSD", volume="1") == "EOrder:Insufficient funds"
    assert desk.order(old)["status"] == "open"


def test_a_cancelled_order_is_gone_and_one_that_never_was_is_invalid(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    assert desk.result("CancelOrder", txid=txid) == {"count": 1}
    assert desk.error("CancelOrder", txid=txid) == "EOrder:Unknown order"
    assert desk.error("AmendOrder", txid=txid, limit_price="41000") == "EOrder:Unknown order"
    assert desk.error("CancelOrder", txid="OAAAAA-AAAAA-AAAAAA") == "EOrder:Invalid order"


def test_orders_are_cancelled_by_client_id_or_by_user_reference(desk: Desk) -> None:
    desk.add(**LIMIT, cl_ord_id=UUID)
    assert desk.result("CancelOrder", cl_ord_id=UUID) == {"count": 1}
    for _ in range(2):
        desk.add(**LIMIT, userref="42")
    assert desk.result("CancelOrder", txid="42") == {"count": 2}
    assert desk.error("CancelOrder", txid="42") == "EOrder:Unknown order"


def test_nobody_can_cancel_anothers_order(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    desk.owner = "daivon_frazier"
    assert desk.error("CancelOrder", txid=txid) == "EOrder:Invalid order"


def test_a_pending_cancel_takes_effect_later(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    desk.fault(FaultKind.SLOW_CANCEL, seconds=3.0)
    assert desk.result("CancelOrder", txid=txid) == {"count": 1, "pending": True}
    assert desk.order(txid)["status"] == "open"
    desk.advance(3)
    assert desk.order(txid)["status"] == "canceled"


def test_cancelling_all_or_a_batch_counts_the_open_orders(desk: Desk) -> None:
    txids = [desk.add(**LIMIT) for _ in range(4)]
    batch = {f"orders[{number}]": txid for number, txid in enumerate(txids[:2])}
    assert desk.result("CancelOrderBatch", **batch) == {"count": 2}
    assert desk.result("CancelAll") == {"count": 2}
    assert desk.result("CancelAll") == {"count": 0}


def test_the_dead_mans_switch_reports_its_time_and_zero_disarms_it(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    armed = desk.result("CancelAllOrdersAfter", timeout="60")
    assert armed == {"currentTime": "2023-11-14T22:13:20Z", "triggerTime": "2023-11-14T22:14:20Z"}
    assert desk.result("CancelAllOrdersAfter", timeout="0")["triggerTime"] == "0"
    desk.advance(61)
    assert desk.order(txid)["status"] == "open"
    desk.result("CancelAllOrdersAfter", timeout="60")
    desk.advance(60)
    assert desk.order(txid)["status"] == "canceled"
    assert desk.error("CancelAllOrdersAfter", timeout="86400") == "EGeneral:Invalid arguments:timeout"


def test_an_amendment_may_carry_a_deadline(desk: Desk) -> None:
    txid = desk.add(**LIMIT)
    late = datetime.fromtimestamp(desk.clock.time() - 1, UTC).isoformat()
    error = desk.error("AmendOrder", txid=txid, limit_price="41000", deadline=late)
    assert error == "EService:Deadline elapsed"
    soon = datetime.fromtimestamp(desk.clock.time() + 10, UTC).isoformat()
    assert desk.result("AmendOrder", txid=txid, limit_price="41000", deadline=soon)
