"""Third-party clients over real sockets and real TLS."""

from __future__ import annotations

import base64
import logging
import random
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import ccxt
import pytest
import requests
from coinbase.rest import RESTClient
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from brokers.clock import SystemClock
from brokers.model import ApiKey, Exchange
from brokers.simulator.config import SimulatorConfig, made_up_uuid
from brokers.simulator.faults import Fault, FaultKind
from brokers.simulator.server import Simulator, running_simulator
from brokers.simulator.world import Prices
from tests.simulator_fixtures import START_PRICES, UNLIMITED, ManualPrices, WallMarketClock, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.simulator.records import Violation


@dataclass(frozen=True, slots=True)
class Rig:
    simulator: Simulator
    source: ManualPrices

    @property
    def key(self) -> ApiKey:
        return next(account.api_key for account in self.simulator.accounts if account.exchange == Exchange.COINBASE)

    @property
    def host(self) -> str:
        return urlsplit(self.simulator.coinbase_url).netloc

    def price(self, symbol: str, price: str) -> None:
        self.source.set(symbol, price)
        self.simulator.call(self.simulator.world.tick)

    def fault(self, kind: FaultKind, **values: object) -> None:
        fault = replace(Fault(kind), **values)  # type: ignore[arg-type]  # the fields of a Fault
        self.simulator.call(lambda: self.simulator.world.plan.add(fault))

    def violations(self) -> list[Violation]:
        return self.simulator.call(lambda: list(self.simulator.world.records.violations))


@contextmanager
def running(config: SimulatorConfig) -> Iterator[Rig]:
    source = ManualPrices(START_PRICES)
    prices = Prices(WallMarketClock(), {"coinbase": source})
    with running_simulator(config, clock=SystemClock(), prices=prices) as simulator:
        yield Rig(simulator, source)


@contextmanager
def official_client(rig: Rig, key: ApiKey, host: str) -> Iterator[RESTClient]:
    logging.getLogger("coinbase.RESTClient").handlers.clear()
    client = RESTClient(api_key=key.key, api_secret=key.secret, base_url=host, timeout=5, rate_limit_headers=True)
    client.session.verify = rig.simulator.ca_file
    client.session.trust_env = False
    yield client
    client.session.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    with running(SimulatorConfig(usd_accounts(), limits=UNLIMITED)) as rig:
        yield rig


@pytest.fixture
def client(rig: Rig) -> Iterator[RESTClient]:
    with official_client(rig, rig.key, rig.host) as client:
        yield client


@pytest.fixture
def exchange(rig: Rig) -> Iterator[ccxt.coinbase]:
    exchange = ccxt.coinbase({"apiKey": rig.key.key, "secret": rig.key.secret, "enableRateLimit": False})
    exchange.urls["api"]["rest"] = rig.simulator.coinbase_url
    exchange.validateServerSsl = rig.simulator.ca_file
    exchange.session.trust_env = False
    yield exchange
    exchange.session.close()


def test_the_official_client_reads_everything_there_is_to_read(client: RESTClient, rig: Rig) -> None:
    portfolio = client.get_api_key_permissions().to_dict()["portfolio_uuid"]
    uuid = client.get_accounts(limit=250).to_dict()["accounts"][0]["uuid"]
    now = int(time.time())
    window = {"start": str(now - 86_400), "end": str(now), "granularity": "ONE_HOUR"}
    answers = {
        "time": client.get_unix_time(),
        "account": client.get_account(uuid),
        "products": client.get_products(product_type="SPOT", product_ids=["BTC-USD", "ETH-USD"]),
        "product": client.get_product("BTC-USD"),
        "best": client.get_best_bid_ask(["BTC-USD", "ETH-USD"]),
        "book": client.get_product_book("BTC-USD", limit=3),
        "ticker": client.get_market_trades("BTC-USD", limit=1),
        "candles": client.get_candles("BTC-USD", **window),
        "public products": client.get_public_products(),
        "public product": client.get_public_product("BTC-USD"),
        "public book": client.get_public_product_book("BTC-USD"),
        "public ticker": client.get_public_market_trades("BTC-USD", limit=1),
        "public candles": client.get_public_candles("BTC-USD", **window),
        "summary": client.get_transaction_summary(),
        "portfolios": client.get_portfolios(),
        "portfolio": client.get_portfolio_breakdown(portfolio),
        "payment methods": client.list_payment_methods(),
        "orders": client.list_orders(order_status=["FILLED", "CANCELLED"], product_ids=["BTC-USD"], limit=10),
        "fills": client.get_fills(product_ids=["BTC-USD"]),
    }
    shown = {name: answer.to_dict() for name, answer in answers.items()}
    assert [row["product_id"] for row in shown["products"]["products"]] == ["BTC-USD", "ETH-USD"]
    assert len(shown["candles"]["candles"]) == len(shown["public candles"]["candles"]) == 24
    assert len(shown["book"]["pricebook"]["bids"]) == 3
    assert shown["summary"]["fee_tier"]["taker_fee_rate"] == "0.006"
    assert shown["account"]["account"]["available_balance"]["value"] == "10000"
    assert rig.violations() == []


