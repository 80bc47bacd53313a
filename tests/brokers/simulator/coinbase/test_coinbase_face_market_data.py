from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.simulator.engine.market_data import CandleRow
from brokers.simulator.faults import FaultKind
from tests.brokers.simulator.coinbase.coinbase_desk import V3, Desk, make_desk

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR, DAY = 3_600, 86_400
NOW = 1_700_000_000
PRODUCTS = {
    "BTC": "0.01",
    "ETH": "0.01",
    "SOL": "0.01",
    "ADA": "0.0001",
    "XRP": "0.0001",
    "LTC": "0.01",
    "DOT": "0.001",
}


@dataclass(frozen=True, slots=True)
class FastClock:
    """A faster market in the past."""

    def market_time(self, wall: float) -> float:
        return 1_600_000_000 + (wall - NOW) * 3_600


def rows(times: Iterable[int], count: int = 5) -> list[CandleRow]:
    prices = (Decimal("10.50"), Decimal("12.00"), Decimal("9.10"), Decimal("11.00"), Decimal(11))
    return [CandleRow(time, *prices, Decimal("3.2500"), count) for time in times]


def candles(desk: Desk, start: int, end: int, granularity: str = "ONE_HOUR", **more: str) -> Any:  # noqa: ANN401  JSON
    return desk.get("/products/BTC-USD/candles", start=start, end=end, granularity=granularity, **more)


def labels(desk: Desk, start: int, end: int) -> list[int]:
    return [int(row["start"]) for row in candles(desk, start, end).json["candles"]]


def test_candles_come_newest_first_as_strings_without_empty_buckets(desk: Desk) -> None:
    now = NOW // HOUR * HOUR
    desk.prices.set_candles("BTC/USD", HOUR, rows([now - 3 * HOUR, now - HOUR, now]))
    answer = candles(desk, now - 5 * HOUR, now).json["candles"]
    assert [int(row["start"]) for row in answer] == [now, now - HOUR, now - 3 * HOUR]
    expected = {"low": "9.1", "high": "12", "open": "10.5", "close": "11", "volume": "3.25"}
    assert answer[0] == {"start": str(now), **expected}


def test_start_and_end_say_which_buckets(desk: Desk) -> None:
    now = NOW // HOUR * HOUR
    desk.prices.set_candles("BTC/USD", HOUR, rows(range(now - 9 * HOUR, now + 1, HOUR)))
    assert labels(desk, now - 3 * HOUR, now - HOUR) == [now - HOUR, now - 2 * HOUR, now - 3 * HOUR]
    assert labels(desk, now - 3 * HOUR + 1, now - HOUR - 1) == [now - 2 * HOUR]
    assert labels(desk, 0, HOUR) == []
    assert len(candles(desk, now - 9 * HOUR, now, limit="4").json["candles"]) == 4


@pytest.mark.parametrize(
    ("start", "end", "granularity"),
    [
        (NOW - 351 * HOUR, NOW, "ONE_HOUR"),
        (NOW - 351 * DAY, NOW, "ONE_DAY"),
        (NOW, NOW - HOUR, "ONE_HOUR"),
        (NOW - HOUR, NOW, "1h"),
        (NOW - HOUR, NOW, ""),
        ("", NOW, "ONE_HOUR"),
        (NOW - HOUR, "", "ONE_HOUR"),
        ("2023-11-14T22:00:00Z", NOW, "ONE_HOUR"),
    ],
)
def test_too_many_buckets_or_none_are_an_invalid_argument(desk: Desk, start: Any, end: Any, granularity: str) -> None:  # noqa: ANN401  right and wrong values
    assert candles(desk, start, end, granularity).status == 400


def test_three_hundred_and_fifty_buckets_are_the_most(desk: Desk) -> None:
    assert len(candles(desk, NOW - 350 * DAY, NOW, "ONE_DAY").json["candles"]) == 350


def test_the_running_candle_is_shown_while_market_time_is_the_wall_clock(desk: Desk) -> None:
    now = NOW // HOUR * HOUR
    assert labels(desk, now - 2 * HOUR, now + HOUR) == [now, now - HOUR, now - 2 * HOUR]


