"""The age and reliability of the feed's data: old prices, corrected candles, too few candles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.coinbase.candles import closed_candles
from brokers.errors import Unavailable
from brokers.model import Candles, Exchange, Ticker, Timeframe
from nija.feed import Feed
from nija.log.event_log import EventLog
from nija.market_data.series import HISTORY, corrected, extended
from nija.market_data.snapshot import Subscription
from nija.strategy.base import Signals
from nija.strategy.trend import Trend
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brokers.model import Market

DAY = 86_400
BTC = "BTC/USD"
SERIES = (BTC, Timeframe.D1)


def daily(count: int, close: float = 100.0) -> Candles:
    """The last one closes at `close`."""
    time = np.arange(count, dtype=np.int64) * DAY
    price = np.full(count, 100.0)
    last = price.copy()
    last[-1:] = close
    return Candles(BTC, Timeframe.D1, time, price, price + 10, price - 10, last, price.copy())


class OneMarket:
    """An exchange whose candles the test provides."""

    exchange = Exchange.COINBASE

    def __init__(self) -> None:
        self.shown = daily(30)
        self.down = False

    def server_time(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)

    def markets(self) -> Mapping[str, Market]:
        return {}

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        self._answer(f"{market} {timeframe}")
        kept = self.shown.time >= (since or 0)
        columns = {name: getattr(self.shown, name)[kept] for name in ("time", "open", "high", "low", "close", "volume")}
        return replace(self.shown, **columns)

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        self._answer("tickers")
        one = Decimal(1)
        return {market: Ticker(market, one, one, one, self.server_time()) for market in markets}

    def _answer(self, what: str) -> None:
        if self.down:
            raise Unavailable(what)

    def close(self) -> None:
        pass


class Above:
    """Enters if the last candle closes above 102."""

    name = "above"
    warmup = 1
    fee_gate = 0.0

    def __init__(self) -> None:
        self.evaluations = 0

    def evaluate(self, candles: Candles) -> Signals:
        self.evaluations += 1
        entry = candles.close > 102
        return Signals(entry, ~entry, candles.close - 1, candles.close - 1)


class Watched:
    def __init__(self, poll_seconds: float = 30.0) -> None:
        self.clock = ManualClock(30 * DAY)
        self.log = CapturedLog()
        self.exchange = OneMarket()
        self.strategy = Above()
        self.subscription = Subscription(self.strategy, BTC, Timeframe.D1)
        self.feed = Feed(self.exchange, self.clock, poll_seconds, EventLog(self.log.logger))
        self.feed.follow([self.subscription])

    def poll(self) -> None:
        self.feed.poll()
        self.clock.advance(30.0)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_price_older_than_its_limit_is_no_price(watched: Watched) -> None:
    watched.feed.poll()
    snapshot = watched.feed.snapshot
    assert set(snapshot.prices(90.0)) == {BTC}
    assert set(snapshot.prices(90.1)) == set()
    assert set(snapshot.tickers) == {BTC}


@pytest.mark.parametrize(("poll", "limit"), [(0.5, 60.0), (20.0, 60.0), (30.0, 90.0), (120.0, 360.0)])
def test_a_price_lasts_three_polls_and_never_less_than_a_minute(poll: float, limit: float) -> None:
    assert Watched(poll).feed.snapshot.price_max_age == limit


def test_the_ages_of_price_and_candle_grow_while_nothing_answers(watched: Watched) -> None:
    watched.clock.advance(3_600.0)
    watched.poll()
    watched.exchange.down = True
    watched.clock.advance(1_000.0)
    watched.poll()
    snapshot, now = watched.feed.snapshot, watched.clock.monotonic()
    assert snapshot.price_age(SERIES, now) == 1_060.0
    assert snapshot.freshness[SERIES].silence(now) == 1_060.0
    assert snapshot.freshness[SERIES].candle_age(now) == 3_600.0 + 1_060.0
    assert snapshot.unpriced == {BTC: "tickers"}


def test_before_the_first_answer_the_ages_count_from_when_the_market_was_followed(watched: Watched) -> None:
    assert watched.feed.snapshot.price_age(SERIES, 0.0) is None
    watched.exchange.down = True
    watched.poll()
    watched.clock.advance(370.0)
    snapshot, now = watched.feed.snapshot, watched.clock.monotonic()
    assert (snapshot.price_age(SERIES, now), snapshot.freshness[SERIES].silence(now)) == (400.0, 400.0)
    assert snapshot.freshness[SERIES].candle_age(now) is None


def test_a_clock_that_leaps_makes_no_candle_older_or_younger(watched: Watched) -> None:
    watched.poll()
    watched.clock.wall += 10 * DAY
    watched.poll()
    assert watched.feed.snapshot.freshness[SERIES].candle_age(watched.clock.monotonic()) == 60.0


def test_a_candle_corrected_after_its_end_gets_a_new_signal_in_place_of_the_old_one(watched: Watched) -> None:
    watched.poll()
    assert not watched.feed.snapshot.signals[watched.subscription].entry
    watched.exchange.shown = daily(30, close=105.0)
    watched.poll()
    watched.poll()
    snapshot = watched.feed.snapshot
    assert snapshot.signals[watched.subscription].entry
    assert snapshot.signals[watched.subscription].close == Decimal("105.0")
    assert (len(snapshot.signals), watched.strategy.evaluations) == (1, 2)
    assert len([line for line in watched.log.lines if "corrected" in line]) == 1


def test_coinbases_last_word_on_a_candle_is_taken_over() -> None:
    """Its public endpoints are cached for a second, so the first answer may be from before the candle's end."""

    def row(time: int, close: str) -> dict[str, object]:
        return {"start": str(time), "open": "100", "high": "106", "low": "99", "close": close, "volume": "1"}

    minute = 1_700_006_400
    early = [row(minute, "100"), row(minute + 60, "100.1")]
    final = [row(minute + 60, "105.0"), row(minute + 120, "106")]
    first = closed_candles(BTC, Timeframe.M1, early, now=minute + 130.0, since=None)
    second = closed_candles(BTC, Timeframe.M1, final, now=minute + 160.0, since=minute + 60)
    assert corrected(first, second)
    assert list(extended(first, second).close) == [100.0, 105.0]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=40), st.booleans())
