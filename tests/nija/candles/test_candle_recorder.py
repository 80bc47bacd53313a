"""The daemon stores the closed candles that its feeds see, and trades on when it cannot."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from brokers.errors import Unavailable
from brokers.model import Exchange, Timeframe
from nija.candles.markets import assumed_facts
from nija.candles.recording import CandleRecorder
from nija.candles.store import CandleStore
from nija.log.event_log import EventLog, get_log
from tests.fakes import ManualClock
from tests.nija.candles.made import DAY, made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from brokers.model import Market

KRAKEN = Exchange.KRAKEN
MARKETS = {"BTC/USD": assumed_facts("BTC/USD", Decimal(10)).market}


class Rig:
    def __init__(self, path: Path) -> None:
        self.clock = ManualClock()
        self.store = CandleStore(path, patience=0.0)
        self.written: list[int] = []
        self.is_unavailable = False
        self.recorder = CandleRecorder(self.store, KRAKEN, self.markets, self.clock, EventLog(get_log("tests")))

    def markets(self) -> Mapping[str, Market]:
        if self.is_unavailable:
            raise Unavailable("no answer")
        return MARKETS

    def times(self) -> list[int]:
        return [int(time) // DAY for time in self.store.read(KRAKEN, "BTC/USD", Timeframe.D1).time]


def days(first: int, end: int, price: float = 100.0) -> range:
    return range(first * DAY, end * DAY, DAY)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "candles.sqlite3")
    yield rig
    rig.recorder.close()


def test_all_candles_are_stored_at_first_and_then_each_new_one(rig: Rig) -> None:
    rig.recorder.record(made(days(0, 5), Timeframe.D1))
    assert rig.times() == [0, 1, 2, 3, 4]
    rig.recorder.record(made(days(0, 6), Timeframe.D1))
    assert rig.times() == [0, 1, 2, 3, 4, 5]


def test_a_correction_of_the_last_candle_replaces_it_and_no_older_one_is_written_again(rig: Rig) -> None:
    rig.recorder.record(made(days(0, 3), Timeframe.D1, price=100))
    rig.recorder.record(made(days(0, 3), Timeframe.D1, price=200))
    closes = rig.store.read(KRAKEN, "BTC/USD", Timeframe.D1).close.tolist()
    assert closes == [100.0, 100.1, 200.2]


def test_a_store_that_cannot_be_written_is_logged_once_and_written_when_it_can(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.touch()
    rig = Rig(folder / "candles.sqlite3")
    with capture_logs() as lines:
        rig.recorder.record(made(days(0, 3), Timeframe.D1))
        rig.recorder.record(made(days(0, 4), Timeframe.D1))
    (line,) = lines
    assert "Candles are not stored, for backtests to come; trading goes on." in line["event"]
    assert f"{folder}/candles.sqlite3 cannot be used" in line["event"]
    folder.unlink()
    rig.recorder.record(made(days(0, 5), Timeframe.D1))
    assert rig.times() == [0, 1, 2, 3, 4]
    rig.recorder.close()


def test_the_steps_and_minimums_of_the_market_are_stored_once_a_day(rig: Rig) -> None:
    rig.recorder.record(made(days(0, 3), Timeframe.D1))
    began = int(rig.clock.time())
    assert rig.store.market(KRAKEN, "BTC/USD") is not None
    rig.clock.advance(DAY - 1)
    rig.recorder.record(made(days(0, 4), Timeframe.D1))
    known = rig.store.market(KRAKEN, "BTC/USD")
    assert known is not None
    assert (known.market, known.read_at) == (MARKETS["BTC/USD"], began)
    rig.clock.advance(1)
    rig.recorder.record(made(days(0, 5), Timeframe.D1))
    known = rig.store.market(KRAKEN, "BTC/USD")
    assert known is not None
    assert known.read_at == began + DAY


def test_candles_are_stored_while_the_markets_cannot_be_read(rig: Rig) -> None:
    rig.is_unavailable = True
    with capture_logs() as lines:
        rig.recorder.record(made(days(0, 3), Timeframe.D1))
    assert (rig.times(), lines) == ([0, 1, 2], [])
    rig.is_unavailable = False
    rig.recorder.record(made(days(0, 4), Timeframe.D1))
    assert rig.store.market(KRAKEN, "BTC/USD") is not None
