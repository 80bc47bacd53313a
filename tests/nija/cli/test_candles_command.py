"""`nija candles`: downloads from simulated exchanges over a real socket, imports files, lists what is stored."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from brokers.description import AccessSettings
from brokers.exchanges import described
from brokers.model import Exchange, Timeframe
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.market_data import CandleRow
from nija.candles.download import WantedCandles, download
from nija.candles.store import CandleStore, origin
from nija.cli.app import app
from tests.nija.candles.made import HOUR, flat, write
from tests.simulator_fixtures import UNLIMITED, Rig, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.testing import Result

    from brokers.model import Candles

# The rig's clock stands at 2023-11-14 22:13 UTC.
NOW = 1_700_000_000
HOURS = 1_000


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CandleStore]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIJA_DATA_DIR", str(tmp_path / "data"))
    with CandleStore(tmp_path / "data" / "candles.sqlite3") as opened:
        yield opened


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    """A thousand hours of BTC/USD at both exchanges, the last one open."""
    with manual_rig(SimulatorConfig(usd_accounts(), limits=UNLIMITED)) as rig:
        monkeypatch.setenv("KRAKEN_API_URL", rig.simulator.kraken_url)
        monkeypatch.setenv("COINBASE_API_URL", rig.simulator.coinbase_url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", rig.simulator.ca_file)
        for source in rig.sources.values():
            source.set_candles("BTC/USD", HOUR, [row(index) for index in range(HOURS)])
            source.set_candles("BTC/USD", 24 * HOUR, [row(index, 24) for index in range(100)])
        yield rig


def row(index: int, hours: int = 1) -> CandleRow:
    """Each candle is a little dearer than the one before; the last is the open one."""
    span = hours * HOUR
    count = HOURS if hours == 1 else 100
    time = NOW // span * span - (count - 1 - index) * span
    price = Decimal("1000.5") + index
    return CandleRow(time, price, price + 1, price - 1, price, price, Decimal("0.5"), 3)


def nija(*words: str) -> Result:
    return CliRunner().invoke(app, ["candles", *words])


def stored(store: CandleStore, exchange: str, timeframe: Timeframe = Timeframe.H1) -> Candles:
    (named,) = {span.exchange for span in store.spans() if span.exchange.startswith(f"{exchange}@")}
    return store.read(named, "BTC/USD", timeframe)


class TestDownload:
    def test_coinbase_gives_its_whole_history_in_pages(self, rig: Rig, store: CandleStore) -> None:
        done = nija("download", "btc/usd", "--exchange", "coinbase", "--timeframe", "1h", "--from", "2023-01-01")
        assert done.exit_code == 0, done.output
        candles = stored(store, "coinbase")
        assert candles.time.tolist() == [row(index).time for index in range(HOURS - 1)]
        assert candles.close.tolist() == [1000.5 + index for index in range(HOURS - 1)]
        assert f"BTC/USD 1h: {HOURS - 1} candles downloaded" in done.output
        assert not rig.violations()

    def test_kraken_gives_its_latest_and_the_archive_is_named_for_the_rest(self, rig: Rig, store: CandleStore) -> None:
        done = nija("download", "BTC/USD", "--exchange", "kraken", "--timeframe", "1h", "--from", "2023-01-01")
        assert done.exit_code == 1
        assert len(stored(store, "kraken")) == 719
        assert "Kraken's API does not offer the candles from 2023-01-01 to 2023-10-15 23:00" in done.output
        assert "https://support.kraken.com/" in done.output
        assert "nija candles import FILE --market BTC/USD --timeframe 1h" in done.output
        assert not rig.violations()

    def test_a_download_that_was_stopped_goes_on_where_it_was(self, rig: Rig, store: CandleStore) -> None:
        address = rig.simulator.coinbase_url
        open_history = described(Exchange.COINBASE).open_history
        assert open_history is not None
        since = int(datetime(2023, 10, 4, tzinfo=UTC).timestamp())
        with closing(open_history(AccessSettings(address, rig.clock, store.path.parent))) as history:
            pages = download(
                history, store, origin(Exchange.COINBASE, address), WantedCandles("BTC/USD", Timeframe.H1, since, NOW)
            )
            next(pages)
            first = next(pages).stored
        done = nija("download", "BTC/USD", "--exchange", "coinbase", "--timeframe", "1h", "--from", "2023-10-04")
        assert f"{HOURS - 1 - first} candles downloaded" in done.output
        assert 0 < first < HOURS - 1
        assert stored(store, "coinbase").time.tolist() == [row(index).time for index in range(HOURS - 1)]

    def test_the_last_day_is_included(self, rig: Rig, store: CandleStore) -> None:
        nija(
            "download", "BTC/USD", "--exchange", "coinbase", "--timeframe", "1h",
            "--from", "2023-11-01", "--to", "2023-11-02",
        )  # fmt: skip
        assert [int(time) % 86_400 // HOUR for time in stored(store, "coinbase").time] == [*range(24)] * 2
        assert not rig.violations()

    def test_the_steps_and_minimums_of_the_markets_come_with_the_candles(self, rig: Rig, store: CandleStore) -> None:
        nija("download", "BTC/USD", "--exchange", "coinbase", "--timeframe", "1h", "--from", "2023-11-14")
        known = store.market(origin(Exchange.COINBASE, rig.simulator.coinbase_url), "ADA/USD")
        assert known is not None
        assert (known.market.price_step, known.market.min_cost) == (Decimal("0.0001"), Decimal(1))

    def test_a_market_that_the_exchange_does_not_have_is_named(self, rig: Rig, store: CandleStore) -> None:
        done = nija("download", "BTX/USD", "--exchange", "kraken", "--timeframe", "1h", "--from", "2023-01-01")
        assert done.exit_code == 2
        assert "Kraken has no market BTX/USD. Did you mean BTC/USD?" in done.output
        assert store.spans() == ()
        assert not rig.violations()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--exchange", "binance", "--from", "2023-01-01"), "unknown exchange 'binance': use kraken or coinbase"),
        (("--exchange", "kraken", "--from", "2199-01-01"), "--from 2199-01-01 must lie before now and before --to"),
    ],
)
def test_what_cannot_be_downloaded_is_said_before_anything_is_asked(
    store: CandleStore, words: tuple[str, ...], expected: str
) -> None:
    done = nija("download", "BTC/USD", "--timeframe", "1h", *words)
    assert (done.exit_code, expected in done.output) == (2, True)
    assert not store.path.exists()


class TestImport:
    def test_files_are_stored_and_their_gaps_are_told(self, tmp_path: Path, store: CandleStore) -> None:
        write(tmp_path / "kraken-BTC-USD-1h.csv", flat([0, 3 * HOUR, 4 * HOUR]))
        write(tmp_path / "XBTUSD_1440.csv", ["0,1,1,1,1,1,1"], header=None)
        done = nija("import", "kraken-BTC-USD-1h.csv", "XBTUSD_1440.csv")
        assert done.exit_code == 0
        assert "✅ kraken BTC/USD 1h: 3 candles, 1970-01-01 to 1970-01-01 04:00" in done.output
        assert "1 gap, 2 candles missing; the longest: 2, 1970-01-01 01:00 to 1970-01-01 03:00" in done.output
        assert [(span.exchange, span.timeframe, span.count) for span in store.spans()] == [
            (Exchange.KRAKEN, Timeframe.H1, 3),
            (Exchange.KRAKEN, Timeframe.D1, 1),
        ]

    def test_a_file_with_a_fault_is_named_and_the_others_are_stored(self, tmp_path: Path, store: CandleStore) -> None:
        write(tmp_path / "kraken-BTC-USD-1h.csv", flat([0, HOUR + 1]))
        write(tmp_path / "kraken-ETH-USD-1h.csv", flat([0]))
        done = nija("import", ".")
        assert done.exit_code == 1
        assert "❌ kraken-BTC-USD-1h.csv, line 3: the time is not a multiple" in done.output
        assert [span.market for span in store.spans()] == ["ETH/USD"]

    def test_only_the_wanted_markets_and_timeframes_are_taken(self, tmp_path: Path, store: CandleStore) -> None:
        for name in ("BTC-USD-1h", "BTC-USD-15m", "ETH-USD-1h"):
            write(tmp_path / f"kraken-{name}.csv", flat([0]))
        assert nija("import", ".", "--market", "btc/usd", "--timeframe", "1h").exit_code == 0
        assert [(span.market, span.timeframe) for span in store.spans()] == [("BTC/USD", Timeframe.H1)]
        done = nija("import", ".", "--market", "SOL/USD")
        assert (done.exit_code, "none of these files is of that market and timeframe" in done.output) == (2, True)

    def test_a_wanted_market_without_a_file_is_named(self, tmp_path: Path, store: CandleStore) -> None:
        write(tmp_path / "kraken-ETH-USD-1h.csv", flat([0]))
        done = nija("import", ".", "--market", "ETH/USD", "--market", "ETH/UDS")
        assert (done.exit_code, "❌ --market ETH/UDS: no file of it. Did you mean ETH/USD?" in done.output) == (1, True)
        assert [span.market for span in store.spans()] == ["ETH/USD"]

    def test_files_of_an_unknown_interval_are_counted(self, tmp_path: Path, store: CandleStore) -> None:
        for minutes in (60, 720):
            write(tmp_path / f"XBTUSD_{minutes}.csv", ["0,1,1,1,1,1,1"], header=None)
        done = nija("import", ".")
        assert done.exit_code == 0
        assert "left out: 1 file of an interval that NIJA does not trade, such as XBTUSD_720.csv" in done.output
        assert len(store.spans()) == 1

    def test_a_file_that_is_not_there_is_named(self, store: CandleStore) -> None:
        done = nija("import", "nothing.csv")
        assert (done.exit_code, "❌ nothing.csv does not exist" in done.output) == (2, True)
        assert store.spans() == ()


class TestList:
    def test_an_empty_store_says_how_to_fill_it(self, store: CandleStore) -> None:
        done = nija("list")
        assert done.exit_code == 0
        assert "nija candles download BTC/USD ETH/USD --exchange coinbase" in done.output
        assert not store.path.exists()

    def test_every_series_is_shown_with_its_gaps(self, tmp_path: Path, store: CandleStore) -> None:
        write(tmp_path / "kraken-BTC-USD-1h.csv", flat([0, 3 * HOUR, 4 * HOUR]))
        nija("import", "kraken-BTC-USD-1h.csv")
        lines = nija("list").output.splitlines()
        assert lines[0].split() == ["Exchange", "Market", "Timeframe", "Candles", "First", "Last", "Gaps", "Missing"]
        assert lines[1].split() == ["kraken", "BTC/USD", "1h", "3", "1970-01-01", "1970-01-01", "1", "2"]
        assert "kraken BTC/USD 1h: 2, 1970-01-01 01:00 to 1970-01-01 03:00" in lines[-1]
        assert store.path.exists()
