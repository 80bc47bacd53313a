from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.prices import CandleError, MarketPrices, replay_prices

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = 1_795_000_000.0
HOUR, DAY = 3_600, 86_400
HEADER = "time,open,high,low,close,volume"
REAL = Path(__file__).parents[5] / "shared" / "data" / "candles"


def write(path: Path, rows: Iterable[str]) -> None:
    path.write_text("\n".join([HEADER, *rows, ""]))


def flat(times: Iterable[int], price: str = "10.5", volume: str = "0.25") -> list[str]:
    return [f"{time},{price},{price},{price},{price},{volume}" for time in times]


def replay(directory: Path, start: float | None = None, speed: float = 1.0) -> MarketPrices:
    moment = None if start is None else datetime.fromtimestamp(start, UTC)
    return replay_prices(directory, speed=speed, wall_start=NOW, start=moment)


def test_candles_of_a_coarser_interval_have_the_exact_digits_of_the_file(tmp_path: Path) -> None:
    rows = ["0,0.00005331,0.0000534,0.00005288,0.0000529,431401.97869504", "300,0.0000529,0.1,0.00000001,0.0984,0.1"]
    write(tmp_path / "kraken-ADA-BTC-5m.csv", rows)
    source = replay(tmp_path, start=0).sources["kraken"]
    row = source.candles("ADA/BTC", 900, 2_000.0)[0]
    assert (row.open, row.high, row.low, row.close) == tuple(
        map(Decimal, ("0.00005331", "0.1", "0.00000001", "0.0984"))
    )
    assert row.volume == Decimal("431402.07869504")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_candles_that_a_windows_editor_saved_are_read_like_any_others(tmp_path: Path, encoding: str) -> None:
    lines = "\r\n".join([HEADER, *flat([0, HOUR]), ""])
    (tmp_path / "kraken-BTC-USD-1h.csv").write_bytes(lines.encode(encoding))
    source = replay(tmp_path, start=0).sources["kraken"]
    assert [row.close for row in source.candles("BTC/USD", HOUR, 2.0 * HOUR)][:2] == [Decimal("10.5")] * 2


def test_gaps_stay_gaps_and_the_running_candle_stays_flat_in_them(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat([0, HOUR, 5 * HOUR]))
    source = replay(tmp_path, start=0).sources["kraken"]
    rows = source.candles("BTC/USD", HOUR, 3.5 * HOUR)
    assert [row.time for row in rows] == [0, HOUR, 3 * HOUR]
    assert rows[-1].volume == rows[-1].count == 0
    assert rows[-1].close == Decimal("10.5")


def test_the_last_price_stays_when_the_data_ends(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(0, 10 * HOUR, HOUR)))
    source = replay(tmp_path, start=0).sources["kraken"]
    assert len(list(source.advance("BTC/USD", 20.0 * HOUR))) == 40
    assert list(source.advance("BTC/USD", 90.0 * HOUR)) == []
    assert [row.time for row in source.candles("BTC/USD", HOUR, 90.0 * HOUR)][-2:] == [9 * HOUR, 90 * HOUR]


def test_an_interval_finer_than_the_record_has_no_candles(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(0, 10 * HOUR, HOUR)))
    assert replay(tmp_path, start=0).sources["kraken"].candles("BTC/USD", 900, 5.0 * HOUR) == []


def test_a_finer_file_extends_a_coarser_one_and_corrects_its_last_candle(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(0, 48 * HOUR, HOUR), price="10"))
    write(tmp_path / "kraken-BTC-USD-15m.csv", flat(range(40 * HOUR, 60 * HOUR, 900), price="20.25"))
    source = replay(tmp_path, start=0).sources["kraken"]
    hours = source.candles("BTC/USD", HOUR, 70.0 * HOUR)[:-1]
    assert [row.time for row in hours] == list(range(0, 60 * HOUR, HOUR))
    assert [row.close for row in hours[46:49]] == [Decimal(10), Decimal("20.25"), Decimal("20.25")]
    assert hours[47].volume == 4 * Decimal("0.25")
    quarters = source.candles("BTC/USD", 900, 70.0 * HOUR)[:-1]
    assert quarters[0].time == 47 * HOUR


def test_a_finer_file_may_also_come_first(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(10 * HOUR, 48 * HOUR, HOUR), price="10"))
    write(tmp_path / "kraken-BTC-USD-15m.csv", flat(range(8 * HOUR, 12 * HOUR, 900), price="20"))
    hours = replay(tmp_path, start=9 * HOUR).sources["kraken"].candles("BTC/USD", HOUR, 70.0 * HOUR)[:-1]
    assert [row.time for row in hours] == list(range(8 * HOUR, 48 * HOUR, HOUR))
    assert [row.close for row in hours[:3]] == [Decimal(20), Decimal(20), Decimal(10)]


def test_each_exchange_has_its_own_source_on_one_clock(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(0, 200 * DAY, HOUR), price="10"))
    write(tmp_path / "coinbase-BTC-USD-1h.csv", flat(range(0, 200 * DAY, HOUR), price="11"))
    write(tmp_path / "freqtrade-BTC-USD-1h.csv", ["not a candle"])
    prices = replay(tmp_path, speed=60.0)
    assert set(prices.sources) == {"kraken", "coinbase"}
    start = prices.clock.market_start
    assert [next(iter(prices.sources[name].advance("BTC/USD", start))).price for name in ("kraken", "coinbase")] == [
        10,
        11,
    ]
    assert prices.clock.market_time(NOW + 10) == start + 600


