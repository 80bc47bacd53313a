"""The client over a real socket with the real library."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import jwt
import pytest
from coinbase.rest.rest_base import RESTBase

from brokers.coinbase.client import CoinbaseClient, host_of
from brokers.errors import (
    BadAnswer,
    BrokerError,
    MarketRefused,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unavailable,
)
from tests.brokers.coinbase.scripted_exchange import Asked, Reply, ScriptedExchange

if TYPE_CHECKING:
    from brokers.coinbase.tokens import TokenSigner
    from brokers.model import ApiKey
    from tests.fakes import ManualClock

HTML = "<html><body>502 Bad Gateway</body></html>"
SCOPES = {
    "error": "PERMISSION_DENIED",
    "error_details": "Missing required scopes",
    "message": "Missing required scopes",
}
REGION = {
    "error": "PERMISSION_DENIED",
    "error_details": "This product is not available in your region",
    "message": "This product is not available in your region",
}
PORTFOLIO = {"error": "PERMISSION_DENIED", "error_details": "User does not have access to portfolio", "message": ""}
TOO_MANY = {"errors": [{"id": "rate_limit_exceeded", "message": "Too many requests"}]}
EXHAUSTED = {"error": "resource_exhausted", "code": 8, "message": "slow down", "details": []}
NO_ORDER = {"error": "unknown", "error_details": "order with this orderID was not found", "message": ""}
INVALID = {"error": "INVALID_ARGUMENT", "error_details": "size is required", "message": "size is required"}


# Requests.


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("https://localhost:8443", "localhost:8443"),
        ("https://localhost:8443/", "localhost:8443"),
        ("localhost:8443", "localhost:8443"),
        ("exchange.test", "exchange.test"),
    ],
)
def test_the_url_may_be_whole_or_a_host(given: str, host: str) -> None:
    assert host_of(given) == host


@pytest.mark.parametrize(
    "given", ["http://localhost:1", "https://host/path", "https://user@host", "https://", "wss://x"]
)
def test_a_url_that_the_library_cannot_use_is_refused_by_name(given: str) -> None:
    with pytest.raises(ValueError, match="COINBASE_API_URL"):
        host_of(given)


def test_a_request_carries_a_token_for_its_own_host_and_path_without_the_query(
    client: CoinbaseClient, scripted: ScriptedExchange, api_key: ApiKey
) -> None:
    scripted.on("/accounts", Reply({"accounts": []}))

    client.get("/accounts", limit=250, cursor=None)

    asked = scripted.asked[0]
    claims = jwt.decode(asked.token, options={"verify_signature": False})
    assert claims["uri"] == f"GET {scripted.url.removeprefix('https://')}/api/v3/brokerage/accounts"
    assert claims["sub"] == api_key.key
    assert asked.query == {"limit": ["250"]}


def test_lists_travel_as_repeated_keys(client: CoinbaseClient, scripted: ScriptedExchange) -> None:
    scripted.on("/orders/historical/batch", Reply({"orders": []}))

    client.get("/orders/historical/batch", order_ids=["a", "b"])

    assert scripted.asked[0].query == {"order_ids": ["a", "b"]}


@pytest.mark.parametrize("secret", [None, "somebody's secret"])
def test_a_key_in_the_environment_at_import_never_reaches_another_client(
    scripted: ScriptedExchange, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    # What the library's import makes of COINBASE_API_KEY and COINBASE_API_SECRET (or only one of them).
    defaults = ("somebody's key", secret, *RESTBase.__init__.__defaults__[2:])
    monkeypatch.setattr(RESTBase.__init__, "__defaults__", defaults)
    scripted.on("/time", Reply({"epochMillis": "1"}))
    public = CoinbaseClient(None, base_url=scripted.url, clock=clock, timeout=5.0)

    public.get("/time")
    held = vars(public._rest)
    public.close()

    assert scripted.asked[0].token == ""
    assert "api_key" not in held
    assert "api_secret" not in held


# Failures.


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, INVALID, RequestRefused),
        (401, "Unauthorized\n", Unauthorized),
        (403, SCOPES, PermissionDenied),
        (404, NO_ORDER, OrderNotFound),
        (404, {"error": "NOT_FOUND", "message": "none"}, OrderNotFound),
        (400, NO_ORDER, OrderNotFound),
        (400, EXHAUSTED, RateLimited),
        (429, TOO_MANY, RateLimited),
        (429, "slow down", RateLimited),
        (500, {"error": "INTERNAL"}, Unavailable),
        (502, HTML, Unavailable),
        (403, HTML, Unavailable),
        (200, HTML, Unavailable),
        (200, "[]", Unavailable),
    ],
)
def test_a_failed_read_is_classified_by_status_and_body(
    client: CoinbaseClient, scripted: ScriptedExchange, status: int, body: object, kind: type[BrokerError]
) -> None:
    scripted.on("/orders/historical/x", Reply(body, status))

    with pytest.raises(kind) as caught:
        client.get("/orders/historical/x")

    assert type(caught.value) is kind
    assert "html" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(INVALID, 400), OrderRejected),
        (Reply({"error": "NOT_FOUND"}, 404), OrderRejected),
        (Reply({"error": "NOT_FOUND", "error_details": "valid product_id is required"}, 404), MarketRefused),
        (Reply(REGION, 403), MarketRefused),
        (Reply({"error": "PERMISSION_DENIED", "message": "not allowed to trade BTC-USD"}, 403), MarketRefused),
        (Reply({"error": "GEOFENCING_RESTRICTION"}, 403), MarketRefused),
        (Reply({"error": "PERMISSION_DENIED", "message": "Product restricted"}, 403), MarketRefused),
        (Reply({"error": "INVALID_ARGUMENT", "message": "not supported in your country"}, 400), MarketRefused),
        (Reply({"error": "X", "message": "for legal reasons"}, 451), MarketRefused),
        (
            Reply({"error": "PERMISSION_DENIED", "message": "User does not have the correct permissions"}, 403),
            MarketRefused,
        ),
        (Reply({"error": "PERMISSION_DENIED"}, 403), PermissionDenied),
        (Reply(PORTFOLIO, 403), PermissionDenied),
        (Reply({"error": "INVALID_ARGUMENT", "message": "size is too precise for BTC-USD"}, 400), OrderRejected),
        (Reply("Unauthorized", 401), Unauthorized),
        (Reply(SCOPES, 403), PermissionDenied),
        (Reply(TOO_MANY, 429), RateLimited),
        (Reply({"error": "INTERNAL"}, 500), OutcomeUnknown),
        (Reply(HTML, 502), OutcomeUnknown),
        (Reply(HTML, 403), OutcomeUnknown),
        (Reply(HTML, 200), OutcomeUnknown),
        (Reply('{"success": tr', 200), OutcomeUnknown),
        (Reply("[]", 200), OutcomeUnknown),
        (Reply("", 408), OutcomeUnknown),
        (Reply({"success": True}, cut=True), OutcomeUnknown),
        (Reply(silent=True), OutcomeUnknown),
        (Reply("", 302, {"location": "/elsewhere"}), OutcomeUnknown),
    ],
)
def test_a_failed_order_is_sent_once_and_either_refused_or_of_unknown_outcome(
    client: CoinbaseClient, scripted: ScriptedExchange, reply: Reply, kind: type[BrokerError]
) -> None:
    scripted.on("/orders", reply)

    with pytest.raises(kind) as caught:
        client.create("/orders", {"client_order_id": "x"})

    assert type(caught.value) is kind
    assert len(scripted.asked_for("/orders")) == (2 if kind is Unauthorized else 1)


def test_an_order_that_never_left_is_not_of_unknown_outcome(signer: TokenSigner, clock: ManualClock) -> None:
    client = CoinbaseClient(signer, base_url="localhost:1", clock=clock, timeout=5.0)

    with pytest.raises(Unavailable, match="COINBASE_API_URL"):
        client.create("/orders", {"client_order_id": "x"})
    client.close()


def test_every_request_ends_with_the_timeout(
    scripted: ScriptedExchange, signer: TokenSigner, clock: ManualClock
) -> None:
    def hang(_: Asked) -> Reply:
        time.sleep(0.6)
        return Reply()

    scripted.on("/orders", hang)
    client = CoinbaseClient(signer, base_url=scripted.url, clock=clock, timeout=0.2)

    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        client.create("/orders", {"client_order_id": "x"})
    client.close()


# Tokens and the clock.


def test_one_refused_token_is_answered_by_a_fresh_one(client: CoinbaseClient, scripted: ScriptedExchange) -> None:
    scripted.on("/accounts", Reply("Unauthorized", 401), Reply({"accounts": []}))

    client.get("/accounts")

    assert len({asked.token for asked in scripted.asked_for("/accounts")}) == 2


def test_a_clock_that_was_set_does_not_lock_the_account_out(
    client: CoinbaseClient, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    true_time = clock.wall

    def strict(asked: Asked) -> Reply:
        claims = jwt.decode(asked.token, options={"verify_signature": False})
        valid = claims["nbf"] <= true_time < claims["exp"] <= claims["nbf"] + 120
        return Reply({"accounts": []}) if valid else Reply("Unauthorized", 401)

    scripted.on("/time", Reply({"epochMillis": str(int(true_time * 1000))}))
    scripted.on("/accounts", strict)
    clock.wall += 3_600

    assert client.get("/accounts") == {"accounts": []}


def test_a_token_is_valid_though_the_clocks_differ_by_a_moment(
    client: CoinbaseClient, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on("/accounts", Reply({"accounts": []}))

    client.get("/accounts")

    claims = jwt.decode(scripted.asked[0].token, options={"verify_signature": False})
    assert claims["nbf"] <= clock.wall - 1
    assert claims["exp"] - claims["nbf"] == 120


def test_a_second_refused_token_is_the_last(client: CoinbaseClient, scripted: ScriptedExchange) -> None:
    scripted.on("/accounts", Reply("Unauthorized", 401))

    with pytest.raises(Unauthorized, match="IP allowlist"):
        client.get("/accounts")

    assert len(scripted.asked_for("/accounts")) == 2


@pytest.mark.parametrize(("skew", "said"), [(47.0, "clock is 47 s behind"), (-300.0, "clock is 5 min ahead of")])
def test_a_refused_token_names_a_clock_that_is_far_off(
    client: CoinbaseClient, scripted: ScriptedExchange, clock: ManualClock, skew: float, said: str
) -> None:
    scripted.on("/time", lambda _: Reply({"epochMillis": str(int((clock.wall + skew) * 1000))}))
    scripted.on("/accounts", Reply("Unauthorized", 401))

    with pytest.raises(Unauthorized, match=said):
        client.get("/accounts")


def test_a_refused_token_says_nothing_of_a_clock_that_is_right(
    client: CoinbaseClient, scripted: ScriptedExchange
) -> None:
    scripted.on("/accounts", Reply("Unauthorized", 401))

    with pytest.raises(Unauthorized) as caught:
        client.get("/accounts")

    assert "clock" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "right"), [("/orders", "trade"), ("/orders/batch_cancel", "trade"), ("/accounts", "view")]
)
def test_a_missing_right_is_named(client: CoinbaseClient, scripted: ScriptedExchange, path: str, right: str) -> None:
    scripted.on(path, Reply(SCOPES, 403))

    with pytest.raises(PermissionDenied, match=f"Missing required scopes.*`{right}`"):
        client.repeat(path, {"x": "y"}) if right == "trade" else client.get(path)

    assert len(scripted.asked) == 1


# Retries and rate limits.


def test_passing_faults_of_reads_are_retried(client: CoinbaseClient, scripted: ScriptedExchange) -> None:
    scripted.on("/accounts", Reply(HTML, 503), Reply(silent=True), Reply({"accounts": []}))

    assert client.get("/accounts") == {"accounts": []}


def test_a_rate_limit_is_waited_out_as_the_exchange_says(
    client: CoinbaseClient, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    scripted.on("/accounts", Reply(TOO_MANY, 429, {"retry-after": "7"}), Reply({"accounts": []}))

    client.get("/accounts")

    assert sum(clock.sleeps) >= 7.0


def test_an_exhausted_budget_in_the_headers_holds_the_next_request_back(
    client: CoinbaseClient, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    headers = {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(clock.wall + 4)}
    scripted.on("/accounts", Reply({"accounts": []}, headers=headers))

    client.get("/accounts")
    client.get("/accounts")

    assert sum(clock.sleeps) == pytest.approx(4.0)


@pytest.mark.parametrize(("keyed", "limit"), [(True, 30), (False, 10)])
def test_no_second_ever_holds_more_requests_than_documented(
    scripted: ScriptedExchange, signer: TokenSigner, clock: ManualClock, limit: int, *, keyed: bool
) -> None:
    times: list[float] = []

    def note(_: Asked) -> Reply:
        times.append(clock.monotonic())
        return Reply({"accounts": []})

    scripted.on("/accounts", note)
    client = CoinbaseClient(signer if keyed else None, base_url=scripted.url, clock=clock, timeout=5.0)
    for _ in range(3 * limit):
        client.get("/accounts")
    client.close()

    assert max(sum(1 for other in times if start <= other < start + 1.0) for start in times) <= limit


# Pages.


def test_pages_are_read_to_the_end(client: CoinbaseClient, scripted: ScriptedExchange) -> None:
    first = {"accounts": [{"n": 1}], "has_next": True, "cursor": "next"}
    last = {"accounts": [{"n": 2}], "has_next": False, "cursor": "a cursor that leads nowhere"}
    scripted.on("/accounts", lambda asked: Reply(last if asked.query.get("cursor") == ["next"] else first))

    assert client.pages("/accounts", "accounts", limit=1) == [{"n": 1}, {"n": 2}]


def test_without_has_next_an_empty_cursor_ends_the_pages(client: CoinbaseClient, scripted: ScriptedExchange) -> None:
    scripted.on("/fills", Reply({"fills": [{"n": 1}], "cursor": "c"}), Reply({"fills": [{"n": 2}], "cursor": ""}))

    assert client.pages("/fills", "fills") == [{"n": 1}, {"n": 2}]


def test_a_page_that_leads_to_itself_is_an_error_and_no_endless_loop(
    client: CoinbaseClient, scripted: ScriptedExchange
) -> None:
    scripted.on("/accounts", Reply({"accounts": [], "has_next": True, "cursor": "same"}))

    with pytest.raises(BadAnswer, match="same page"):
        client.pages("/accounts", "accounts")


# What is logged and raised.


def test_the_librarys_own_logger_says_nothing(
    client: CoinbaseClient,
    scripted: ScriptedExchange,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    scripted.on("/accounts", Reply({"error": "X", "message": "marked body"}, 400))

    with caplog.at_level(logging.DEBUG), pytest.raises(RequestRefused):
        client.get("/accounts")

    out, err = capfd.readouterr()
    assert "marked body" not in out + err
    assert not [record for record in caplog.records if record.name.startswith("coinbase")]


def test_an_error_carries_neither_the_librarys_error_nor_the_request(
    client: CoinbaseClient, scripted: ScriptedExchange
) -> None:
    scripted.on("/accounts", Reply(INVALID, 400))

    with pytest.raises(RequestRefused) as caught:
        client.get("/accounts")

    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
