"""Files of candles: every digit is kept, and every fault is named with its file and line."""

from __future__ import annotations

import gzip
import math
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.candle_files import HEADER, CandleError
from brokers.model import Timeframe
from nija.candles.files import find_candle_files, read_candle_file, read_candles
from nija.candles.gaps import Gaps, find_gaps
from tests.nija.candles.made import HOUR, flat, write
from tests.nija.strategy.real_candles import real_file

if TYPE_CHECKING:
    from decimal import Decimal

PLAIN = "kraken-BTC-USD-1h.csv"
# From Kraken's archive: a candle of one trade, and a volume with an exponent.
ARCHIVE_ROWS = ["1381093200,122.0,122.0,122.0,122.0,0.1,1", "1381096800,123.61,123.62,123.61,123.62,1e-05,2"]


def complaint(path: Path) -> str:
    with pytest.raises(CandleError) as caught:
        read_candles(path)
    assert str(path) in str(caught.value)
    return str(caught.value).replace(str(path), "FILE")


@given(st.lists(st.decimals(min_value="0.00000001", max_value=10**9, places=8), min_size=1, max_size=40))
def test_a_price_is_the_float_nearest_to_its_text(prices: list[Decimal]) -> None:
    rows = [row for hour, price in enumerate(prices) for row in flat([hour * HOUR], f"{price:f}")]
    with tempfile.TemporaryDirectory() as folder:
        candles = read_candles(write(Path(folder) / PLAIN, rows))
    assert candles.close.tolist() == candles.open.tolist() == [float(price) for price in prices]


