"""Where a backtest's candles come from: files or the store, in the wanted timeframe or summed from shorter ones."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.candle_files import CandleError
from brokers.exchanges import descriptions
from brokers.model import Exchange, Timeframe
from nija.candles.gaps import NO_GAPS
from nija.candles.markets import assumed_facts, market_facts
from nija.candles.sources import SourcePart, find_candles, in_files, in_store
from nija.candles.store import CandleStore
from tests.nija.candles.made import DAY, HOUR, flat, made, same, write
from tests.nija.strategy.real_candles import real_candles, real_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.candles.sources import SourceSeries

KRAKEN, COINBASE = Exchange.KRAKEN, Exchange.COINBASE
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


def test_the_wanted_timeframe_is_taken_as_it_is(tmp_path: Path) -> None:
    series = folder(tmp_path, kraken_BTC_USD_1h=[0, HOUR], kraken_ETH_USD_1h=[0])
    found = find_candles(series, ["BTC/USD", "ETH/USD"], Timeframe.H1)
    assert [len(found[market].candles) for market in ("BTC/USD", "ETH/USD")] == [2, 1]
    assert found["BTC/USD"].exchange == "kraken"
    assert found["BTC/USD"].gaps == NO_GAPS


def test_shorter_candles_are_summed_where_the_wanted_timeframe_is_not_there(tmp_path: Path) -> None:
    series = folder(tmp_path, kraken_BTC_USD_1h=list(range(0, 2 * DAY, HOUR)))
    found = find_candles(series, ["BTC/USD"], Timeframe.D1)["BTC/USD"]
    assert found.candles.volume.tolist() == [6.0, 6.0]
    assert found.parts == (SourcePart(str(tmp_path / "kraken-BTC-USD-1h.csv"), Timeframe.H1, 0, DAY),)


def test_what_covers_the_longest_time_counts_and_the_rest_only_extends_it(store: CandleStore) -> None:
    store.add(KRAKEN, made(range(2 * DAY, 12 * DAY, HOUR), price=1_000))
    store.add(KRAKEN, made(range(9 * DAY, 15 * DAY, DAY), Timeframe.D1, price=10))
    store.add(KRAKEN, made(range(0, 3 * DAY, 900), Timeframe.M15, price=5_000))
    found = find_candles(in_store(store), ["BTC/USD"], Timeframe.D1)["BTC/USD"]
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
    found = find_candles(in_store(store), ["BTC/USD"], Timeframe.D1)["BTC/USD"]
    assert [time // DAY for time in found.candles.time] == [0, 1, 2, 3, 4, 6, 7]
    assert (found.gaps.count, found.gaps.missing) == (1, 1)


def test_candles_of_two_exchanges_are_never_mixed(tmp_path: Path) -> None:
    series = folder(tmp_path, kraken_BTC_USD_1h=[0], coinbase_BTC_USD_1h=[0, HOUR])
    with pytest.raises(CandleError, match="of BTC/USD of coinbase and kraken: choose one with --exchange"):
        find_candles(series, ["BTC/USD"], Timeframe.H1)
    assert len(find_candles(series, ["BTC/USD"], Timeframe.H1, COINBASE)["BTC/USD"].candles) == 2


def test_a_market_without_candles_is_named_with_the_command_that_fetches_them(store: CandleStore) -> None:
    with pytest.raises(CandleError) as caught:
        find_candles(in_store(store), ["SOL/USD"], Timeframe.D1, COINBASE)
    assert "there are no candles of SOL/USD of coinbase in 1d or shorter" in str(caught.value)
    assert "nija candles download SOL/USD --exchange coinbase --timeframe 1d" in str(caught.value)


def test_longer_candles_alone_are_said_to_be_too_long(store: CandleStore) -> None:
    store.add(KRAKEN, made([0, DAY], Timeframe.D1))
    with pytest.raises(CandleError, match="candles of BTC/USD, but only of 1d: none of 1h can be made from them"):
        find_candles(in_store(store), ["BTC/USD"], Timeframe.H1)


def test_a_real_folder_gives_what_the_file_of_the_longest_time_gives_and_more() -> None:
    path = real_file("kraken-BTC-USD-1h")
    hours = real_candles(path.name.removesuffix(".csv.gz"), Timeframe.D1)
    found = find_candles(in_files([path]), ["BTC/USD"], Timeframe.D1)["BTC/USD"]
    assert same(found.candles, hours)
    whole = find_candles(in_files([path, real_file("kraken-BTC-USD-15m")]), ["BTC/USD"], Timeframe.D1)["BTC/USD"]
    assert whole.candles.close[: len(hours)].tolist() == hours.close.tolist()
    # 2023-01-07, of which the hours have only the beginning, to 2023-09-30.
    assert len(whole.candles) == len(hours) + 267


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
