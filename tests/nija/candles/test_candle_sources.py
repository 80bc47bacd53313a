"""Where a backtest's candles come from: files or the store, in the wanted timeframe or summed from shorter ones."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.candle_files import CandleError
from brokers.exchanges import descriptions
from brokers.model import Exchange, Timeframe
from nija.candles.markets import assumed_facts, market_facts
from nija.candles.sources import SourcePart, find_candles, in_files, in_store
from nija.candles.store import CandleStore
from tests.nija.candles.made import DAY, HOUR, flat, made, same, write
from tests.nija.strategy.real_candles import real_candles, real_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from brokers.model import Candles
    from nija.candles.sources import FoundCandles, SourceSeries

KRAKEN = Exchange.KRAKEN
MARKET = assumed_facts("BTC/USD", Decimal(10)).market


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CandleStore]:
    with CandleStore(tmp_path / "candles.sqlite3") as opened:
        yield opened


def folder(tmp_path: Path, **files: list[int]) -> tuple[SourceSeries, ...]:
    """Files by name, with `_` for `-`, and the times of their candles."""
    for name, times in files.items():
        write(tmp_path / f"{name.replace('_', '-')}.csv", flat(times))
    return in_files([tmp_path])


def found_in(series: Sequence[SourceSeries], timeframe: Timeframe) -> FoundCandles:
    found = find_candles(series, timeframe)
    assert found is not None
    return found


def test_the_series_of_files_say_whose_candles_they_are(tmp_path: Path) -> None:
    series = folder(tmp_path, kraken_BTC_USD_1h=[0], coinbase_ETH_EUR_1d=[0])
    assert [(one.exchange, one.market, one.timeframe) for one in series] == [
        ("coinbase", "ETH/EUR", Timeframe.D1),
        ("kraken", "BTC/USD", Timeframe.H1),
    ]


def test_the_wanted_timeframe_is_taken_as_it_is(tmp_path: Path) -> None:
    found = found_in(folder(tmp_path, kraken_BTC_USD_1h=[0, HOUR, 3 * HOUR]), Timeframe.H1)
    assert found.candles.time.tolist() == [0, HOUR, 3 * HOUR]
    assert (found.gaps.count, found.gaps.missing) == (1, 1)


def test_shorter_candles_are_summed_where_the_wanted_timeframe_is_not_there(tmp_path: Path) -> None:
    found = found_in(folder(tmp_path, kraken_BTC_USD_1h=list(range(0, 2 * DAY, HOUR))), Timeframe.D1)
    assert found.candles.volume.tolist() == [6.0, 6.0]
    assert found.parts == (SourcePart(str(tmp_path / "kraken-BTC-USD-1h.csv"), Timeframe.H1, 0, DAY),)


def test_what_covers_the_longest_time_counts_and_the_rest_only_extends_it(store: CandleStore) -> None:
    store.add(KRAKEN, made(range(2 * DAY, 12 * DAY, HOUR), price=1_000))
    store.add(KRAKEN, made(range(9 * DAY, 15 * DAY, DAY), Timeframe.D1, price=10))
    store.add(KRAKEN, made(range(0, 3 * DAY, 900), Timeframe.M15, price=5_000))
    found = found_in(in_store(store), Timeframe.D1)
    assert found.candles.time.tolist() == [day * DAY for day in range(15)]
    assert [(part.timeframe, part.first // DAY, part.last // DAY) for part in found.parts] == [
        (Timeframe.M15, 0, 1),
        (Timeframe.H1, 2, 11),
        (Timeframe.D1, 12, 14),
    ]
    assert [price > 900 for price in found.candles.close] == [True] * 12 + [False] * 3


def test_a_candle_of_which_an_extension_has_only_the_end_is_left_out(store: CandleStore) -> None:
    store.add(KRAKEN, made(range(0, 5 * DAY, DAY), Timeframe.D1))
    store.add(KRAKEN, made(range(5 * DAY + HOUR, 8 * DAY, HOUR)))
    found = found_in(in_store(store), Timeframe.D1)
    assert [time // DAY for time in found.candles.time] == [0, 1, 2, 3, 4, 6, 7]
    assert (found.gaps.count, found.gaps.missing) == (1, 1)


def test_stored_candles_that_add_nothing_are_not_read(store: CandleStore) -> None:
    store.add(KRAKEN, made(range(0, 5 * DAY, DAY), Timeframe.D1))
    (days,) = in_store(store)

    def unread() -> Candles:
        raise AssertionError("read")

    minutes = replace(days, timeframe=Timeframe.M1, read=unread, span=(DAY, 5 * DAY))
    assert len(found_in([minutes, days], Timeframe.D1).candles) == 5


class TestTwoFilesOfTheSameCandles:
    """Kraken's archive comes as a whole and, for each quarter, as an addition."""

    def files(self, tmp_path: Path, older: list[int], newer: list[int], price: str = "10.5") -> list[SourceSeries]:
        for name, times, at in (("older", older, "10.5"), ("newer", newer, price)):
            (tmp_path / name).mkdir()
            write(tmp_path / name / "kraken-BTC-USD-1h.csv", flat(times, at))
        return [*in_files([tmp_path / "older"]), *in_files([tmp_path / "newer"])]

    def test_one_that_follows_the_other_extends_it(self, tmp_path: Path) -> None:
        series = self.files(tmp_path, [0, HOUR], [2 * HOUR, 3 * HOUR], "11")
        found = found_in(series, Timeframe.H1)
        assert found.candles.close.tolist() == [10.5, 10.5, 11, 11]
        assert [part.name for part in found.parts] == [one.name for one in series]

    def test_they_may_overlap_if_they_agree(self, tmp_path: Path) -> None:
        hours = list(range(0, 10 * HOUR, HOUR))
        assert len(found_in(self.files(tmp_path, hours[:7], hours[3:]), Timeframe.H1).candles) == 10

    def test_they_are_refused_if_they_contradict_each_other(self, tmp_path: Path) -> None:
        hours = list(range(0, 10 * HOUR, HOUR))
        with pytest.raises(CandleError, match=r"newer/.*older/.* have different 1h candles of BTC/USD: name one"):
            find_candles(self.files(tmp_path, hours[:6], hours[3:], "11"), Timeframe.H1)


