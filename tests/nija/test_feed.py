"""The feed: fetched once, computed once, shared by all."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from structlog.testing import capture_logs

from brokers.errors import Unavailable
from brokers.model import Candles, Exchange, Market, Ticker, Timeframe
from nija.candles.recording import CandleRecorder
from nija.candles.store import CandleStore
from nija.feed import Feed
from nija.log.event_log import EventLog, get_log
from nija.market_data.snapshot import Subscription
from nija.strategy.base import Signals
from nija.strategy.trend import Trend
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

DAY = 86_400


class Exchanges:
    """An exchange that counts its requests, and closes candles on command."""

    exchange = Exchange.KRAKEN

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.closed = 5
        self.down = False

    def server_time(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)

    def markets(self) -> Mapping[str, Market]:
        return {}

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        self.asked[f"candles {market}"] += 1
        if self.down:
            raise Unavailable("Kraken is down")
        time = np.arange(self.closed, dtype=np.int64) * DAY
        time = time[time > since] if since is not None else time
        price = 100.0 + time / DAY
        return Candles(market, timeframe, time, price, price + 1, price - 1, price.copy(), np.ones(len(time)))

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
        self.asked["tickers"] += 1
        if self.down:
            raise Unavailable("Kraken is down")
        now = datetime.fromtimestamp(0, UTC)
        return {market: Ticker(market, Decimal(99), Decimal(101), Decimal(100), now) for market in markets}

    def close(self) -> None:
        self.asked["close"] += 1


@dataclass(frozen=True)
class Counting:
    """A strategy that counts its evaluations; equal to any other of its name."""

    name: str = "counting"
    warmup: int = 1
    fee_gate: float = 0.0
    evaluations: list[int] = field(default_factory=list, compare=False)

    def evaluate(self, candles: Candles) -> Signals:
        self.evaluations.append(len(candles))
        yes = np.ones(len(candles), dtype=bool)
        price = candles.close - 10
        return Signals(yes, ~yes, price, price.copy())


@pytest.fixture
def exchange() -> Exchanges:
    return Exchanges()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def feed(exchange: Exchanges, clock: ManualClock) -> Feed:
    return Feed(exchange, clock, 30.0, EventLog(get_log("tests")))


def subscription(market: str = "BTC/USD", strategy: Counting | None = None) -> Subscription:
    return Subscription(strategy or Counting(), market, Timeframe.D1)


def test_one_market_is_fetched_once_however_many_accounts_follow_it(feed: Feed, exchange: Exchanges) -> None:
    for _ in range(50):
        feed.follow([subscription()], threading.Event())
    feed.poll()
    assert exchange.asked["candles BTC/USD"] == 1


def test_a_signal_is_computed_once_per_candle_for_all_accounts_with_equal_parameters(
    feed: Feed, exchange: Exchanges
) -> None:
    strategy = Counting()
    for _ in range(10):
        feed.follow([subscription(strategy=strategy)], threading.Event())
    for _ in range(3):
        feed.poll()
    exchange.closed += 1
    feed.poll()
    assert strategy.evaluations == [5, 6]


def test_every_follower_reads_the_signal_of_the_last_closed_candle(feed: Feed) -> None:
    feed.follow([subscription()])
    feed.poll()
    assert feed.snapshot.signals[subscription()].time == 4 * DAY
    assert feed.snapshot.tickers["BTC/USD"].ask == Decimal(101)


def test_two_strategies_share_the_candles_of_a_market(feed: Feed, exchange: Exchanges) -> None:
    other = Subscription(Trend(entry=2, exit=2), "BTC/USD", Timeframe.D1)
    feed.follow([subscription(), other])
    feed.poll()
    assert exchange.asked["candles BTC/USD"] == 1
    assert set(feed.snapshot.signals) == {subscription(), other}


def test_someone_who_follows_later_gets_the_signal_of_candles_already_there(feed: Feed, exchange: Exchanges) -> None:
    feed.follow([subscription()])
    feed.poll()
    late = Subscription(Counting(name="late"), "BTC/USD", Timeframe.D1)
    feed.follow([late])
    feed.poll()
    assert feed.snapshot.signals[late].time == 4 * DAY


def test_a_new_candle_wakes_the_traders(feed: Feed, exchange: Exchanges, clock: ManualClock) -> None:
    wake = threading.Event()
    feed.follow([subscription()], wake)
    feed.poll()
    wake.clear()
    feed.poll()
    assert not wake.is_set()
    exchange.closed += 1
    feed.poll()
    assert wake.is_set()


def test_a_snapshot_never_changes_after_it_was_read(feed: Feed, exchange: Exchanges) -> None:
    feed.follow([subscription()])
    feed.poll()
    before = feed.snapshot
    exchange.closed += 1
    feed.poll()
    assert before.signals[subscription()].time == 4 * DAY
    assert feed.snapshot.signals[subscription()].time == 5 * DAY


def test_an_outage_is_told_as_a_problem_and_the_last_signals_stay(feed: Feed, exchange: Exchanges) -> None:
    feed.follow([subscription()])
    feed.poll()
    exchange.down = True
    feed.poll()
    assert "Kraken is down" in feed.snapshot.problems[subscription()]
    assert feed.snapshot.signals[subscription()].time == 4 * DAY


def test_the_problem_is_gone_with_the_next_answer_even_without_a_new_candle(feed: Feed, exchange: Exchanges) -> None:
    feed.follow([subscription()])
    feed.poll()
    exchange.down = True
    feed.poll()
    exchange.down = False
    feed.poll()
    assert feed.snapshot.problems == {}


def test_prices_are_asked_for_no_more_often_than_they_are_needed(
    feed: Feed, exchange: Exchanges, clock: ManualClock
) -> None:
    feed.follow([subscription()])
    feed.poll()
    feed.poll()
    assert exchange.asked["tickers"] == 1
    clock.advance(30.0)
    feed.poll()
    assert exchange.asked["tickers"] == 2


class Broken(Counting):
    def evaluate(self, candles: Candles) -> Signals:
        raise RuntimeError(f"cannot judge {len(candles)} candles")


def test_a_users_broken_strategy_is_told_to_its_followers_and_hurts_no_other(feed: Feed) -> None:
    broken = Subscription(Broken(name="broken"), "BTC/USD", Timeframe.D1)
    feed.follow([broken, subscription(), subscription("ETH/USD")])
    feed.poll()
    assert "cannot judge 5 candles" in feed.snapshot.problems[broken]
    assert set(feed.snapshot.signals) == {subscription(), subscription("ETH/USD")}


def test_the_feed_survives_an_unexpected_error(exchange: Exchanges, clock: ManualClock) -> None:
    class Faulty(Exchanges):
        def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]:
            self.asked["tickers"] += 1
            clock.stopping = self.asked["tickers"] == 3
            raise ZeroDivisionError(str(markets))

    faulty = Faulty()
    feed = Feed(faulty, clock, 30.0, EventLog(get_log("tests")))
    feed.follow([subscription()])
    feed.run()
    assert faulty.asked["tickers"] == 3
    assert faulty.asked["close"] == 1


class TestRecording:
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[CandleStore]:
        with CandleStore(tmp_path / "candles.sqlite3") as opened:
            yield opened

    @pytest.fixture
    def feed(self, exchange: Exchanges, clock: ManualClock, store: CandleStore) -> Iterator[Feed]:
        log = EventLog(get_log("tests"))
        recorder = CandleRecorder(CandleStore(store.path), "kraken", exchange.markets, clock, log)
        yield Feed(exchange, clock, 30.0, log, recorder)
        recorder.close()

    def test_the_candles_that_a_feed_sees_are_stored(self, feed: Feed, exchange: Exchanges, store: CandleStore) -> None:
        feed.follow([subscription("BTC/USD"), subscription("ETH/USD")])
        feed.poll()
        exchange.closed += 1
        feed.poll()
        assert [(span.market, span.count) for span in store.spans()] == [("BTC/USD", 6), ("ETH/USD", 6)]
        assert store.read("kraken", "BTC/USD", Timeframe.D1).close.tolist() == [100.0 + day for day in range(6)]

    def test_a_poll_without_a_new_candle_writes_nothing(self, feed: Feed, store: CandleStore) -> None:
        feed.follow([subscription()])
        feed.poll()
        with closing(sqlite3.connect(store.path)) as other, other:
            other.execute("DELETE FROM candles")
        feed.poll()
        assert store.spans() == ()

    def test_a_store_that_cannot_be_written_keeps_no_signal_back(self, feed: Feed, store: CandleStore) -> None:
        store.path.mkdir()
        feed.follow([subscription()])
        with capture_logs() as lines:
            feed.poll()
        assert feed.snapshot.signals[subscription()].time == 4 * DAY
        assert ["Candles are not stored" in line["event"] for line in lines] == [True]
