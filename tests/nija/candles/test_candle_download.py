"""A download page by page: what was stored before it was killed is not asked for again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from brokers.errors import Unavailable
from brokers.model import CandlePage, Timeframe
from nija.candles.download import Progress, WantedCandles, download
from nija.candles.store import CandleStore
from tests.nija.candles.made import HOUR, made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from brokers.model import Market

ORIGIN = "coinbase"


@dataclass
class Exchange:
    """Hours from `begins` to `now`, ten a page; the next page fails where `fails_at` says so."""

    begins: int
    now: int
    is_complete: bool = True
    fails_at: int | None = None
    asked: list[int] = field(default_factory=list)

    def markets(self) -> Mapping[str, Market]:
        return {}

    def first(self, market: str, timeframe: Timeframe, since: int) -> int:
        return max(since, self.begins * HOUR)

    def page(self, market: str, timeframe: Timeframe, since: int) -> CandlePage:
        self.asked.append(since // HOUR)
        if since // HOUR == self.fails_at:
            raise Unavailable("gone")
        end = min(since // HOUR + 10, self.now)
        candles = made(range(since, end * HOUR, HOUR), timeframe, market=market)
        return CandlePage(candles, end * HOUR, is_last=end == self.now)

    def close(self) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CandleStore]:
    with CandleStore(tmp_path / "candles.sqlite3") as opened:
        yield opened


def wanted(since: int, until: int) -> WantedCandles:
    return WantedCandles("BTC/USD", Timeframe.H1, since * HOUR, until * HOUR)


def hours(store: CandleStore) -> list[int]:
    return [int(time) // HOUR for time in store.read(ORIGIN, "BTC/USD", Timeframe.H1).time]


def fetch(exchange: Exchange, store: CandleStore, since: int, until: int) -> Progress:
    return list(download(exchange, store, ORIGIN, wanted(since, until)))[-1]


def test_every_page_is_stored_up_to_the_wanted_end(store: CandleStore) -> None:
    exchange = Exchange(begins=0, now=100)
    at = fetch(exchange, store, 5, 33)
    assert hours(store) == list(range(5, 33))
    assert (at.stored, at.reached, at.offered) == (28, 33 * HOUR, 5 * HOUR)
    assert exchange.asked == [5, 15, 25]


def test_it_ends_at_the_candle_that_is_still_open(store: CandleStore) -> None:
    assert fetch(Exchange(begins=0, now=12), store, 0, 1_000).reached == 12 * HOUR
    assert hours(store) == list(range(12))


def test_it_begins_where_the_market_begins(store: CandleStore) -> None:
    exchange = Exchange(begins=50, now=60)
    at = fetch(exchange, store, 0, 1_000)
    assert (exchange.asked, at.begin, at.offered) == ([50], 0, 0)


def test_a_download_that_was_killed_goes_on_where_it_was(store: CandleStore) -> None:
    with pytest.raises(Unavailable):
        fetch(Exchange(begins=0, now=100, fails_at=20), store, 0, 40)
    assert hours(store) == list(range(20))
    exchange = Exchange(begins=0, now=100)
    assert fetch(exchange, store, 0, 40).stored == 20
    assert exchange.asked == [20, 30]
    assert hours(store) == list(range(40))


def test_what_is_stored_is_not_asked_for_again(store: CandleStore) -> None:
    fetch(Exchange(begins=0, now=100), store, 0, 40)
    exchange = Exchange(begins=0, now=100)
    assert fetch(exchange, store, 10, 30) == Progress(40 * HOUR, 40 * HOUR, 40 * HOUR, 0)
    assert exchange.asked == []


def test_candles_that_the_daemon_stored_hide_no_hole(store: CandleStore) -> None:
    store.add(ORIGIN, made(range(30 * HOUR, 40 * HOUR, HOUR)))
    fetch(Exchange(begins=0, now=100), store, 0, 40)
    assert hours(store) == list(range(40))


def test_an_earlier_beginning_is_fetched_although_later_candles_are_stored(store: CandleStore) -> None:
    fetch(Exchange(begins=0, now=100), store, 20, 40)
    fetch(Exchange(begins=0, now=100), store, 0, 40)
    assert hours(store) == list(range(40))


class TestAnExchangeThatOffersOnlyTheLatest:
    def test_what_it_does_not_offer_is_told(self, store: CandleStore) -> None:
        at = fetch(Exchange(begins=90, now=100, is_complete=False), store, 0, 1_000)
        assert (at.begin, at.offered, hours(store)) == (0, 90 * HOUR, list(range(90, 100)))

    def test_a_hole_since_the_last_download_is_told_and_not_forgotten(self, store: CandleStore) -> None:
        fetch(Exchange(begins=90, now=100, is_complete=False), store, 90, 1_000)
        at = fetch(Exchange(begins=190, now=200, is_complete=False), store, 90, 1_000)
        assert (at.begin, at.offered) == (100 * HOUR, 190 * HOUR)
        again = fetch(Exchange(begins=190, now=200, is_complete=False), store, 90, 1_000)
        assert (again.begin, again.offered) == (100 * HOUR, 190 * HOUR)

    def test_downloads_without_a_hole_follow_on_each_other(self, store: CandleStore) -> None:
        fetch(Exchange(begins=90, now=100, is_complete=False), store, 90, 1_000)
        at = fetch(Exchange(begins=95, now=105, is_complete=False), store, 90, 1_000)
        assert (at.begin, at.offered, at.stored) == (100 * HOUR, 100 * HOUR, 5)
