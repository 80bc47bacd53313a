"""Candles and tickers over a real socket, against a market with a generated history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from brokers.coinbase.candles import GRANULARITY
from brokers.errors import Unavailable
from brokers.model import Timeframe
from tests.brokers.coinbase.scripted_exchange import Asked, Reply, ScriptedExchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.coinbase.market_data import CoinbaseMarketData
    from tests.fakes import ManualClock

CANDLES = "/market/products/BTC-USD/candles"
TICKER = "/market/products/BTC-USD/ticker"
DAY = 86_400
SECONDS = {GRANULARITY[timeframe]: timeframe.seconds for timeframe in Timeframe}
IN_2018 = 17_600 * DAY


@dataclass
class History:
    """Trades between two times, except in the buckets of `quiet`. As strict as the exchange."""

    first: int
    last: Callable[[], float]
    quiet: set[int] = field(default_factory=set)

    def answer(self, asked: Asked) -> Reply:
        start, end = int(asked.query["start"][0]), int(asked.query["end"][0])
        span = SECONDS[asked.query["granularity"][0]]
        labels = range(start - start % span, end + 1, span)
        if len(labels) > 350:
            return Reply(
                {"error": "INVALID_ARGUMENT", "message": "number of candles requested should be less than 350"}, 400
            )
        traded = [at for at in labels if at + span > self.first and at <= self.last() and at not in self.quiet]
        return Reply({"candles": [self._row(at) for at in reversed(traded)]})

    @staticmethod
    def _row(at: int) -> dict[str, str]:
        return {"start": str(at), "open": "2", "high": "4", "low": "1", "close": "3", "volume": "0.5"}


@pytest.fixture(autouse=True)
def _time(scripted: ScriptedExchange, clock: ManualClock) -> None:
    scripted.on("/time", lambda _: Reply({"epochMillis": str(int(clock.wall * 1000))}))


def _live(scripted: ScriptedExchange, clock: ManualClock, *, quiet: set[int] | None = None) -> None:
    scripted.on(CANDLES, History(0, clock.time, quiet or set()).answer)


def _replay(scripted: ScriptedExchange, clock: ManualClock, *, speed: int) -> Callable[[], float]:
    """A market of 2018 that runs `speed` times faster than the clock, with 1,000 days of history."""
    began = clock.time()

    def market_time() -> float:
        return IN_2018 + (clock.time() - began) * speed

    scripted.on(CANDLES, History(IN_2018 - 1_000 * DAY, lambda: market_time() - DAY).answer)
    return market_time


@pytest.mark.parametrize("timeframe", Timeframe)
def test_candles_are_closed_sorted_and_as_many_as_two_windows_hold(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock, timeframe: Timeframe
) -> None:
    _live(scripted, clock)

    candles = market_data.candles("BTC/USD", timeframe)

    running = clock.time() - clock.time() % timeframe.seconds
    assert candles.time[-1] == running - timeframe.seconds
    assert len(candles) >= 698
    assert (candles.open[0], candles.high[0], candles.low[0], candles.close[0], candles.volume[0]) == (2, 4, 1, 3, 0.5)


def test_a_candle_closes_by_the_exchanges_clock_and_not_by_ours(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    clock.wall = 20_000 * DAY + 5.0
    scripted.on("/time", lambda _: Reply({"epochMillis": str(int((clock.wall - 10) * 1000))}))
    _live(scripted, clock)

    candles = market_data.candles("BTC/USD", Timeframe.D1)

    assert candles.time[-1] == 19_998 * DAY


def test_the_last_known_candle_is_returned_again_with_later_ones_only(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    _live(scripted, clock)
    known = int(market_data.candles("BTC/USD", Timeframe.H1).time[-1])
    asked_before = len(scripted.asked_for(CANDLES))

    assert list(market_data.candles("BTC/USD", Timeframe.H1, known).time) == [known]
    clock.advance(3_600)
    assert list(market_data.candles("BTC/USD", Timeframe.H1, known).time) == [known, known + 3_600]
    assert len(scripted.asked_for(CANDLES)) == asked_before + 2


def test_empty_buckets_stay_absent(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    running = int(clock.time() - clock.time() % 60)
    _live(scripted, clock, quiet={running - 120, running - 180})

    candles = market_data.candles("BTC/USD", Timeframe.M1, running - 300)

    assert list(candles.time - running) == [-300, -240, -60]


def test_after_a_long_outage_the_newest_candles_come_first(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    _live(scripted, clock)
    running = int(clock.time() - clock.time() % 60)

    candles = market_data.candles("BTC/USD", Timeframe.M1, running - 30 * DAY)

    assert candles.time[-1] == running - 60
    assert len(candles) <= 700


@pytest.mark.parametrize("timeframe", Timeframe)
def test_a_market_whose_candles_ended_years_ago_is_found(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock, timeframe: Timeframe
) -> None:
    market_time = _replay(scripted, clock, speed=1)

    candles = market_data.candles("BTC/USD", timeframe)

    newest = market_time() - DAY
    assert newest - timeframe.seconds < candles.time[-1] <= newest
    assert len(candles) >= 350


def test_a_replay_is_followed_from_the_last_known_candle(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    market_time = _replay(scripted, clock, speed=DAY)
    known = int(market_data.candles("BTC/USD", Timeframe.D1).time[-1])

    told = []
    for _ in range(400):
        clock.advance(1.0)
        new = market_data.candles("BTC/USD", Timeframe.D1, known)
        told += list(new.time[new.time > known])
        known = int(new.time[-1]) if len(new) else known

    newest = market_time() - DAY
    assert told == list(range(told[0], told[-1] + 1, DAY))
    assert newest - 2 * DAY < told[-1] <= newest


def test_following_a_replay_costs_one_question(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    _replay(scripted, clock, speed=1)
    known = int(market_data.candles("BTC/USD", Timeframe.D1).time[-1])
    asked_before = len(scripted.asked_for(CANDLES))

    market_data.candles("BTC/USD", Timeframe.D1, known)

    assert len(scripted.asked_for(CANDLES)) == asked_before + 1


def test_a_market_that_slept_and_trades_again_is_live_again(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    slept_from = clock.time() - 30 * DAY
    scripted.on(CANDLES, History(0, lambda: slept_from).answer)
    known = int(market_data.candles("BTC/USD", Timeframe.M1).time[-1])
    assert known == slept_from - slept_from % 60

    _live(scripted, clock)
    clock.advance(61.0)
    candles = market_data.candles("BTC/USD", Timeframe.M1, known)

    assert candles.time[-1] > clock.time() - 120


def test_a_market_without_any_history_has_no_candles(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange
) -> None:
    scripted.on(CANDLES, Reply({"candles": []}))

    assert len(market_data.candles("BTC/USD", Timeframe.H1)) == 0
    assert len(scripted.asked_for(CANDLES)) < 30


def test_tickers_need_no_key_and_leave_out_markets_without_a_price(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    trades = [{"price": "68923.60", "size": "1"}]
    scripted.on(TICKER, Reply({"trades": trades, "best_bid": "68923.66", "best_ask": "68923.68"}))
    scripted.on("/market/products/ETH-USD/ticker", Reply({"trades": [], "best_bid": "", "best_ask": ""}))

    tickers = market_data.tickers(["BTC/USD", "ETH/USD", "NOT/USD"])

    assert list(tickers) == ["BTC/USD"]
    ticker = tickers["BTC/USD"]
    assert (str(ticker.bid), str(ticker.ask), str(ticker.last)) == ("68923.66", "68923.68", "68923.60")
    assert ticker.time.timestamp() == clock.time()
    assert {asked.token for asked in scripted.asked} == {""}


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"error": "NOT_FOUND", "message": "valid product_id is required"}, 404),
        Reply({"error": "PERMISSION_DENIED", "message": "not available in your region"}, 403),
        Reply({"error": "INVALID_ARGUMENT", "message": "delisted"}, 400),
        Reply({"best_bid": "much", "best_ask": "2", "trades": []}),
        Reply({"best_bid": "1", "best_ask": "2"}),
        Reply({"error": "INTERNAL"}, 500),
    ],
)
def test_one_market_without_an_answer_takes_no_other_price_away(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, reply: Reply
) -> None:
    scripted.on("/market/products/BAD-USD/ticker", reply)
    scripted.on(TICKER, Reply({"trades": [None], "best_bid": "1", "best_ask": "3"}))

    tickers = market_data.tickers(["BAD/USD", "BTC/USD"])

    assert {market: ticker.last for market, ticker in tickers.items()} == {"BTC/USD": 2}


def test_if_no_market_answers_the_rest_are_not_requested(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange
) -> None:
    markets = [f"M{number}/USD" for number in range(9)]
    for market in markets:
        scripted.on(f"/market/products/{market.replace('/', '-')}/ticker", Reply({"error": "INTERNAL"}, 500))

    with pytest.raises(Unavailable):
        market_data.tickers(markets)

    assert len({asked.path for asked in scripted.asked}) == 2


def test_markets_that_fail_keep_no_other_from_its_price_for_long(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange
) -> None:
    for name in ("A", "B"):
        scripted.on(f"/market/products/{name}-USD/ticker", Reply({"error": "INTERNAL"}, 500))
    scripted.on(TICKER, Reply({"trades": [], "best_bid": "1", "best_ask": "3"}))
    markets = ["A/USD", "B/USD", "BTC/USD"]

    with pytest.raises(Unavailable):
        market_data.tickers(markets)

    assert list(market_data.tickers(markets)) == ["BTC/USD"]


@pytest.mark.parametrize(("passed", "told"), [(0.0, False), (2.5, False), (3.0, True)])
def test_a_candle_is_returned_only_once_it_is_final(
    market_data: CoinbaseMarketData,
    scripted: ScriptedExchange,
    clock: ManualClock,
    passed: float,
    told: bool,  # noqa: FBT001 - the expected outcome
) -> None:
    end = int(clock.time() // 60 + 1) * 60
    clock.advance(end + passed - clock.time())
    _live(scripted, clock)

    candles = market_data.candles("BTC/USD", Timeframe.M1)

    assert (int(candles.time[-1]) == end - 60) is told


def test_the_last_candle_can_be_requested_again(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    _live(scripted, clock)
    last = int(market_data.candles("BTC/USD", Timeframe.M1).time[-1])
    clock.advance(60)

    assert list(market_data.candles("BTC/USD", Timeframe.M1, last - 1).time) == [last, last + 60]


def test_candles_go_on_while_the_time_cannot_be_asked(
    market_data: CoinbaseMarketData, scripted: ScriptedExchange, clock: ManualClock
) -> None:
    _live(scripted, clock)
    known = int(market_data.candles("BTC/USD", Timeframe.M1).time[-1])
    scripted.on("/time", Reply({"error": "INTERNAL"}, 500))
    clock.advance(600)

    assert len(market_data.candles("BTC/USD", Timeframe.M1, known)) > 0
    clock.wall += 3_600
    with pytest.raises(Unavailable):
        market_data.candles("BTC/USD", Timeframe.M1, known)