def test_there_may_be_nothing(store: CandleStore) -> None:
    assert find_candles([], Timeframe.D1) is None
    store.add(KRAKEN, made([0, DAY], Timeframe.D1))
    assert find_candles(in_store(store), Timeframe.H1) is None


def test_hours_that_make_no_whole_day_give_nothing(tmp_path: Path) -> None:
    assert find_candles(folder(tmp_path, kraken_BTC_USD_1h=[0, HOUR]), Timeframe.D1) is None


def test_real_hours_are_continued_by_real_quarters() -> None:
    path = real_file("kraken-BTC-USD-1h")
    hours = real_candles(path.name.removesuffix(".csv.gz"), Timeframe.D1)
    assert same(found_in(in_files([path]), Timeframe.D1).candles, hours)
    whole = found_in(in_files([path, real_file("kraken-BTC-USD-15m")]), Timeframe.D1).candles
    assert whole.close[: len(hours)].tolist() == hours.close.tolist()
    # 2023-01-07, of which the hours have only the beginning, to 2023-09-30.
    assert len(whole) == len(hours) + 267


class TestMarketFacts:
    def test_the_last_that_the_exchange_gave_count(self, store: CandleStore) -> None:
        store.add_markets(KRAKEN, [MARKET], read_at=20_000 * DAY)
        known = market_facts(store, KRAKEN, "BTC/USD")
        assert (known.market, known.told) == (MARKET, "kraken's of 2024-10-04")

    def test_the_published_ones_of_the_default_markets_come_with_their_date(self, store: CandleStore) -> None:
        for description in descriptions():
            for market in ("BTC/USD", "ETH/USD"):
                known = market_facts(store, description.exchange, market)
                assert known.market.symbol == market
                assert known.market.min_cost > 0
                assert f"{description.exchange}'s as published in " in known.told

    def test_a_market_of_which_nothing_is_known_is_an_error_with_the_remedy(self, store: CandleStore) -> None:
        with pytest.raises(CandleError) as caught:
            market_facts(store, KRAKEN, "SOL/USD")
        assert "the steps and minimum order of SOL/USD at kraken are not known" in str(caught.value)
        assert "nija candles download SOL/USD --exchange kraken" in str(caught.value)

    def test_a_least_order_may_be_assumed(self) -> None:
        assumed = assumed_facts("BTC/USDT", Decimal(10))
        assert (assumed.market.base, assumed.market.quote, assumed.market.min_cost) == ("BTC", "USDT", Decimal(10))
        assert assumed.told == "assumed"