def test_a_running_candle_without_a_trade_is_not_shown(desk: Desk) -> None:
    now = NOW // HOUR * HOUR
    desk.prices.set_candles("BTC/USD", HOUR, [*rows([now - HOUR]), *rows([now], count=0)])
    assert labels(desk, now - 2 * HOUR, now) == [now - HOUR]


def test_where_market_time_runs_behind_no_running_candle_is_ever_shown() -> None:
    desk = make_desk(market_clock=FastClock())
    for _ in range(5):
        desk.advance(0.7)
        market = FastClock().market_time(desk.clock.time())
        shown = labels(desk, int(market) - 10 * HOUR, int(market) + 10 * HOUR)
        assert shown
        assert max(shown) + HOUR <= market


def test_every_product_with_a_price_is_offered_with_its_increments() -> None:
    desk = make_desk(prices={f"{base}/USD": "10" for base in (*PRODUCTS, "DOGE")})
    products = {row["product_id"]: row for row in desk.get("/products").json["products"]}
    assert set(products) == {f"{base}-USD" for base in PRODUCTS}
    for base, tick in PRODUCTS.items():
        row = products[f"{base}-USD"]
        assert (row["price_increment"], row["quote_min_size"], row["status"]) == (tick, "1", "online")
        assert (row["base_currency_id"], row["quote_currency_id"], row["product_type"]) == (base, "USD", "SPOT")
        assert not any(row[flag] for flag in ("is_disabled", "trading_disabled", "cancel_only", "view_only"))
    assert [row["product_id"] for row in desk.get("/products", limit=2, offset=1).json["products"]] == [
        "ETH-USD",
        "SOL-USD",
    ]
    assert desk.get("/products", product_type="FUTURE").json["products"] == []
    missing = desk.get("/products/DOGE-USD")
    assert (missing.status, missing.json["error"]) == (404, "NOT_FOUND")


def test_the_book_has_three_endpoints(desk: Desk) -> None:
    (best,) = desk.get("/best_bid_ask", product_ids="BTC-USD").json["pricebooks"]
    book = desk.get("/product_book", product_id="BTC-USD", limit=5).json
    assert (len(best["bids"]), len(book["pricebook"]["asks"])) == (1, 5)
    assert best["bids"][0] == book["pricebook"]["bids"][0]
    assert (book["last"], book["mid_market"], book["spread_absolute"]) == ("50000", "50000", "5")
    ticker = desk.get("/products/BTC-USD/ticker", limit=1).json
    assert (ticker["best_bid"], ticker["best_ask"]) == ("49997.50", "50002.50")
    (trade,) = ticker["trades"]
    assert (trade["price"], trade["bid"], trade["ask"]) == ("50000", "", "")
    assert desk.get("/product_book", product_id="DOGE-USD").status == 404


def test_anyone_may_read_the_public_twins(desk: Desk) -> None:
    window = {"start": NOW - DAY, "end": NOW, "granularity": "ONE_HOUR"}
    pairs: list[tuple[str, dict[str, Any]]] = [
        ("/products", {}),
        ("/products/BTC-USD", {}),
        ("/products/BTC-USD/candles", window),
        ("/products/BTC-USD/ticker", {"limit": 1}),
        ("/product_book", {"product_id": "BTC-USD"}),
    ]
    for path, params in pairs:
        public = desk.public(f"{V3}/market{path}", **params)
        assert public.status == 200
        assert public.json == desk.get(path, **params).json
    assert desk.public(f"{V3}/market/best_bid_ask").status == 404


def test_the_time_is_the_exchanges_own(desk: Desk) -> None:
    assert desk.public(f"{V3}/time").json == {
        "iso": "2023-11-14T22:13:20Z",
        "epochSeconds": "1700000000",
        "epochMillis": "1700000000000",
    }
    desk.fault(FaultKind.CLOCK_OFFSET, exchange="coinbase", endpoint="GET /time", seconds=-7.5)
    assert desk.public(f"{V3}/time").json["epochMillis"] == "1699999992500"