def test_the_official_client_trades(client: RESTClient, rig: Rig) -> None:
    bought = client.market_order_buy("buy-1", "BTC-USD", base_size="0.01").to_dict()
    order = client.get_order(bought["success_response"]["order_id"]).to_dict()["order"]
    assert order["status"] == "FILLED"
    assert Decimal(order["filled_value"]) == Decimal("0.01") * Decimal(order["average_filled_price"])
    stop = client.stop_limit_order_gtc_sell(
        "stop-1", "BTC-USD", "0.01", "44000", "45000", "STOP_DIRECTION_STOP_DOWN"
    ).to_dict()["success_response"]["order_id"]
    assert client.edit_order(stop, size="0.01", price="43900").to_dict()["success"]
    assert [row["order_id"] for row in client.list_orders(order_status=["OPEN"]).to_dict()["orders"]] == [stop]
    wallet = next(row for row in client.get_accounts().to_dict()["accounts"] if row["currency"] == "BTC")
    assert (wallet["available_balance"]["value"], wallet["hold"]["value"]) == ("0", "0.01")
    assert client.cancel_orders([stop]).to_dict()["results"][0]["success"]
    preview = client.preview_market_order_sell("BTC-USD", base_size="0.01").to_dict()
    assert preview["errs"] == []
    assert client.market_order_sell("sell-1", "BTC-USD", base_size="0.01").to_dict()["success"]
    refused = client.limit_order_gtc_buy("limit-1", "BTC-USD", base_size="9", limit_price="49000").to_dict()
    assert refused["error_response"]["error"] == "INSUFFICIENT_FUND"
    fills = client.get_fills().to_dict()["fills"]
    assert [fill["side"] for fill in fills] == ["SELL", "BUY"]
    assert rig.violations() == []


def test_the_host_name_is_part_of_the_signed_uri(rig: Rig) -> None:
    port = rig.host.rpartition(":")[2]
    for host in (f"localhost:{port}", f"127.0.0.1:{port}"):
        with official_client(rig, rig.key, host) as client:
            assert client.get_accounts().to_dict()["size"] == 1
            client.session.headers["Host"] = "api.coinbase.com"
            with pytest.raises(requests.HTTPError, match="401"):
                client.get_accounts()


@pytest.mark.parametrize("encoding", ["pem", "base64"])
def test_an_ed25519_key_works_too(encoding: str) -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    secret = pem if encoding == "pem" else _portal_secret(private)
    key = ApiKey(f"organizations/x/apiKeys/{made_up_uuid(random.Random(1))}", secret)
    accounts = [account for account in usd_accounts() if account.exchange == Exchange.COINBASE]
    config = SimulatorConfig((replace(accounts[0], api_key=key),), limits=UNLIMITED)
    with running(config) as rig, official_client(rig, key, rig.host) as client:
        assert client.get_accounts().to_dict()["size"] == 1


def _portal_secret(private: ed25519.Ed25519PrivateKey) -> str:
    """An Ed25519 key as issued by the portal: seed and public key together, in base64."""
    raw = private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return base64.b64encode(raw + private.public_key().public_bytes_raw()).decode()


def test_clients_without_the_authority_refuse_the_certificate(rig: Rig) -> None:
    url = f"{rig.simulator.coinbase_url}/api/v3/brokerage/time"
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            session.get(url, timeout=5)
        session.verify = rig.simulator.ca_bundle
        assert session.get(url, timeout=5).ok