def test_the_start_is_where_most_markets_have_a_history(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(0, 500 * DAY, HOUR)))
    write(tmp_path / "coinbase-BTC-USD-1h.csv", flat(range(100 * DAY + HOUR, 300 * DAY, HOUR)))
    write(tmp_path / "kraken-SOL-USD-15m.csv", flat(range(400 * DAY, 500 * DAY, 900)))
    prices = replay(tmp_path)
    assert prices.clock.market_start == 161 * DAY
    assert {name: source.symbols() for name, source in prices.sources.items()} == {
        "kraken": ("BTC/USD",),
        "coinbase": ("BTC/USD",),
    }


def test_an_explicit_start_leaves_out_markets_without_data_at_that_moment(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(0, 500 * DAY, HOUR)))
    write(tmp_path / "kraken-SOL-USD-15m.csv", flat(range(400 * DAY, 500 * DAY, 900)))
    assert replay(tmp_path, start=399.0 * DAY).sources["kraken"].symbols() == ("BTC/USD",)
    assert set(replay(tmp_path, start=450.0 * DAY).sources["kraken"].symbols()) == {"BTC/USD", "SOL/USD"}


def test_records_shorter_than_a_history_are_played_from_their_beginning(tmp_path: Path) -> None:
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat(range(20 * DAY, 30 * DAY, HOUR)))
    assert replay(tmp_path).clock.market_start == 20 * DAY


def test_a_compressed_file_with_windows_line_ends_is_read_alike(tmp_path: Path) -> None:
    text = "\r\n".join([HEADER, *flat([0, HOUR])])
    (tmp_path / "coinbase-BTC-USD-1h.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert len(replay(tmp_path, start=0).sources["coinbase"].candles("BTC/USD", HOUR, 3.0 * HOUR)) == 3


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("7200,1,1,1,1", "expected six plain numbers"),
        ("7200,1,1,1,1,x", "expected six plain numbers"),
        ("7200,1,1,1,1,1e-05", "expected six plain numbers"),
        ("7200,1,1,1,-1,1", "a price must be above 0"),
        ("", "expected six plain numbers"),
        ("7201,1,1,1,1,1", "not a multiple of the interval"),
        ("3600,1,1,1,1,1", "later than on the line before"),
        ("7200,0,1,0,1,1", "a price must be above 0"),
        ("7200,1,1,1,2,1", "between low and high"),
        ("7200,1,1,2,1,1", "between low and high"),
    ],
)
def test_a_broken_row_is_named_by_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    path = tmp_path / "kraken-BTC-USD-1h.csv"
    write(path, [*flat([0, HOUR]), row, *flat([3 * HOUR])])
    with pytest.raises(CandleError, match=complaint) as caught:
        replay(tmp_path, start=0)
    assert f"{path}, line 4" in str(caught.value)


def test_every_other_fault_of_the_files_is_named_too(tmp_path: Path) -> None:
    def complaint(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(CandleError) as caught:
            replay(tmp_path)
        path.unlink()
        return str(caught.value)

    good = "\n".join([HEADER, *flat([0])]).encode()
    assert "header" in complaint("kraken-BTC-USD-1h.csv", b"a,b,c\n1,2,3\n")
    assert "no candle under" in complaint("kraken-BTC-USD-1h.csv", HEADER.encode())
    assert "cannot read" in complaint("kraken-BTC-USD-1h.csv.gz", good)
    assert "cannot read" in complaint("kraken-BTC-USD-1h.csv.gz", gzip.compress(good)[:-12])
    assert "unknown interval 7x" in complaint("kraken-BTC-USD-7x.csv", good)
    assert "no candle file" in complaint("README.md", b"nothing here")
    with pytest.raises(CandleError, match="cannot read the candle directory"):
        replay(tmp_path / "absent")
    write(tmp_path / "kraken-BTC-USD-1h.csv", flat([0]))
    with pytest.raises(CandleError, match=r"no market .* kraken BTC/USD 1970-01-01 to 1970-01-01"):
        replay(tmp_path, start=5.0 * DAY)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real candles are not there")
def test_the_real_candles_start_where_both_exchanges_have_a_history() -> None:
    prices = replay(REAL, speed=float(DAY))
    assert datetime.fromtimestamp(prices.clock.market_start, UTC) == datetime(2018, 7, 15, tzinfo=UTC)
    assert set(prices.sources["kraken"].symbols()) == {"BTC/USD", "ETH/USD"}
    assert set(prices.sources["coinbase"].symbols()) == {"BTC/USD", "ETH/USD", "LTC/USD"}


@pytest.mark.skipif(not REAL.is_dir(), reason="the real candles are not there")
def test_real_hours_sum_up_to_the_days_they_make(tmp_path: Path) -> None:
    hourly = "coinbase-ETH-USD-1h.csv.gz"
    (tmp_path / hourly).symlink_to(REAL / hourly)
    text = gzip.decompress((REAL / hourly).read_bytes()).decode()
    rows = [[Decimal(cell) for cell in line.split(",")] for line in text.splitlines()[1:]]
    day = int(datetime(2018, 12, 24, tzinfo=UTC).timestamp())
    hours = [row for row in rows if day <= row[0] < day + DAY]
    source = replay(tmp_path).sources["coinbase"]
    candle = next(row for row in source.candles("ETH/USD", DAY, day + 10.0 * DAY) if row.time == day)
    assert (candle.open, candle.close) == (hours[0][1], hours[-1][4])
    assert (candle.high, candle.low) == (max(row[2] for row in hours), min(row[3] for row in hours))
    assert candle.volume == sum(row[5] for row in hours)
