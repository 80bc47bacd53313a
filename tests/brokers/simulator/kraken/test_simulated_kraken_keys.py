"""Key, signature, nonce, permission and lockout, as strict as the exchange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from brokers.simulator.config import Limits, SimulatorConfig
from brokers.simulator.faults import FaultKind
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

INVALID_NONCE = {"error": ["EAPI:Invalid nonce"]}


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def sign(secret: str, path: str, nonce: str, body: bytes) -> str:
    digest = hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(
        hmac.new(base64.b64decode(secret), path.encode() + digest, hashlib.sha512).digest()
    ).decode()


def test_an_unknown_key_is_refused(desk: Desk) -> None:
    answer = desk.signed("Balance", {"nonce": "1"}, key="x" * 56)
    assert answer == {"error": ["EAPI:Invalid key"]}


def test_a_signature_by_another_secret_is_refused(desk: Desk) -> None:
    other = desk.world.config.accounts[1].api_key
    answer = desk.signed("Balance", {"nonce": "1"}, secret=other.secret)
    assert answer == {"error": ["EAPI:Invalid signature"]}


def test_the_signature_covers_the_bytes_that_were_sent(desk: Desk) -> None:
    key = desk.world.config.accounts[0].api_key
    body = b'{"nonce": 77,  "asset": "ZUSD"}'
    headers = {"API-Key": key.key, "API-Sign": sign(key.secret, "/0/private/TradeBalance", "77", body)}
    headers["Content-Type"] = "application/json"
    assert desk.raw("TradeBalance", body.replace(b"  ", b" "), headers) == {"error": ["EAPI:Invalid signature"]}
    assert desk.raw("TradeBalance", body, headers)["error"] == []


def test_an_otp_that_the_key_does_not_need_is_refused(desk: Desk) -> None:
    assert desk.error("Balance", otp="123456") == "EAPI:Invalid signature"


def test_a_nonce_must_be_greater_than_the_last_one_of_its_key(desk: Desk) -> None:
    assert desk.signed("Balance", {"nonce": "100"})["error"] == []
    assert desk.signed("Balance", {"nonce": "100"}) == INVALID_NONCE
    assert desk.signed("Balance", {"nonce": "99"}) == INVALID_NONCE
    desk.owner = "daivon_frazier"
    assert desk.signed("Balance", {"nonce": "99"})["error"] == []


def test_a_nonce_beyond_64_bits_or_no_number_is_refused(desk: Desk) -> None:
    for nonce in (str(2**64), "", "-1", "1.5"):
        assert desk.signed("Balance", {"nonce": nonce}) == INVALID_NONCE


def test_a_nonce_window_tolerates_each_late_nonce_once() -> None:
    desk = make_desk(SimulatorConfig(usd_accounts(nonce_window=10), limits=UNLIMITED))
    for nonce, fits in ((100, True), (95, True), (95, False), (90, False), (101, True)):
        assert (desk.signed("Balance", {"nonce": str(nonce)}) != INVALID_NONCE) is fits


def test_a_refused_signature_does_not_use_up_its_nonce(desk: Desk) -> None:
    desk.signed("Balance", {"nonce": "500"}, secret=desk.world.config.accounts[1].api_key.secret)
    assert desk.signed("Balance", {"nonce": "500"})["error"] == []


def test_bad_calls_lock_the_key_for_a_while() -> None:
    limits = Limits(private=False, failures_to_lockout=3, lockout_seconds=900)
    desk = make_desk(SimulatorConfig(usd_accounts(), limits=limits))
    for _ in range(3):
        assert desk.signed("Balance", {"nonce": "0"}) == INVALID_NONCE
    assert desk.error("Balance") == "EGeneral:Temporary lockout"
    desk.advance(899)
    assert desk.error("Balance") == "EGeneral:Temporary lockout"
    desk.advance(1)
    assert desk.result("Balance")


@pytest.mark.parametrize(
    ("method", "permission", "data"),
    [
        ("Balance", "query-funds", {}),
        ("BalanceEx", "query-funds", {}),
        ("TradeBalance", "query-funds", {}),
        ("TradeVolume", "query-funds", {}),
        ("OpenOrders", "query-open-trades", {}),
        ("ClosedOrders", "query-closed-trades", {}),
        ("TradesHistory", "query-closed-trades", {}),
        ("Ledgers", "query-ledger", {}),
        ("GetWebSocketsToken", "create-ws-token", {}),
        ("AddOrder", "modify-trades", {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.001"}),
        ("CancelAll", "close-trades", {}),
    ],
)
def test_an_endpoint_needs_its_own_permission(method: str, permission: str, data: dict[str, str]) -> None:
    def answers(permissions: frozenset[str]) -> dict[str, object]:
        desk = make_desk(SimulatorConfig(usd_accounts(permissions=permissions), limits=UNLIMITED))
        return desk.private(method, **data)

    assert answers(frozenset({permission}))["error"] == []
    every = {"query-funds", "query-open-trades", "query-closed-trades", "modify-trades", "close-trades", "query-ledger"}
    others = frozenset(every - {permission} - ({"modify-trades"} if permission == "close-trades" else set()))
    assert answers(others) == {"error": ["EGeneral:Permission denied"]}


def test_editing_needs_both_order_permissions() -> None:
    rights = frozenset({"modify-trades", "query-open-trades"})
    desk = make_desk(SimulatorConfig(usd_accounts(permissions=rights), limits=UNLIMITED))
    txid = desk.add(type="buy", ordertype="limit", price="40000", volume="0.01")
    assert desk.error("EditOrder", txid=txid, pair="XBTUSD", volume="0.02") == "EGeneral:Permission denied"


def test_a_query_of_a_closed_order_needs_the_right_to_see_closed_ones() -> None:
    rights = frozenset({"modify-trades", "query-open-trades"})
    desk = make_desk(SimulatorConfig(usd_accounts(permissions=rights), limits=UNLIMITED))
    closed = desk.add(type="buy", ordertype="market", volume="0.01")
    assert desk.error("QueryOrders", txid=closed) == "EGeneral:Permission denied"


def test_key_info_needs_no_permission_and_has_nonce_rights_and_account() -> None:
    accounts = usd_accounts(permissions=frozenset({"withdraw-funds"}))
    info = make_desk(SimulatorConfig(accounts, limits=UNLIMITED)).result("GetApiKeyInfo")
    assert info["permissions"] == ["withdraw-funds"]
    assert (info["iban"], info["nonceWindow"], info["validUntil"]) == (accounts[0].account_uid, 0, "0")
    assert info["nonce"] == "1700000000000001"


def test_two_keys_may_belong_to_one_account() -> None:
    accounts = [replace(account, account_uid="AA11 SAME") for account in usd_accounts()]
    desk = make_desk(SimulatorConfig(tuple(accounts), limits=UNLIMITED))
    first = desk.result("GetApiKeyInfo")["iban"]
    desk.owner = "tania_gilbert"
    assert desk.result("GetApiKeyInfo")["iban"] == first


def test_an_unknown_method_is_named_as_such(desk: Desk) -> None:
    assert desk.error("WithdrawEverything") == "EGeneral:Unknown method"
    assert desk.public("Nothing") == {"error": ["EGeneral:Unknown method"]}


def test_a_body_that_is_not_a_json_object_is_a_bad_request(desk: Desk) -> None:
    for body in (b"[1]", b"{", json.dumps("text").encode()):
        answer = desk.raw("Balance", body, {"Content-Type": "application/json"})
        assert answer == {"error": ["EAPI:Bad request"]}


def test_a_clients_mistake_is_a_violation_and_a_faults_effect_is_not(desk: Desk) -> None:
    desk.fault(FaultKind.REFUSE_NONCE, count=1)
    assert desk.error("Balance") == "EAPI:Invalid nonce"
    assert list(desk.world.records.violations) == []
    desk.signed("Balance", {"nonce": "0"})
    [violation] = desk.world.records.violations
    assert (violation.account, violation.endpoint, violation.rule) == ("kraken:master", "Balance", "EAPI:Invalid nonce")
