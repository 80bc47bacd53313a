"""Each market fails on its own, without affecting another's prices, candles or signals."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers.errors import BadAnswer, BrokerError, RateLimited, RequestRefused, Unavailable
from brokers.kraken.market_data import KrakenMarketData
from brokers.kraken.symbols import Symbols
from brokers.model import Candles, Exchange, Ticker, Timeframe
from nija.feed import Feed
from nija.log.event_log import EventLog
from nija.market_data.snapshot import Subscription
from nija.strategy.trend import Trend
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.orders.exchange_model import BTC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brokers.kraken.public import KrakenPublic
    from brokers.model import Market

DAY = 86_400
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MARKETS = ("ADA/USD", "BTC/USD", "ETH/USD", "MATIC/USD")


class FaultyExchange:
    """An exchange on which chosen markets fail in chosen ways, and the common call fails with any of them."""

    exchange = Exchange.KRAKEN

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.price_faults: dict[str, Exception] = {}
        self.candle_faults: dict[str, Exception] = {}
        self.left_out: set[str] = set()
        self.seconds = 0.0
        self.asked: Counter[str] = Counter()

    def server_time(self) -> datetime:
        return NOW

    def markets(self) -> Mapping[str, Market]:
        return {}

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        self.asked["candles"] += 1
        if market in self.candle_faults:
            self.clock.advance(self.seconds)
            raise self.candle_faults[market]
        time = np.arange(30, dtype=np.int64) * DAY
        time = time[time >= (since or 0)]
        price = 100.0 + time / DAY
        return Candles(market, timeframe, time, price, price + 1, price - 1, price.copy(), np.ones(len(time)))

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        self.asked["tickers"] += 1
        for market in markets:
            if market in self.price_faults:
                raise self.price_faults[market]
        one = Decimal(1)
        return {market: Ticker(market, one, one, one, NOW) for market in markets if market not in self.left_out}

    def close(self) -> None:
        pass


class Watched:
    """A feed that follows `MARKETS`, and its log."""

    def __init__(self) -> None:
        self.clock = ManualClock(30 * DAY)
        self.log = CapturedLog()
        self.exchange = FaultyExchange(self.clock)
        self.feed = Feed(self.exchange, self.clock, 30.0, EventLog(self.log.logger))
        self.feed.follow([subscription(market) for market in MARKETS])

    def poll(self, count: int = 1) -> Counter[str]:
        """The requests of the polls."""
        before = self.exchange.asked.copy()
        for _ in range(count):
            self.feed.poll()
            self.clock.advance(30.0)
        return self.exchange.asked - before

    def priced(self) -> set[str]:
        return set(self.feed.snapshot.prices(self.clock.monotonic()))


def subscription(market: str) -> Subscription:
    return Subscription(Trend(), market, Timeframe.D1)


@pytest.fixture
def watched() -> Watched:
    return Watched()


OTHERS = {"ADA/USD", "BTC/USD", "ETH/USD"}
REFUSALS: list[Exception] = [
    RequestRefused("EQuery:Unknown asset pair"),
    BadAnswer("Kraken's tickers have an unknown shape"),
    BrokerError("something new"),
    KeyError("MATIC"),
]


@pytest.mark.parametrize("fault", REFUSALS, ids=lambda fault: type(fault).__name__)
def test_a_market_that_the_common_call_fails_with_takes_no_price_from_another(
    watched: Watched, fault: Exception
) -> None:
    watched.exchange.price_faults["MATIC/USD"] = fault
    watched.poll()
    assert watched.priced() == OTHERS
    watched.poll(20)
    assert watched.priced() == OTHERS
    assert "MATIC/USD" in watched.feed.snapshot.unpriced
    assert len([line for line in watched.log.lines if "No price of MATIC/USD" in line]) == 1


def test_a_market_that_is_left_out_of_the_answer_is_said_once_and_stays_in_the_common_call(watched: Watched) -> None:
    watched.exchange.left_out = {"MATIC/USD"}
    assert watched.poll(20)["tickers"] == 20
    assert watched.priced() == OTHERS
    assert len([line for line in watched.log.lines if "No price of MATIC/USD" in line]) == 1


def test_a_refused_market_costs_a_call_of_its_own_ever_less_often(watched: Watched) -> None:
    watched.exchange.price_faults["MATIC/USD"] = RequestRefused("unknown")
    assert watched.poll()["tickers"] == 1 + len(MARKETS)
    assert watched.poll(120)["tickers"] <= 120 + 10


def test_a_market_that_comes_back_is_priced_again(watched: Watched) -> None:
    watched.exchange.price_faults["MATIC/USD"] = RequestRefused("unknown")
    watched.poll(3)
    watched.exchange.price_faults.clear()
    watched.poll(25)
    assert watched.priced() == set(MARKETS)
    assert watched.poll(10)["tickers"] == 10


@pytest.mark.parametrize("fault", [Unavailable("down"), RateLimited("slow down", 10.0)], ids=["down", "limited"])
def test_an_outage_costs_one_call_for_prices_a_poll(watched: Watched, fault: BrokerError) -> None:
    watched.exchange.price_faults = dict.fromkeys(MARKETS, fault)
    watched.exchange.candle_faults = dict.fromkeys(MARKETS, fault)
    assert watched.poll(50) == {"tickers": 50, "candles": 50 * len(MARKETS)}
    assert len(watched.log.lines) == 1 + len(MARKETS)


def test_an_exchange_that_refuses_every_market_is_not_asked_for_each_again_and_again(watched: Watched) -> None:
    watched.exchange.price_faults = dict.fromkeys(MARKETS, RequestRefused("maintenance"))
    assert watched.poll(20)["tickers"] <= 20 + len(MARKETS)
    watched.exchange.price_faults.clear()
    watched.poll()
    assert watched.priced() == set(MARKETS)


def test_one_market_that_never_answers_is_found_where_the_exchange_answers_otherwise(watched: Watched) -> None:
    watched.exchange.price_faults["MATIC/USD"] = Unavailable("no answer")
    watched.poll(2)
    assert watched.priced() == OTHERS


def test_one_market_without_candles_takes_no_signal_from_another(watched: Watched) -> None:
    watched.exchange.candle_faults["ADA/USD"] = ZeroDivisionError("an answer of a new shape")
    watched.poll()
    assert {one.market for one in watched.feed.snapshot.signals} == {"BTC/USD", "ETH/USD", "MATIC/USD"}
    assert "ZeroDivisionError" in watched.feed.snapshot.problems[subscription("ADA/USD")]


def test_a_market_that_keeps_the_feed_waiting_ages_no_other_price(watched: Watched) -> None:
    watched.exchange.candle_faults = dict.fromkeys(("ADA/USD", "BTC/USD"), Unavailable("no answer"))
    watched.exchange.seconds = 50.0
    watched.feed.poll()
    assert watched.priced() == set(MARKETS)


def test_a_market_that_fails_alone_is_asked_ever_less_often_until_it_answers(watched: Watched) -> None:
    watched.exchange.candle_faults["ADA/USD"] = Unavailable("no answer")
    assert watched.poll(60)["candles"] <= 60 * 3 + 10
    watched.exchange.candle_faults.clear()
    watched.poll(10)
    assert subscription("ADA/USD") not in watched.feed.snapshot.problems
    assert watched.poll(10)["candles"] == 10 * len(MARKETS)


def test_after_an_outage_of_the_exchange_every_market_is_asked_at_once(watched: Watched) -> None:
    watched.exchange.candle_faults = dict.fromkeys(MARKETS, Unavailable("down"))
    watched.poll(20)
    watched.exchange.candle_faults.clear()
    assert watched.poll()["candles"] == len(MARKETS)


def test_a_market_that_comes_back_while_all_others_are_refused_is_priced_again(watched: Watched) -> None:
    refused = RequestRefused("unknown")
    watched.exchange.price_faults["MATIC/USD"] = refused
    watched.poll()
    watched.exchange.price_faults = dict.fromkeys(OTHERS, refused)
    watched.poll(10)
    assert watched.priced() == {"MATIC/USD"}


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(MARKETS)), st.sets(st.sampled_from(MARKETS)), st.sampled_from(REFUSALS))
def test_whichever_markets_are_refused_all_others_are_priced_soon_at_little_cost(
    first: set[str], second: set[str], fault: Exception
) -> None:
    watched = Watched()
    watched.exchange.price_faults = dict.fromkeys(first, fault)
    assert watched.poll(5)["tickers"] <= 5 + 2 * len(MARKETS)
    assert watched.priced() == set(MARKETS) - first
    watched.exchange.price_faults = dict.fromkeys(second, fault)
    asked = watched.poll(60)["tickers"]
    assert watched.priced() == set(MARKETS) - second
    assert asked <= 60 + 10 * len(MARKETS)


class Public:
    """Kraken's public answers, for one market it knows."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def symbols(self) -> Symbols:
        return Symbols({"BTC/USD": BTC}, {"BTC/USD": "XXBTZUSD"}, {"XXBTZUSD": "BTC/USD"}, {})

    def wait_for_turn(self) -> None:
        pass

    def ask(self, method: str, _params: Mapping[str, str]) -> dict[str, object]:
        self.asked.append(method)
        if method == "Ticker":
            return {"XXBTZUSD": {key: ["100.0", "1", "1.0"] for key in "abcvplhto"}}
        return {"XXBTZUSD": [[DAY * day, "100", "100", "100", "100", "100", "1", 1] for day in range(3)], "last": 1}


def test_an_unknown_market_at_kraken_leaves_everybody_elses_prices() -> None:
    clock, log, public = ManualClock(), CapturedLog(), Public()
    data = KrakenMarketData(base_url="https://api.kraken.com", clock=clock, public=cast("KrakenPublic", public))
    feed = Feed(data, clock, 30.0, EventLog(log.logger))
    feed.follow([subscription("BTC/USD"), subscription("MATIC/USD")])
    for _ in range(100):
        feed.poll()
        clock.advance(30.0)
    assert set(feed.snapshot.prices(clock.monotonic())) == {"BTC/USD"}
    assert public.asked.count("Ticker") == 100
    assert any("no market MATIC/USD" in line for line in log.lines)
