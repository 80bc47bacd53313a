"""Kraken's public endpoints."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokers.simulator.engine.market_data import CandleRow
from brokers.simulator.faults import FaultKind
from tests.simulator_desk import Desk, make_desk


@pytest.fixture
def desk() -> Desk:
    return make_desk()


def result(desk: Desk, method: str, **data: str) -> dict[str, object]:
    answer = desk.public(method, **data)
    assert answer["error"] == [], answer
    found: dict[str, object] = answer["result"]
    return found


def row(time: int, close: str, volume: str = "2") -> CandleRow:
    price = Decimal(close)
    return CandleRow(time, price, price, price, price, price, Decimal(volume), 3)


def test_the_time_is_the_wall_clocks_and_a_fault_can_shift_it(desk: Desk) -> None:
    assert result(desk, "Time") == {"unixtime": 1_700_000_000, "rfc1123": "Tue, 14 Nov 23 22:13:20 +0000"}
    desk.fault(FaultKind.CLOCK_OFFSET, seconds=-7.0)
    assert result(desk, "Time")["unixtime"] == 1_699_999_993


def test_pairs_are_keyed_by_id_with_the_documented_steps(desk: Desk) -> None:
    [(pair_id, pair)] = desk.public("AssetPairs", pair="XBTUSD")["result"].items()
    assert pair_id == "XXBTZUSD"
    expected = {
        "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "pair_decimals": 1,
        "lot_decimals": 8, "cost_decimals": 5, "ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1",
        "status": "online",
    }  # fmt: skip
    assert pair.items() >= expected.items()
    assert (pair["fees"][0], pair["fees_maker"][0]) == ([0, 0.4], [0, 0.25])


def test_only_markets_with_prices_are_listed(desk: Desk) -> None:
    assert set(result(desk, "AssetPairs")) == {"XXBTZUSD", "XETHZUSD", "SOLUSD", "ADAUSD"}
    assert desk.public("Ticker", pair="LTCUSD") == {"error": ["EQuery:Unknown asset pair"]}


def test_assets_keep_their_legacy_names(desk: Desk) -> None:
    assets = desk.public("Assets", asset="XBT,ZUSD,SOL")["result"]
    assert {name: asset["altname"] for name, asset in assets.items()} == {"XXBT": "XBT", "ZUSD": "USD", "SOL": "SOL"}
    assert desk.public("Assets", asset="GOLD") == {"error": ["EQuery:Unknown asset"]}


def test_the_ticker_is_the_book_orders_trade_against(desk: Desk) -> None:
    ticker = desk.public("Ticker", pair="XXBTZUSD")["result"]["XXBTZUSD"]
    assert (ticker["b"][0], ticker["a"][0], ticker["c"][0]) == ("49997.50000", "50002.50000", "50000.00000")
    depth = desk.public("Depth", pair="XBTUSD", count="3")["result"]["XXBTZUSD"]
    asks, bids = ([Decimal(level[0]) for level in depth[side]] for side in ("asks", "bids"))
    assert asks == sorted(asks)
    assert bids == sorted(bids, reverse=True)
    assert (str(asks[0]), len(asks)) == ("50002.50000", 3)


def test_without_a_pair_the_ticker_has_all_of_them(desk: Desk) -> None:
    assert len(result(desk, "Ticker")) == 4


def test_the_last_row_is_the_running_candle_and_last_the_newest_committed_one(desk: Desk) -> None:
    desk.prices.set_candles("BTC/USD", 3600, [row(3600, "1"), row(7200, "2.5"), row(10800, "3", volume="0")])
    answer = desk.public("OHLC", pair="XBTUSD", interval="60")["result"]
    assert answer["last"] == 7200
    assert [line[0] for line in answer["XXBTZUSD"]] == [3600, 7200, 10800]
    assert answer["XXBTZUSD"][1] == [7200, "2.5", "2.5", "2.5", "2.5", "2.5", "2.00000000", 3]
    assert answer["XXBTZUSD"][2][5:] == ["0.0", "0.00000000", 3]


def test_the_running_candle_is_there_whatever_since_says(desk: Desk) -> None:
    desk.prices.set_candles("BTC/USD", 3600, [row(0, "1"), row(3600, "2"), row(7200, "3")])
    for since, times in (("0", [3600, 7200]), ("3600", [7200]), ("99999999999", [7200])):
        lines = desk.public("OHLC", pair="XBTUSD", interval="60", since=since)["result"]["XXBTZUSD"]
        assert [line[0] for line in lines] == times


def test_a_candle_of_real_prices_keeps_all_its_decimals(desk: Desk) -> None:
    desk.prices.set_candles("BTC/USD", 86400, [row(86400, "123.45678"), row(172800, "2")])
    lines = desk.public("OHLC", pair="XBTUSD", interval="1440")["result"]["XXBTZUSD"]
    assert lines[0][1] == "123.45678"


def test_no_more_than_720_rows_are_shown(desk: Desk) -> None:
    assert len(desk.public("OHLC", pair="XBTUSD")["result"]["XXBTZUSD"]) == 720


def test_only_nine_intervals_exist(desk: Desk) -> None:
    assert desk.public("OHLC", pair="XBTUSD", interval="7") == {"error": ["EGeneral:Invalid arguments:interval"]}


def test_unknown_parameters_are_refused_except_those_that_clients_add(desk: Desk) -> None:
    assert desk.public("OHLC", pair="XBTUSD", ascending="True")["error"] == []
    assert desk.public("OHLC", pair="XBTUSD", surprise="1") == {"error": ["EGeneral:Invalid arguments:surprise"]}


def test_recent_trades_are_the_ticks_and_last_is_a_text_of_nanoseconds(desk: Desk) -> None:
    desk.advance(1)
    desk.price("BTC/USD", "50100")
    answer = desk.public("Trades", pair="XBTUSD")["result"]
    assert [trade[0] for trade in answer["XXBTZUSD"]] == ["50000.00000", "50100.00000"]
    assert answer["last"] == "1700000001000000000"
    later = desk.public("Trades", pair="XBTUSD", since="1700000000000000000")["result"]
    assert len(later["XXBTZUSD"]) == 1


def test_the_spread_is_the_books(desk: Desk) -> None:
    answer = desk.public("Spread", pair="XBTUSD")["result"]
    assert answer["XXBTZUSD"] == [[1_700_000_000, "49997.50000", "50002.50000"]]