def test_faults_on_the_wire_strike_this_face_too(client: RESTClient, rig: Rig) -> None:
    rig.fault(FaultKind.DROP_AFTER, endpoint="POST /orders", account="coinbase:master", count=1)
    with pytest.raises(requests.ConnectionError):
        client.market_order_buy("lost", "BTC-USD", base_size="0.01")
    again = client.market_order_buy("lost", "BTC-USD", base_size="0.01").to_dict()
    assert again["success"]
    assert len(client.get_fills().to_dict()["fills"]) == 1
    rig.fault(FaultKind.ERROR_BEFORE, exchange="coinbase", endpoint="GET /accounts", count=1)
    with pytest.raises(requests.HTTPError, match="502"):
        client.get_accounts()
    rig.fault(FaultKind.TRUNCATE, endpoint="GET /accounts", count=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.get_accounts()
    assert client.get_accounts().to_dict()["size"] == 2


def test_ccxt_loads_markets_and_reads(exchange: ccxt.coinbase, rig: Rig) -> None:
    markets = exchange.load_markets()
    assert {"BTC/USD", "ETH/USD", "SOL/USD", "ADA/USD"} == set(markets)
    assert markets["BTC/USD"]["precision"] == {"amount": 1e-8, "price": 0.01} | _rest(markets["BTC/USD"]["precision"])
    assert markets["BTC/USD"]["taker"] == 0.006
    assert markets["BTC/USD"]["limits"]["cost"]["min"] == 1
    assert exchange.fetch_balance()["USD"]["total"] == 10_000
    assert exchange.fetch_balance({"v3": True})["USD"] == {"free": 10_000.0, "used": 0.0, "total": 10_000.0}
    ticker = exchange.fetch_ticker("BTC/USD")
    assert ticker["bid"] < ticker["last"] < ticker["ask"]
    assert set(exchange.fetch_tickers(["BTC/USD", "ETH/USD"])) == {"BTC/USD", "ETH/USD"}
    assert len(exchange.fetch_ohlcv("BTC/USD", "1h", limit=20)) == 20
    assert exchange.fetch_order_book("BTC/USD")["bids"]
    assert exchange.fetch_trades("BTC/USD")
    assert abs(exchange.fetch_time() - time.time() * 1000) < 5_000
    assert exchange.fetch_portfolios()
    assert rig.violations() == []


def test_ccxt_can_trade(exchange: ccxt.coinbase, rig: Rig) -> None:
    bought = exchange.create_order("BTC/USD", "market", "buy", 0.01, 50_100)
    order = exchange.fetch_order(bought["id"])
    assert (order["status"], order["side"]) == ("closed", "buy")
    limit = exchange.create_order("BTC/USD", "limit", "sell", 0.002, 60_000)
    stop = exchange.create_order("BTC/USD", "limit", "sell", 0.002, 40_000, {"stopLossPrice": 41_000})
    assert {row["id"] for row in exchange.fetch_open_orders("BTC/USD")} == {limit["id"], stop["id"]}
    assert exchange.fetch_balance({"v3": True})["BTC"]["used"] == 0.004
    edited = exchange.edit_order(limit["id"], "BTC/USD", "limit", "sell", 0.003, 61_000)
    assert edited["info"]["success"]
    exchange.cancel_order(limit["id"])
    exchange.cancel_orders([stop["id"]])
    assert exchange.fetch_open_orders("BTC/USD") == []
    assert {row["id"] for row in exchange.fetch_canceled_orders("BTC/USD")} == {limit["id"], stop["id"]}
    assert [row["id"] for row in exchange.fetch_closed_orders("BTC/USD")] == [bought["id"]]
    trades = exchange.fetch_my_trades("BTC/USD")
    assert sum(Decimal(str(trade["amount"])) for trade in trades) == Decimal(str(order["filled"]))
    with pytest.raises(ccxt.InsufficientFunds):
        exchange.create_order("BTC/USD", "limit", "sell", 5, 60_000)
    with pytest.raises(ccxt.ExchangeError, match="was not found"):
        exchange.fetch_order("00000000-0000-4000-8000-000000000000")
    assert rig.violations() == []


def _rest(precision: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in precision.items() if name not in ("amount", "price")}
