"""The store of past candles: what is put in comes out, whoever else uses it and whenever a process is killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.candle_files import CandleError
from brokers.exchanges import described
from brokers.model import Exchange, Market, Timeframe
from nija.candles.gaps import NO_GAPS, Gaps
from nija.candles.store import CandleStore, KnownMarket, Span, origin
from tests.nija.candles.made import DAY, HOUR, made, same

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
MARKET = Market(
    "BTC/USD",
    "BTC",
    "USD",
    Decimal("0.00000001"),
    Decimal("0.1"),
    min_amount=Decimal("0.00005"),
    min_cost=Decimal("0.5"),
)
KRAKEN = Exchange.KRAKEN
# Stores hours for ever, a thousand at a time.
_WRITER = """
import sys
from pathlib import Path
from nija.candles.store import CandleStore
from tests.nija.candles.made import made
with CandleStore(Path(sys.argv[1])) as store:
    for start in range(0, 10**9, 1000):
        store.add("kraken", made(range(start * 3600, (start + 1000) * 3600, 3600)))
        print(start, flush=True)
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CandleStore]:
    with CandleStore(tmp_path / "data" / "candles.sqlite3", patience=0.1) as opened:
        yield opened


def test_what_is_stored_is_read_again_to_the_last_bit(store: CandleStore) -> None:
    hours = made(range(0, 100 * HOUR, HOUR))
    store.add(KRAKEN, hours)
    store.close()
    assert same(store.read(KRAKEN, "BTC/USD", Timeframe.H1), hours)


@given(st.sets(st.integers(0, 200), max_size=30), st.integers(-10, 210), st.integers(-10, 210))
def test_a_read_gives_the_candles_within_its_bounds(hours: set[int], since: int, until: int) -> None:
    with CandleStore(Path(":memory:")) as store:
        # SQLite's name for a database in memory: nothing is written.
        store.add(KRAKEN, made(hour * HOUR for hour in sorted(hours)))
        found = store.read(KRAKEN, "BTC/USD", Timeframe.H1, since * HOUR, until * HOUR)
    assert found.time.tolist() == [hour * HOUR for hour in sorted(hours) if since <= hour < until]


def test_a_corrected_candle_replaces_the_one_that_is_there(store: CandleStore) -> None:
    store.add(KRAKEN, made([0, HOUR], price=100))
    store.add(KRAKEN, made([HOUR, 2 * HOUR], price=200))
    assert store.read(KRAKEN, "BTC/USD", Timeframe.H1).close.tolist() == [100, 200, 200.1]


def test_exchanges_markets_and_timeframes_are_kept_apart(store: CandleStore) -> None:
    store.add(KRAKEN, made([0], price=1))
    store.add(Exchange.COINBASE, made([0], price=2))
    store.add(KRAKEN, made([0], price=3, market="ETH/USD"))
    store.add(KRAKEN, made([0], Timeframe.D1, price=4))
    assert store.read(KRAKEN, "BTC/USD", Timeframe.H1).close.tolist() == [1]
    assert [(span.exchange, span.market, span.timeframe) for span in store.spans()] == [
        ("coinbase", "BTC/USD", Timeframe.H1),
        ("kraken", "BTC/USD", Timeframe.H1),
        ("kraken", "BTC/USD", Timeframe.D1),
        ("kraken", "ETH/USD", Timeframe.H1),
    ]


def test_a_span_says_how_many_candles_there_are_and_where_some_are_missing(store: CandleStore) -> None:
    store.add(KRAKEN, made([0, HOUR, 4 * HOUR, 6 * HOUR]))
    store.add(KRAKEN, made([0, DAY], Timeframe.D1))
    hours, days = store.spans()
    assert hours == Span(KRAKEN, "BTC/USD", Timeframe.H1, first=0, last=6 * HOUR, count=4)
    assert (hours.missing, days.missing) == (3, 0)
    assert store.gaps(hours) == Gaps(count=2, missing=3, longest=2, start=2 * HOUR, end=4 * HOUR)
    assert store.gaps(days) == NO_GAPS


def test_looking_into_a_store_that_is_not_there_makes_none(store: CandleStore) -> None:
    assert store.spans() == ()
    assert len(store.read(KRAKEN, "BTC/USD", Timeframe.H1)) == 0
    assert store.market(KRAKEN, "BTC/USD") is None
    assert not store.path.parent.exists()


def test_the_last_known_steps_and_minimums_of_a_market_are_kept_with_their_time(store: CandleStore) -> None:
    store.add_markets(KRAKEN, [MARKET], read_at=1)
    store.add_markets(KRAKEN, [MARKET], read_at=2)
    assert store.market(KRAKEN, "BTC/USD") == KnownMarket(MARKET, 2)
    assert store.market(Exchange.COINBASE, "BTC/USD") is None


