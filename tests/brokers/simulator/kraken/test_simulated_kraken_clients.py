"""Third-party clients work against it over a real socket."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import ccxt
import pytest
from pykrakenapi import KrakenAPI

from brokers.simulator.config import TRADING_PERMISSIONS, SimulatorConfig
from tests.simulator_fixtures import UNLIMITED, Rig, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  pykrakenapi counts in naive times
RIGHTS = TRADING_PERMISSIONS | {"query-ledger", "create-ws-token"}


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    with manual_rig(SimulatorConfig(usd_accounts(permissions=RIGHTS), limits=UNLIMITED)) as running:
        yield running


@pytest.fixture
def exchange(rig: Rig) -> Iterator[ccxt.Exchange]:
    key = rig.simulated("kraken:tania_gilbert").api_key
    client = ccxt.kraken({"apiKey": key.key, "secret": key.secret, "enableRateLimit": False})
    client.urls["api"] = dict.fromkeys(("public", "private"), rig.simulator.kraken_url)
    client.nonce = lambda: next(rig.nonces)
    yield client
    client.session.close()


@pytest.fixture
def frames(rig: Rig) -> Iterator[KrakenAPI]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pykrakenapi's own, of pandas
        yield KrakenAPI(rig.kraken_api("daivon_frazier"), retry=0, crl_sleep=0)


def test_krakenex_can_trade(rig: Rig) -> None:
    api = rig.kraken_api()
    order = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
    [txid] = api.query_private("AddOrder", order)["result"]["txid"]
    closed = api.query_private("ClosedOrders", {"trades": "true"})["result"]["closed"]
    assert closed[txid]["vol_exec"] == "0.01000000"
    assert api.query_public("Time")["error"] == []
    assert len(rig.account("kraken:master").fills) == 1


def test_ccxt_reads_markets_and_prices(exchange: ccxt.Exchange) -> None:
    markets = exchange.load_markets()
    assert markets["BTC/USD"]["limits"]["amount"]["min"] == 0.00005
    assert exchange.fetch_ticker("BTC/USD")["ask"] == 50002.5
    assert len(exchange.fetch_ohlcv("BTC/USD", "1d")) == 720
    assert exchange.fetch_order_book("ETH/USD", 5)["asks"][0][0] > 3000
    assert exchange.fetch_trades("BTC/USD")
    assert exchange.fetch_time() > 1_600_000_000_000


def test_ccxt_trades_amends_cancels_and_reads_back(exchange: ccxt.Exchange) -> None:
    exchange.load_markets()
    bought = exchange.create_order("BTC/USD", "market", "buy", 0.01)
    assert exchange.fetch_order(bought["id"], "BTC/USD")["status"] == "closed"
    stop = exchange.create_order("BTC/USD", "market", "sell", 0.01, None, {"stopLossPrice": 45000})
    assert [order["id"] for order in exchange.fetch_open_orders("BTC/USD")] == [stop["id"]]
    exchange.edit_order(stop["id"], "BTC/USD", "market", "sell", 0.005)
    exchange.cancel_order(stop["id"])
    limit = exchange.create_order("BTC/USD", "limit", "buy", 0.01, 40000, {"clientOrderId": "abc123"})
    exchange.cancel_orders([limit["id"]])
    assert {order["id"] for order in exchange.fetch_closed_orders("BTC/USD")} >= {bought["id"]}
    assert exchange.fetch_my_trades("BTC/USD")[-1]["order"] == bought["id"]
    assert exchange.fetch_balance()["BTC"]["total"] == 0.01
    assert exchange.fetch_trading_fee("BTC/USD")["taker"] == 0.004
    assert exchange.fetch_ledger("USD")


def test_ccxt_sees_the_exchanges_errors_as_its_own(exchange: ccxt.Exchange) -> None:
    exchange.load_markets()
    with pytest.raises(ccxt.InsufficientFunds):
        exchange.create_order("BTC/USD", "limit", "buy", 100, 40000)
    exchange.apiKey = "k" * 56
    with pytest.raises(ccxt.AuthenticationError):
        exchange.fetch_balance()


def test_ccxt_places_a_batch(exchange: ccxt.Exchange) -> None:
    exchange.load_markets()
    row = {"symbol": "BTC/USD", "type": "limit", "side": "buy", "amount": 0.01, "price": 40000}
    placed = exchange.create_orders([row, row | {"price": 41000}])
    assert len({order["id"] for order in placed}) == 2
    exchange.cancel_all_orders()
    assert exchange.fetch_open_orders() == []


def test_pykrakenapi_reads_public_data(frames: KrakenAPI) -> None:
    frames.time_of_last_public_query = LONG_AGO
    candles, last = frames.get_ohlc_data("XXBTZUSD", interval=1440, ascending=True)
    assert (len(candles), int(candles.index[-2].timestamp())) == (720, last)
    for ask in (
        lambda: frames.get_ticker_information("XXBTZUSD,XETHZUSD"),
        lambda: frames.get_tradable_asset_pairs(pair="XXBTZUSD"),
        frames.get_asset_info,
        frames.get_server_time,
        lambda: frames.get_order_book("XXBTZUSD", count=5),
        lambda: frames.get_recent_trades("XXBTZUSD"),
        lambda: frames.get_recent_spread_data("XXBTZUSD"),
    ):
        frames.time_of_last_public_query = LONG_AGO
        assert ask() is not None


def test_pykrakenapi_trades_and_reads_its_own(frames: KrakenAPI) -> None:
    order = frames.add_standard_order(
        pair="XXBTZUSD", type="buy", ordertype="limit", volume="0.01", price="40000", validate=False
    )
    [txid] = order["txid"]
    assert list(frames.get_open_orders().index) == [txid]
    assert frames.query_orders_info(txid).loc[txid, "vol"] == 0.01
    frames.cancel_open_order(txid)
    frames.add_standard_order(pair="XXBTZUSD", type="buy", ordertype="market", volume="0.01", validate=False)
    closed, count = frames.get_closed_orders()
    assert (len(closed), count) == (2, 2)
    assert frames.get_account_balance().loc["XXBT", "vol"] == 0.01
    trades, _ = frames.get_trades_history()
    assert len(trades) == 1
    assert frames.get_trade_balance(asset="ZUSD").loc["eb", "ZUSD"] > 0
    assert frames.get_trade_volume(pair="XXBTZUSD") is not None
    assert frames.get_ledgers_info() is not None


def test_pykrakenapis_dry_run_has_no_txid(frames: KrakenAPI) -> None:
    answer = frames.add_standard_order(pair="XXBTZUSD", type="buy", ordertype="market", volume="0.01")
    assert "txid" not in answer


def test_a_key_for_another_purpose_is_told_so_over_the_wire(rig: Rig) -> None:
    account = replace(rig.simulated("kraken:master"), owner="nobody")
    api = rig.kraken_api(key=replace(account.api_key, key="k" * 56))
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    assert api.query_private("Balance") == {"error": ["EAPI:Invalid key"]}
