"""Candles of CSV files with all their digits, for replays."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.candle_files import PLAIN, CandleError, named_file
from brokers.candle_rows import check_candles, read_rows
from brokers.model import Exchange, Timeframe
from brokers.simulator import FACES
from brokers.simulator.prices.bars import Bars, Scale

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

# The archives do not contain the number of trades; every candle in them has some.
_TRADES_PER_ROW = 4
_COLUMNS = len(PLAIN.columns)
_VOLUME_COLUMN = _COLUMNS - 1
_FIRST_LINE = 2


@dataclass(frozen=True, slots=True)
class ReplayFile:
    path: Path
    exchange: Exchange
    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True, eq=False)
class CandleTable:
    """The rows of one file and their decimals."""

    bars: Bars
    scale: Scale


def find_candle_files(directory: Path) -> list[ReplayFile]:
    """The files of simulated exchanges; other files are ignored."""
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise CandleError(f"cannot read the candle directory {directory}: {error.strerror}") from error
    files = list(_candle_files(paths))
    if not files:
        raise CandleError(
            f"no candle file in {directory}: expected names like kraken-BTC-USD-1h.csv.gz "
            f"(exchanges {', '.join(FACES)}; intervals {', '.join(Timeframe)})"
        )
    return files


def read_candle_file(file: ReplayFile) -> CandleTable:
    """Raises CandleError."""
    fields = _read_text(file.path).removesuffix("\n").replace("\n", ",").split(",")
    table = _table(file.path, [fields[column::_COLUMNS] for column in range(_COLUMNS)])
    bars = table.bars
    prices = (bars.time, bars.open, bars.high, bars.low, bars.close)
    check_candles(str(file.path), prices, step=file.timeframe.seconds, line=_FIRST_LINE)
    return table


def _candle_files(paths: list[Path]) -> Iterator[ReplayFile]:
    for path in paths:
        name = named_file(path.name)
        if name is None or name.exchange not in FACES or not path.is_file():
            continue
        if name.interval not in set(Timeframe):
            raise CandleError(f"{path}: unknown interval {name.interval}, use one of {', '.join(Timeframe)}")
        yield ReplayFile(path, Exchange(name.exchange), name.market, Timeframe(name.interval))


def _read_text(path: Path) -> str:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return "".join(rows.text for rows in read_rows(file, str(path), PLAIN))
    except (OSError, EOFError, zlib.error) as error:
        raise CandleError(f"cannot read {path}: {error}") from error


def _table(path: Path, columns: list[list[str]]) -> CandleTable:
    scale = Scale(
        price=max(_decimals(column) for column in columns[1:_VOLUME_COLUMN]),
        volume=_decimals(columns[_VOLUME_COLUMN]),
    )
    decimals = [0, *[scale.price] * 4, scale.volume]
    try:
        time, open_, high, low, close, volume = map(_units, columns, decimals)
    except OverflowError as error:
        raise CandleError(f"{path}: a number has too many digits") from error
    nothing = np.zeros_like(time)
    trades = np.where(volume > 0, _TRADES_PER_ROW, nothing)
    return CandleTable(Bars(time, nothing, open_, high, low, close, volume, trades), scale)


def _decimals(column: list[str]) -> int:
    return max(len(text) - text.find(".") - 1 if "." in text else 0 for text in column)


def _units(column: list[str], decimals: int) -> NDArray[np.int64]:
    zeros = "0" * decimals
    parts = (text.partition(".") for text in column)
    return np.array([int(whole + (part + zeros)[:decimals]) for whole, _, part in parts], dtype=np.int64)