def test_the_columns_are_not_mixed_up(tmp_path: Path) -> None:
    candles = read_candles(write(tmp_path / PLAIN, ["3600,2,4,1,3,0.5"]))
    assert (candles.market, candles.timeframe) == ("BTC/USD", Timeframe.H1)
    names = ("time", "open", "high", "low", "close", "volume")
    assert [getattr(candles, name).tolist() for name in names] == [[3600], [2], [4], [1], [3], [0.5]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_file_is_the_same_however_a_program_saved_it(tmp_path: Path, encoding: str, ends: str) -> None:
    (tmp_path / PLAIN).write_bytes(ends.join([HEADER, *flat([0, HOUR]), "", ""]).encode(encoding))
    assert read_candles(tmp_path / PLAIN).time.tolist() == [0, HOUR]


def test_a_packed_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    packed = tmp_path / f"{PLAIN}.gz"
    packed.write_bytes(gzip.compress("\n".join([HEADER, *flat([0, HOUR])]).encode()))
    assert read_candles(packed).close.tolist() == [10.5, 10.5]


def test_rows_are_read_and_checked_across_the_blocks_of_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "kraken-BTC-USD-1m.csv"
    times = [1_000_000_020 + minute * 60 for minute in range(30_000)]
    # Files are read in blocks of a mebibyte and the rest of a line.
    end = math.ceil(2**20 / len(f"{flat(times[:1])[0]}\n"))
    for row in range(end - 1, end + 2):
        write(path, flat([*times[:row], times[row - 1], *times[row:]]))
        assert f"FILE, line {row + 2}: the time must be later" in complaint(path)
    assert read_candles(write(path, flat(times))).time.tolist() == times


class TestKrakensArchive:
    def test_a_file_has_no_header_and_counts_trades(self, tmp_path: Path) -> None:
        candles = read_candles(write(tmp_path / "XBTUSD_60.csv", ARCHIVE_ROWS, header=None))
        assert (candles.market, candles.timeframe) == ("BTC/USD", Timeframe.H1)
        assert candles.volume.tolist() == [0.1, 0.00001]

    @pytest.mark.parametrize(
        ("name", "market", "timeframe"),
        [
            ("XBTUSD_1.csv", "BTC/USD", "1m"),
            ("ETHXBT_15.csv", "ETH/BTC", "15m"),
            ("XDGEUR_240.csv", "DOGE/EUR", "4h"),
            ("USDTUSD_1440.csv", "USDT/USD", "1d"),
            ("XBTUSDT_5.csv", "BTC/USDT", "5m"),
            ("ETH2.SETH_30.csv", "ETH2.S/ETH", "30m"),
            ("XBTPYUSD_60.csv.gz", "BTC/PYUSD", "1h"),
        ],
    )
    def test_a_name_is_split_at_the_longest_currency_that_quotes_markets(
        self, tmp_path: Path, name: str, market: str, timeframe: str
    ) -> None:
        (tmp_path / name).touch()
        (file,) = find_candle_files(tmp_path / name).files
        assert (file.exchange, file.market, file.timeframe) == ("kraken", market, timeframe)

    def test_its_zip_is_read_without_unpacking_it(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "Kraken_OHLCVT.zip", "w") as archive:
            archive.writestr("XBTUSD_60.csv", "\n".join(ARCHIVE_ROWS))
            archive.writestr("folder/ETHUSD_60.csv", "\n".join(ARCHIVE_ROWS))
            archive.writestr("ETHUSD_720.csv", "\n".join(ARCHIVE_ROWS))
            archive.writestr("README.txt", "not candles")
        found = find_candle_files(tmp_path / "Kraken_OHLCVT.zip")
        assert [file.market for file in found.files] == ["BTC/USD", "ETH/USD"]
        assert found.unknown == ("ETHUSD_720.csv: unknown interval of 720 minutes",)
        assert read_candle_file(found.files[1]).close.tolist() == [122.0, 123.62]

    def test_a_fault_within_the_zip_is_named_by_file_and_line(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
            archive.writestr("XBTUSD_60.csv", "\n".join([*ARCHIVE_ROWS, "x"]))
        assert "FILE: XBTUSD_60.csv, line 3: expected seven plain numbers" in complaint(tmp_path / "some.zip")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("7200,1,1,1,1", "expected six plain numbers"),
        ("7200,1,1,1,1,1,1", "expected six plain numbers"),
        ("7200,1,1,1,x,1", "not '7200,1,1,1,x,1'"),
        ("7200,1,1,1,nan,1", "expected six plain numbers"),
        ("7200,1,1,1,,1", "expected six plain numbers"),
        ("7200, 1,1,1,1,1", "expected six plain numbers"),
        ("7200,-1,-1,-1,-1,1", "a price must be above 0"),
        ("7200,1,1,1,1,-1", "a price must be above 0, a volume not below it"),
        ("7200000000000,1,1,1,1,1", "time in whole Unix seconds"),
        ("7200.5,1,1,1,1,1", "time in whole Unix seconds"),
        ("", "expected six plain numbers"),
        ("7201,1,1,1,1,1", "not a multiple of the interval (3600 s). Is the interval right?"),
        ("3600,1,1,1,1,1", "this candle is there twice. Remove one of them"),
        ("0,1,1,1,1,1", "must be later than on the line before. Sort the file by time"),
        ("7200,0,1,0,1,1", "a price must be above 0. Correct the line or remove it"),
        ("7200,1,1,2,1,1", "open and close must lie between low and high"),
        ("7200,1,1,1,2,1", "open and close must lie between low and high"),
        ("7200,2,1,1,1,1", "open and close must lie between low and high"),
        (f"7200,1,1,1,1,{'9' * 400}", "a number has too many digits"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(tmp_path: Path, row: str, expected: str) -> None:
    path = write(tmp_path / PLAIN, [*flat([0, HOUR]), row, *flat([3 * HOUR])])
    text = complaint(path)
    assert text.startswith("FILE, line 4: ")
    assert expected in text


def test_the_first_of_several_faults_is_named(tmp_path: Path) -> None:
    rows = ["0,1,1,1,1,1", "3600,1,1,1,2,1", "3600,1,1,1,1,1", "3601,1,1,1,1,1"]
    assert "line 3: open and close" in complaint(write(tmp_path / PLAIN, rows))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (PLAIN, b"a,b,c\n1,2,3\n", "FILE, line 1: the header must be time,open,high,low,close,volume"),
        (PLAIN, b"0,1,1,1,1,1\n", "FILE, line 1: the header must be"),
        (PLAIN, b"", "FILE, line 1: the header must be"),
        (PLAIN, HEADER.encode(), "FILE: no candle under the header"),
        ("XBTUSD_60.csv", b"", "FILE: the file is empty"),
        (
            PLAIN,
            HEADER.encode() + b"\n\xff\xfe\xff",
            "FILE is not a UTF-8 text file. Save it again as plain UTF-8 text",
        ),
        (PLAIN, HEADER.encode() + b"\n0,1,1,1,1\x00,1\n", "FILE is not a UTF-8 text file"),
        (f"{PLAIN}.gz", b"not packed at all", "FILE cannot be read (Not a gzipped file"),
        (f"{PLAIN}.gz", gzip.compress(b"x" * 100, mtime=0)[:-9], "FILE cannot be read (Compressed file ended"),
        ("some.zip", b"not a zip", "FILE cannot be read (File is not a zip file): download or copy it again"),
        ("kraken-BTC-USD-7x.csv", b"", "unknown interval 7x: use one of 1m, 5m, 15m, 30m, 1h, 4h, 1d"),
        ("prices.csv", b"", "FILE: no file of candles: expected a name such as kraken-BTC-USD-1h.csv"),
    ],
)
def test_every_other_fault_of_a_file_is_named(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert expected in complaint(tmp_path / name)


def test_a_zip_that_was_cut_off_or_damaged_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("XBTUSD_60.csv", "\n".join(ARCHIVE_ROWS))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "FILE cannot be read (File is not a zip file)" in complaint(path)
    path.write_bytes(whole.replace(b"123.62,1e-05", b"123.62,2e-05", 1))
    assert "XBTUSD_60.csv cannot be read (Bad CRC-32" in complaint(path)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    assert complaint(tmp_path / PLAIN) == "FILE does not exist"


def test_a_folder_of_several_files_is_not_one_file(tmp_path: Path) -> None:
    for name in (PLAIN, "kraken-ETH-USD-1h.csv", "README.md"):
        write(tmp_path / name, flat([0]))
    assert "FILE holds 2 files of candles: name one of them" in complaint(tmp_path)


class TestIntervals:
    def test_rows_of_a_longer_interval_among_others_are_refused(self, tmp_path: Path) -> None:
        times = [*range(0, 10 * HOUR, 900), *range(10 * HOUR, 100 * HOUR, HOUR)]
        text = complaint(write(tmp_path / "kraken-BTC-USD-15m.csv", flat(times)))
        assert "FILE, line 42: from here on the candles are those of 1h, not 15m" in text
        assert "Put each interval in a file of its own" in text

    def test_a_file_of_a_longer_interval_than_its_name_says_is_refused(self, tmp_path: Path) -> None:
        text = complaint(write(tmp_path / "kraken-BTC-USD-15m.csv", flat([0, HOUR, 2 * HOUR])))
        assert "line 2: from here on the candles are those of 1h" in text

    def test_gaps_are_no_longer_interval(self, tmp_path: Path) -> None:
        times = [0, *range(HOUR, 30 * HOUR, 2 * HOUR), 31 * HOUR, 35 * HOUR, 39 * HOUR, 40 * HOUR]
        assert len(read_candles(write(tmp_path / PLAIN, flat(times)))) == len(times)


class TestGaps:
    def test_they_are_counted_and_the_longest_is_shown(self, tmp_path: Path) -> None:
        path = write(tmp_path / PLAIN, flat([0, 2 * HOUR, 3 * HOUR, 7 * HOUR]))
        candles = read_candles(path)
        found = find_gaps(candles.time, candles.timeframe)
        assert found == Gaps(count=2, missing=4, longest=3, start=4 * HOUR, end=7 * HOUR)

    def test_candles_without_gaps_have_none(self, tmp_path: Path) -> None:
        candles = read_candles(write(tmp_path / PLAIN, flat([0, HOUR])))
        assert find_gaps(candles.time, candles.timeframe).count == 0
        assert find_gaps(candles.time[:1], candles.timeframe).count == 0


@pytest.mark.parametrize(
    ("name", "rows", "gaps", "missing", "longest"),
    [
        ("kraken-AVAX-USD-15m", 24_508, 1_440, 1_700, 6),
        ("freqtrade-XRP-ETH-1m", 2_469, 676, 1_091, 8),
        ("binance-BTC-USDT-1d", 3_121, 0, 0, 0),
    ],
)
def test_real_files_are_read_whole_with_the_gaps_they_have(
    name: str, rows: int, gaps: int, missing: int, longest: int
) -> None:
    candles = read_candles(real_file(name))
    found = find_gaps(candles.time, candles.timeframe)
    assert (len(candles), found.count, found.missing, found.longest) == (rows, gaps, missing, longest)


def test_a_damaged_member_of_a_zip_is_named_however_it_is_packed(tmp_path: Path) -> None:
    path = tmp_path / "some.zip"
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(path, "w", method) as archive:
            archive.writestr(PLAIN, "\n".join([HEADER, *flat(range(0, 100 * HOUR, HOUR))]))
        packed = bytearray(path.read_bytes())
        packed[80:90] = bytes(10)
        path.write_bytes(packed)
        assert f"FILE: {PLAIN} cannot be read" in complaint(path)


def test_a_packed_file_within_a_zip_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.writestr(f"{PLAIN}.gz", gzip.compress("\n".join([HEADER, *flat([0, HOUR])]).encode()))
    assert read_candles(tmp_path / "some.zip").time.tolist() == [0, HOUR]


def test_a_pipe_or_a_device_is_refused_instead_of_read_for_ever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / PLAIN)
    assert complaint(tmp_path / PLAIN) == "FILE is neither a file nor a folder"
