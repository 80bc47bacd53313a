"""The admin calls by which an owner acts and an exchange changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from brokers.client_order_id import Purpose, new_client_id
from tests.simulator_fixtures import Rig, manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator

MASTER = {"account": "kraken:master"}


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig() as running:
        yield running


def call(rig: Rig, method: str, path: str, body: object = None, status: int = 200) -> dict[str, Any]:
    answer = requests.request(method, rig.simulator.admin_url + path, json=body or {}, timeout=5)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_the_owner_places_moves_and_cancels_orders_of_any_kind(rig: Rig) -> None:
    call(rig, "POST", "/balance", MASTER | {"currency": "BTC", "amount": "1"})
    words = {"pair": "XBTUSD", "type": "sell", "ordertype": "trailing-stop", "price": "+5%", "volume": "0.5"}
    placed = call(rig, "POST", "/orders", MASTER | {"order": words})
    assert (placed["kind"], placed["held"]) == ("trailing-stop", "0.5")
    moved = call(rig, "PATCH", "/orders", MASTER | {"id": placed["id"], "amount": "0.6"})
    assert moved["held"] == "0.6"
    assert call(rig, "DELETE", "/orders", MASTER) == {"count": 1}
    configuration = {"limit_limit_gtc": {"base_size": "0.001", "limit_price": "10000"}}
    body = {"product_id": "BTC-USD", "side": "BUY", "order_configuration": configuration}
    call(rig, "POST", "/orders", {"account": "coinbase:master", "order": body})
    wish = MASTER | {"order": words | {"ordertype": "wish"}}
    assert "ordertype" in call(rig, "POST", "/orders", wish, 400)["error"]


def test_ownership_reports_who_owns_which_coins(rig: Rig) -> None:
    api = rig.kraken_api("daivon_frazier")
    order = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.1"}
    api.query_private("AddOrder", order | {"cl_ord_id": new_client_id(Purpose.ENTRY)})
    account = {"account": "kraken:daivon_frazier"}
    call(rig, "POST", "/balance", account | {"currency": "BTC", "amount": "0.05"})
    share = call(rig, "GET", "/ownership")["kraken:daivon_frazier"]["shares"]["BTC"]
    assert (share["owner"], share["nija"]) == ("0.05", "0.1")
    call(rig, "POST", "/orders", account | {"market": "BTC/USD", "side": "sell", "amount": "0.1"})
    api.query_private("AddOrder", order | {"type": "sell", "volume": "0.05", "cl_ord_id": new_client_id(Purpose.EXIT)})
    [sale] = call(rig, "GET", "/ownership")["kraken:daivon_frazier"]["oversales"]
    assert (sale["currency"], sale["amount"]) == ("BTC", "0.05")


def test_coins_are_staked_and_come_back(rig: Rig) -> None:
    account = {"account": "kraken:tania_gilbert", "currency": "ETH"}
    call(rig, "POST", "/balance", account | {"amount": "2"})
    assert call(rig, "POST", "/stake", account | {"amount": "1.5", "program": "M"}) == {"balance": "0.5"}
    assert call(rig, "POST", "/stake", account | {"amount": "-1.5", "program": "M"}) == {"balance": "2.0"}


def test_a_fill_comes_from_nowhere(rig: Rig) -> None:
    fill = MASTER | {"market": "SOL/USD", "amount": "3"}
    assert call(rig, "POST", "/fills", fill)["average_price"] == "0"


def test_a_market_gets_other_steps(rig: Rig) -> None:
    call(rig, "POST", "/market", {"exchange": "kraken", "market": "ADA/USD", "price_step": "0.01", "min_amount": "20"})
    pair = rig.kraken_api().query_public("AssetPairs", {"pair": "ADAUSD"})["result"]["ADAUSD"]
    assert (pair["tick_size"], pair["ordermin"]) == ("0.01", "20")
    call(rig, "POST", "/market", {"market": "ADA/USD", "price_step": "0"}, 400)
    call(rig, "POST", "/market", {"market": "ADA/USD"}, 400)


def test_a_market_goes_away_on_one_exchange(rig: Rig) -> None:
    api = rig.kraken_api()
    call(rig, "POST", "/mode", {"mode": "away", "exchange": "kraken", "market": "SOL/USD"})
    assert "SOLUSD" not in api.query_public("AssetPairs")["result"]
    call(rig, "POST", "/mode", {"mode": "online", "market": "SOL/USD"})
    assert "SOLUSD" in api.query_public("AssetPairs")["result"]


@pytest.mark.parametrize(
    "body",
    [
        {"mode": "halted", "exchange": "kraken", "market": "BTC/USD"},
        {"mode": "reduce_only", "exchange": "coinbase", "market": "BTC/USD"},
        {"mode": "away", "exchange": "kraken"},
        {"mode": "maintenance", "exchange": "kraken", "market": "BTC/USD"},
        {"mode": "cancel_only", "market": "DOGE/USD"},
    ],
)
def test_a_mode_that_an_exchange_does_not_know_is_refused(rig: Rig, body: dict[str, str]) -> None:
    assert f"has no mode {body['mode']}" in call(rig, "POST", "/mode", body, 400)["error"]


def test_a_market_is_restricted_and_opened_again(rig: Rig) -> None:
    market = {"account": "kraken:tania_gilbert", "market": "SOL/USD"}
    call(rig, "POST", "/restriction", market | {"barrier": "country", "country": "US:WA"})
    order = {"pair": "SOLUSD", "type": "buy", "ordertype": "market", "volume": "1"}
    api = rig.kraken_api("tania_gilbert")
    refused = api.query_private("AddOrder", order)["error"]
    assert refused == ["EAccount:Invalid permissions:SOL trading restricted for US:WA."]
    call(rig, "DELETE", "/restriction", market)
    assert api.query_private("AddOrder", order)["error"] == []


def test_a_key_is_changed(rig: Rig) -> None:
    call(rig, "POST", "/key", MASTER | {"query_from": 1_700_000_000, "ip_allowlist": ["127.0.0.1"]})
    info = rig.kraken_api().query_private("GetApiKeyInfo")["result"]
    assert (info["queryFrom"], info["ipAllowlist"]) == ("1700000000", ["127.0.0.1"])
    coinbase = {"account": "coinbase:master", "query_from": 1}
    assert "no query_from" in call(rig, "POST", "/key", coinbase, 400)["error"]


def test_a_clock_is_set_wrong_and_right_again(rig: Rig) -> None:
    told = call(rig, "POST", "/clock", {"exchange": "kraken", "offset": 40})
    assert told == {"kraken": rig.clock.time() + 40, "coinbase": rig.clock.time()}
    assert call(rig, "POST", "/clock", {"offset": 0, "drift_ppm": 0})["kraken"] == rig.clock.time()


def test_a_price_jumps_and_the_source_continues_from_there(rig: Rig) -> None:
    rig.price("ETH/USD", "1.00")
    call(rig, "POST", "/price", {"market": "ETH/USD", "factor": "0.5"})
    rig.price("ETH/USD", "1.10")
    assert call(rig, "GET", "/state?only=markets")["markets"]["kraken"]["prices"]["ETH/USD"] == "0.55"


def test_acts_are_set_done_and_ended(rig: Rig) -> None:
    act = {"kind": "owner_deposits", "account": "kraken:tania_gilbert", "market": "ETH/USD", "share": "1", "in": 5}
    assert call(rig, "POST", "/acts", [act, act | {"in": 500}]) == {"acts": 2}
    rig.advance(5)
    assert call(rig, "GET", "/state?only=acts_done")["acts_done"] == {"owner_deposits": 1}
    assert call(rig, "POST", "/acts", {"storm": 5, "duration": 100, "mean_gap": 1})["acts"] > 50
    assert call(rig, "DELETE", "/acts") == {"acts": 0}
    call(rig, "POST", "/acts", act | {"colour": "red"}, 400)
    call(rig, "POST", "/acts", act | {"account": "kraken:nobody"}, 400)
    call(rig, "POST", "/acts", {"storm": 5, "duration": 9, "mean_gap": 1, "accounts": ["kraken:nobody"]}, 400)
