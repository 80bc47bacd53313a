from __future__ import annotations

from dataclasses import replace

import pytest

from brokers.simulator.config import Limits, SimulatorConfig
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind
from tests.brokers.simulator.coinbase.coinbase_desk import V3, Desk, make_desk
from tests.simulator_fixtures import usd_accounts

MARKET = {"market_market_ioc": {"base_size": "0.01"}}
ORDER = {"product_id": "BTC-USD", "side": "BUY", "order_configuration": MARKET}


@pytest.fixture
def limited() -> Desk:
    return make_desk(SimulatorConfig(usd_accounts(), limits=Limits()))


def test_a_user_has_thirty_requests_a_second(limited: Desk) -> None:
    for used in range(1, 31):
        reply = limited.get("/key_permissions")
        assert reply.status == 200
        assert reply.headers["x-ratelimit-limit"] == "30"
        assert reply.headers["x-ratelimit-remaining"] == str(30 - used)
    refused = limited.post("/orders", client_order_id="a", **ORDER)
    assert refused.status == 429
    assert refused.json == {"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]}
    assert (refused.headers["x-ratelimit-remaining"], refused.headers["x-ratelimit-reset"]) == ("0", "1")
    assert not limited.account.orders
    assert limited.violations() == ["rate_limit_exceeded"]
    limited.advance(1)
    assert limited.get("/key_permissions").status == 200


def test_an_address_has_ten_public_requests_a_second(limited: Desk) -> None:
    path = f"{V3}/market/products/BTC-USD"
    assert [limited.public(path).status for _ in range(11)] == [200] * 10 + [429]
    assert limited.get("/key_permissions").status == 200
    other = replace(limited, peer="127.0.0.2")
    assert other.public(path).status == 200


def test_limits_can_be_switched_off(desk: Desk) -> None:
    assert {desk.get("/key_permissions").status for _ in range(40)} == {200}


def test_a_refused_token_costs_nothing_of_the_budget(limited: Desk) -> None:
    for _ in range(40):
        limited.call("GET", f"{V3}/accounts", authorization="Bearer nonsense")
    assert limited.get("/accounts").headers["x-ratelimit-remaining"] == "29"


@pytest.mark.parametrize(
    ("kind", "status", "acted"),
    [
        (FaultKind.RATE_LIMIT, 429, False),
        (FaultKind.REFUSE_KEY, 401, False),
        (FaultKind.REVOKE_PERMISSION, 403, False),
        (FaultKind.UNAVAILABLE_BEFORE, 503, False),
        (FaultKind.UNAVAILABLE_AFTER, 503, True),
        (FaultKind.ERROR_BEFORE, 502, False),
        (FaultKind.ERROR_AFTER, 502, True),
        (FaultKind.EMPTY_RESULT, 200, True),
    ],
)
def test_a_fault_answers_in_coinbases_words(desk: Desk, kind: FaultKind, status: int, acted: bool) -> None:  # noqa: FBT001  a column of the table
    desk.fault(kind, exchange="coinbase", endpoint="POST /orders", account="coinbase:master", count=1)
    assert desk.post("/orders", client_order_id="a", **ORDER).status == status
    assert bool(desk.account.orders) is acted
    assert desk.violations() == []
    assert desk.post("/orders", client_order_id="a", **ORDER).json["success"]
    assert len(desk.account.orders) == 1


def test_maintenance_is_unavailability(desk: Desk) -> None:
    desk.engine.exchange.mode = Mode.MAINTENANCE
    assert desk.get("/accounts").status == 503
    assert desk.public(f"{V3}/time").status == 200


def test_unknown_paths_and_methods_have_different_errors(desk: Desk) -> None:
    assert desk.get("/orders/historical").status == 404
    assert desk.get("/convert/quote").status == 404
    assert desk.call("DELETE", f"{V3}/accounts").status == 405
    assert desk.call("GET", f"{V3}/orders").status == 405
    assert len(desk.violations()) == 4
    assert desk.get("/orders/historical/never-placed").status == 404
    assert len(desk.violations()) == 4


def test_a_get_may_carry_an_empty_object_and_nothing_else(desk: Desk) -> None:
    path = f"{V3}/accounts"
    assert desk.call("GET", path, body=b"{}").status == 200
    assert desk.call("GET", path, body=b"").status == 200
    assert desk.call("GET", path, body=b'{"limit": 1}').status == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"text"', b"\xff"])
def test_a_post_needs_a_json_object(desk: Desk, body: bytes) -> None:
    reply = desk.call("POST", f"{V3}/orders", body=body)
    assert (reply.status, reply.json["error"]) == (400, "INVALID_ARGUMENT")


def test_every_request_is_on_record_under_its_endpoint_and_account(desk: Desk) -> None:
    desk.get("/orders/historical/batch", limit=5)
    desk.public(f"{V3}/time")
    desk.post("/orders", client_order_id="a", product_id="BTC-USD", side="BUY", order_configuration={})
    seen = [(record.endpoint, record.account, record.status) for record in desk.world.records.requests]
    assert seen == [
        ("GET /orders/historical/batch", "coinbase:master", 200),
        ("GET /time", "", 200),
        ("POST /orders", "coinbase:master", 400),
    ]


def test_the_older_api_names_currencies_and_rates(desk: Desk) -> None:
    assert [row["code"] for row in desk.public("/v2/currencies/crypto").json["data"]] == ["BTC", "ETH", "SOL", "ADA"]
    assert desk.public("/v2/exchange-rates").json["data"]["rates"]["BTC"] == "0.00002"
    assert desk.public("/v2/currencies").json["data"][0]["id"] == "USD"
    assert desk.call("GET", "/v2/accounts").json["data"][0]["balance"] == {"amount": "10000", "currency": "USD"}
    assert desk.public("/v2/accounts").status == 401