def test_downloads_that_follow_on_each_other_count_as_one(store: CandleStore) -> None:
    def until(start: int) -> int:
        return store.fetched_until(KRAKEN, "BTC/USD", Timeframe.H1, start * HOUR) // HOUR

    store.add_fetched(KRAKEN, made([0]), 0, 10 * HOUR)
    store.add_fetched(KRAKEN, made([10 * HOUR]), 10 * HOUR, 20 * HOUR)
    store.add_fetched(KRAKEN, made([30 * HOUR]), 30 * HOUR, 40 * HOUR)
    assert (until(0), until(5), until(20), until(25), until(30)) == (20, 20, 20, 25, 40)


def test_candles_at_another_address_are_kept_apart_from_the_exchanges_own() -> None:
    assert origin(KRAKEN, described(KRAKEN).address) == "kraken"
    assert origin(KRAKEN, "http://127.0.0.1:8080") == "kraken@127.0.0.1:8080"


def test_a_killed_writer_leaves_whole_batches_and_a_store_that_others_read_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "candles.sqlite3"
    writer = subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, "-c", _WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with CandleStore(path) as store:
        for _ in range(3):
            writer.stdout.readline()
            assert len(store.read(KRAKEN, "BTC/USD", Timeframe.H1)) % 1_000 == 0
        writer.send_signal(signal.SIGKILL)
        written = writer.communicate()[0].split()
        count = len(store.read(KRAKEN, "BTC/USD", Timeframe.H1))
        assert count % 1_000 == 0
        assert count >= 1_000 * len(written)
        store.add(KRAKEN, made([0], market="ETH/USD"))


class TestTrouble:
    def test_a_writer_waits_for_another_and_then_says_so(self, store: CandleStore) -> None:
        store.add(KRAKEN, made([0]))
        with closing(sqlite3.connect(store.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            began = time.monotonic()
            with pytest.raises(CandleError, match="another process is writing to it: try again"):
                store.add(KRAKEN, made([HOUR]))
            assert time.monotonic() - began >= 0.1
            other.rollback()
        store.add(KRAKEN, made([HOUR]))
        assert len(store.read(KRAKEN, "BTC/USD", Timeframe.H1)) == 2

    def test_a_full_disk_is_named_and_leaves_the_store_as_it_was(self, tmp_path: Path) -> None:
        program = (
            "import resource, sys\n"
            "from pathlib import Path\n"
            "from brokers.candle_files import CandleError\n"
            "from nija.candles.store import CandleStore\n"
            "from tests.nija.candles.made import made\n"
            "store = CandleStore(Path(sys.argv[1]))\n"
            "store.add('kraken', made([0]))\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
            "try:\n"
            "    store.add('kraken', made(range(0, 36_000_000, 3600)))\n"
            "except CandleError as error:\n"
            "    print(error)\n"
            "store.close()\n"
        )
        path = tmp_path / "candles.sqlite3"
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert f"{path} cannot be used" in done.stdout
        assert "space" in done.stdout or "the disk is full" in done.stdout
        with CandleStore(path) as store:
            assert len(store.read(KRAKEN, "BTC/USD", Timeframe.H1)) == 1

    def test_a_damaged_file_is_named_with_the_remedy(self, store: CandleStore) -> None:
        store.path.parent.mkdir()
        store.path.write_bytes(b"no database" * 1_000)
        with pytest.raises(CandleError, match="it is damaged: move it away; its candles can be downloaded"):
            store.spans()

    def test_a_file_that_is_damaged_while_it_is_open_can_be_moved_away(self, store: CandleStore) -> None:
        store.add(KRAKEN, made(range(0, 2_000 * HOUR, HOUR)))
        with closing(sqlite3.connect(store.path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.path.write_bytes(b"no database" * 20_000)
        with pytest.raises(CandleError, match="it is damaged: move it away"):
            store.read(KRAKEN, "BTC/USD", Timeframe.H1)
        for part in store.path.parent.iterdir():
            part.unlink()
        store.add(KRAKEN, made([0]))
        assert [span.count for span in store.spans()] == [1]

    def test_a_file_of_a_newer_version_is_left_alone(self, store: CandleStore) -> None:
        store.add(KRAKEN, made([0]))
        store.close()
        with closing(sqlite3.connect(store.path)) as other:
            other.execute("PRAGMA user_version = 99")
        with pytest.raises(CandleError, match="was written by a newer NIJA: update this one"):
            store.add(KRAKEN, made([HOUR]))

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "data").touch()
        with pytest.raises(CandleError, match=r"data/candles.sqlite3 cannot be used .*: make its folder writable"):
            CandleStore(tmp_path / "data" / "candles.sqlite3").add(KRAKEN, made([0]))

    def test_a_candle_without_a_figure_is_not_stored(self, store: CandleStore) -> None:
        with pytest.raises(CandleError, match="NOT NULL"):
            store.add(KRAKEN, made([0], price=float("nan")))
        assert store.spans() == ()