def test_a_series_grows_to_what_the_exchange_has_told_at_last(steps: list[int], again: bool) -> None:  # noqa: FBT001  drawn
    known = daily(2)
    count = 2
    for step in steps:
        count += step
        told = daily(count, close=100.0 + step)
        kept = told.time >= known.time[-1] if again else told.time > known.time[-1]
        columns = {name: getattr(told, name)[kept] for name in ("time", "open", "high", "low", "close", "volume")}
        known = extended(known, replace(told, **columns))
    assert list(known.time) == [DAY * day for day in range(count)]
    assert known.close[-1] == 100.0 + steps[-1]


def test_nothing_new_leaves_the_series_as_it_is_and_a_long_one_is_bounded() -> None:
    known = daily(5)
    assert extended(known, daily(5)) is known
    assert extended(known, daily(0)) is known
    assert len(extended(known, daily(HISTORY + 50))) == HISTORY


def test_a_strategy_that_needs_more_candles_than_there_are_is_said_at_once(watched: Watched) -> None:
    long = Subscription(Trend(entry=800), BTC, Timeframe.D1)
    watched.exchange.shown = daily(720)
    watched.feed.follow([long])
    for _ in range(5):
        watched.poll()
    problem = watched.feed.snapshot.problems[long]
    assert "needs 801 closed 1d candles of BTC/USD and there are 720" in problem
    assert "shorten its lengths in nija.toml" in problem
    assert watched.log.lines == [f"⚠️  {problem}"]
    assert watched.subscription not in watched.feed.snapshot.problems


def test_enough_candles_end_the_shortage(watched: Watched) -> None:
    long = Subscription(Trend(entry=40), BTC, Timeframe.D1)
    watched.feed.follow([long])
    watched.poll()
    assert long in watched.feed.snapshot.problems
    watched.exchange.shown = daily(60)
    watched.poll()
    assert watched.feed.snapshot.problems == {}


def test_an_outage_hides_a_shortage_only_while_it_lasts(watched: Watched) -> None:
    long = Subscription(Trend(entry=40), BTC, Timeframe.D1)
    watched.feed.follow([long])
    watched.poll()
    watched.exchange.down = True
    watched.poll()
    assert "no candles" in watched.feed.snapshot.problems[long]
    watched.exchange.down = False
    watched.poll()
    assert "needs 41 closed" in watched.feed.snapshot.problems[long]
