from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from brokers.model import Exchange
from brokers.simulator.config import SimulatorConfig
from tests.brokers.simulator.coinbase.coinbase_desk import HOST, V3, Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNTS = f"{V3}/accounts"
NOW = 1_700_000_000


def ask(desk: Desk, token: str, path: str = ACCOUNTS) -> int:
    reply = desk.call("GET", path, authorization=f"Bearer {token}")
    if reply.status == 401:
        assert reply.text == "Unauthorized"
        assert reply.headers["content-type"].startswith("text/plain")
    return reply.status


def test_a_token_as_the_official_client_makes_it_is_accepted(desk: Desk) -> None:
    assert ask(desk, desk.token("GET", ACCOUNTS)) == 200
    assert desk.violations() == []


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "organizations/x/apiKeys/other"},
        {"sub": None},
        {"iss": "coinbase"},
        {"iss": None},
        {"nbf": NOW + 1, "exp": NOW + 121},
        {"nbf": NOW - 120, "exp": NOW},
        {"nbf": NOW, "exp": NOW + 121},
        {"nbf": NOW - 3_600, "exp": NOW + 60},
        {"nbf": None},
        {"exp": None},
        {"nbf": str(NOW)},
        {"uri": None},
        {"uri": f"POST {HOST}{ACCOUNTS}"},
        {"uri": f"GET api.coinbase.com{ACCOUNTS}"},
        {"uri": f"GET localhost{ACCOUNTS}"},
        {"uri": f"GET {HOST}{V3}/orders"},
        {"uri": f"GET {HOST}{ACCOUNTS}?limit=250"},
        {"uri": f"GET https://{HOST}{ACCOUNTS}"},
    ],
)
def test_every_wrong_claim_is_unauthorized_in_plain_text(desk: Desk, claims: Mapping[str, Any]) -> None:
    assert ask(desk, desk.token("GET", ACCOUNTS, **claims)) == 401
    assert len(desk.violations()) == 1


@pytest.mark.parametrize("headers", [{"kid": "organizations/x/apiKeys/other"}, {"kid": None}, {"nonce": None}])
def test_every_wrong_header_is_unauthorized(desk: Desk, headers: Mapping[str, Any]) -> None:
    assert ask(desk, desk.token("GET", ACCOUNTS, headers)) == 401


def test_a_token_signed_by_another_key_or_another_algorithm_is_unauthorized(desk: Desk) -> None:
    name = desk.simulated.api_key.key
    claims = {"sub": name, "iss": "cdp", "nbf": NOW, "exp": NOW + 120, "uri": f"GET {HOST}{ACCOUNTS}"}
    head = {"kid": name, "nonce": "a1b2"}
    other = ec.generate_private_key(ec.SECP256R1())
    edwards = ed25519.Ed25519PrivateKey.generate()
    assert ask(desk, jwt.encode(claims, other, algorithm="ES256", headers=head)) == 401
    assert ask(desk, jwt.encode(claims, edwards, algorithm="EdDSA", headers=head)) == 401
    assert ask(desk, jwt.encode(claims, "x" * 32, algorithm="HS256", headers=head)) == 401
    assert ask(desk, jwt.encode(claims, "", algorithm="none", headers=head)) == 401


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic abc"])
def test_no_token_at_all_is_unauthorized(desk: Desk, authorization: str) -> None:
    reply = desk.call("GET", ACCOUNTS, authorization=authorization)
    assert (reply.status, reply.text) == (401, "Unauthorized")


def test_a_token_serves_one_path_alone(desk: Desk) -> None:
    token = desk.token("GET", ACCOUNTS)
    assert ask(desk, token) == 200
    assert ask(desk, token, f"{V3}/products") == 401


def test_a_token_lives_its_two_minutes_and_no_longer(desk: Desk) -> None:
    token = desk.token("GET", ACCOUNTS)
    desk.advance(119)
    assert ask(desk, token) == 200
    desk.advance(1)
    assert ask(desk, token) == 401


def test_a_public_path_needs_no_token_but_refuses_a_wrong_one(desk: Desk) -> None:
    assert desk.public(f"{V3}/time").status == 200
    assert desk.call("GET", f"{V3}/time").status == 200
    assert desk.call("GET", f"{V3}/time", authorization="Bearer nonsense").status == 401


def test_private_paths_are_not_open_to_anyone(desk: Desk) -> None:
    for path in (
        "products",
        "products/BTC-USD",
        "best_bid_ask",
        "product_book",
        "key_permissions",
        "transaction_summary",
    ):
        assert desk.public(f"{V3}/{path}").status == 401


def rights(*permissions: str) -> Desk:
    accounts = tuple(
        replace(account, permissions=frozenset(permissions))
        for account in usd_accounts()
        if account.exchange == Exchange.COINBASE
    )
    return make_desk(SimulatorConfig(accounts, limits=UNLIMITED))


def test_a_key_that_may_only_look_cannot_trade() -> None:
    desk = rights("query-funds")
    configuration = {"market_market_ioc": {"base_size": "0.01"}}
    fields = {"product_id": "BTC-USD", "side": "BUY", "order_configuration": configuration}
    denied = {
        "error": "PERMISSION_DENIED",
        "error_details": "Missing required scopes",
        "message": "Missing required scopes",
    }
    created = desk.post("/orders", client_order_id="a", **fields)
    assert (created.status, created.json) == (403, denied)
    # The official client recognises this refusal by its exact text.
    assert '"error_details":"Missing required scopes"' in created.text
    assert desk.post("/orders/batch_cancel", order_ids=["x"]).status == 403
    assert desk.post("/orders/edit", order_id="x", price="1", size="1").status == 403
    assert desk.post("/orders/preview", **fields).status == 200
    assert not desk.account.orders


def test_a_key_without_any_right_sees_nothing() -> None:
    assert rights().get("/accounts").status == 403


@pytest.mark.parametrize(
    ("permission", "shown"),
    [("modify-trades", "can_trade"), ("withdraw-funds", "can_transfer"), ("deposit-funds", "can_receive")],
)
def test_a_key_reports_its_permissions(permission: str, shown: str) -> None:
    told = rights("query-funds", permission).get("/key_permissions").json
    assert [name for name, value in told.items() if value is True] == ["can_view", shown]
    assert told["portfolio_type"] == "DEFAULT"


def test_a_key_is_bound_to_its_portfolio(desk: Desk) -> None:
    mine = desk.get("/key_permissions").json["portfolio_uuid"]
    assert mine == desk.simulated.account_uid
    assert desk.get("/accounts", retail_portfolio_id=mine).status == 200
    for path in ("/accounts", "/orders/historical/batch", "/orders/historical/fills"):
        reply = desk.get(path, retail_portfolio_id="00000000-0000-4000-8000-000000000000")
        assert (reply.status, reply.json["error_details"]) == (403, "User does not have access to portfolio")
    assert desk.get("/portfolios/00000000-0000-4000-8000-000000000000").status == 403
