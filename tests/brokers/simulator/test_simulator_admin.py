"""The admin API: reads everything, and does what only an owner or an accident could."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.simulator_fixtures import Rig, manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig() as running:
        yield running


def post(rig: Rig, path: str, body: object, status: int = 200) -> dict[str, Any]:
    answer = requests.post(rig.simulator.admin_url + path, json=body, timeout=5)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def state(rig: Rig) -> dict[str, Any]:
    told: dict[str, Any] = requests.get(rig.simulator.admin_url + "/state", timeout=5).json()
    return told


def test_the_state_holds_every_account_with_its_books_to_the_last_digit(rig: Rig) -> None:
    api = rig.kraken_api("tania_gilbert")
    order = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01234567", "cl_ord_id": "abc"}
    [txid] = api.query_private("AddOrder", order)["result"]["txid"]
    accounts = state(rig)["accounts"]
    assert set(accounts) == {"kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:master"}
    books = accounts["kraken:tania_gilbert"]
    [placed], [fill] = books["orders"], books["fills"]
    assert (placed["id"], placed["client_id"], placed["status"]) == (txid, "abc", "filled")
    assert (fill["order_id"], fill["amount"], fill["cost"], fill["fee"]) == (
        txid, "0.01234567", "617.3143", "2.4692",
    )  # fmt: skip
    assert books["balances"] == {"USD": "9380.2165", "BTC": "0.01234567"}
    assert len(books["key"]["nonces"]) == 1


def test_a_single_part_of_the_state_can_be_requested(rig: Rig) -> None:
    answer = requests.get(rig.simulator.admin_url + "/state?only=violations,time", timeout=5)
    assert set(answer.json()) == {"violations", "time"}


def test_no_secret_is_in_the_state(rig: Rig) -> None:
    text = requests.get(rig.simulator.admin_url + "/state", timeout=5).text
    for account in rig.simulator.accounts:
        assert account.api_key.secret not in text
        assert account.api_key.key not in text


def test_violations_name_account_endpoint_and_rule(rig: Rig) -> None:
    api = rig.kraken_api("daivon_frazier")
    api.query_private("AddOrder", {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.00001"})
    found = state(rig)["violations"][-1]
    assert (found["account"], found["endpoint"], found["rule"]) == (
        "kraken:daivon_frazier", "AddOrder", "EOrder:Order minimum not met",
    )  # fmt: skip


def test_a_price_set_by_hand_holds_until_it_is_released(rig: Rig) -> None:
    post(rig, "/price", {"market": "ETH/USD", "price": "2222.22"})
    rig.price("ETH/USD", "3333")
    assert state(rig)["markets"]["kraken"]["prices"]["ETH/USD"] == "2222.22"
    assert state(rig)["markets"]["coinbase"]["prices"]["ETH/USD"] == "2222.22"
    post(rig, "/price", {"market": "ETH/USD", "release": True})
    rig.price("ETH/USD", "3000")
    assert state(rig)["markets"]["kraken"]["prices"]["ETH/USD"] == "3000"


def test_a_mode_can_be_set_for_an_exchange_or_a_market(rig: Rig) -> None:
    post(rig, "/mode", {"mode": "cancel_only", "exchange": "kraken", "market": "SOL/USD"})
    api = rig.kraken_api()
    pairs = api.query_public("AssetPairs", {"pair": "SOLUSD,XBTUSD"})["result"]
    assert {name: pair["status"] for name, pair in pairs.items()} == {"SOLUSD": "cancel_only", "XXBTZUSD": "online"}
    order = {"pair": "SOLUSD", "type": "buy", "ordertype": "market", "volume": "1"}
    assert api.query_private("AddOrder", order) == {"error": ["EService:Market in cancel_only mode"]}
    post(rig, "/mode", {"mode": "online", "exchange": "kraken", "market": "SOL/USD"})
    assert api.query_private("AddOrder", order)["error"] == []


def test_the_owner_deposits_withdraws_and_trades_by_hand(rig: Rig) -> None:
    account = {"account": "kraken:daivon_frazier"}
    assert post(rig, "/balance", account | {"currency": "SOL", "amount": "5"}) == {"balance": "5"}
    assert "insufficient" in post(rig, "/balance", account | {"currency": "SOL", "amount": "-6"}, 400)["error"]
    hand = post(rig, "/orders", account | {"market": "SOL/USD", "side": "sell", "amount": "2", "limit_price": "200"})
    assert (hand["by_hand"], hand["status"], hand["held"]) == (True, "open", "2")
    shown = rig.kraken_api("daivon_frazier").query_private("OpenOrders")["result"]["open"]
    assert hand["id"] in shown
    answer = requests.delete(rig.simulator.admin_url + "/orders", json=account | {"id": hand["id"]}, timeout=5)
    assert answer.json() == {"count": 1}


def test_faults_are_set_counted_and_cleared(rig: Rig) -> None:
    post(rig, "/faults", [{"kind": "rate_limit", "endpoint": "Balance", "count": 1}, {"kind": "hang", "for": 60}])
    assert requests.delete(rig.simulator.admin_url + "/faults", timeout=5).json() == {"faults": 0}
    post(rig, "/faults", {"kind": "rate_limit", "endpoint": "Balance", "count": 1})
    assert rig.kraken_api().query_private("Balance") == {"error": ["EAPI:Rate limit exceeded"]}
    told = state(rig)
    assert (told["faults"], told["faults_injected"]) == ([], {"rate_limit": 1})


def test_a_fault_schedule_is_set_by_its_seed(rig: Rig) -> None:
    told = post(rig, "/faults", {"storm": 5, "duration": 60, "mean_gap": 1, "accounts": ["kraken:tania_gilbert"]})
    assert told["faults"] > 30
    assert {fault["account"] for fault in state(rig)["faults"]} == {"kraken:tania_gilbert"}
    requests.delete(rig.simulator.admin_url + "/faults", timeout=5)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"kind": "earthquake"}),
        ("/faults", {"kind": "hang", "colour": "red"}),
        ("/price", {"market": "BTC/USD", "price": "dear"}),
        ("/mode", {"mode": "party"}),
        ("/balance", {"account": "kraken:nobody", "currency": "USD", "amount": "1"}),
        ("/orders", {"account": "kraken:master"}),
    ],
)
def test_a_bad_request_is_answered_with_the_reason(rig: Rig, path: str, body: object) -> None:
    assert post(rig, path, body, 400)["error"]
