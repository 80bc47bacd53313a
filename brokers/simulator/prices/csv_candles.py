"""Candles in CSV files named `<exchange>-<base>-<quote>-<interval>.csv` or `.csv.gz`.

The header is `time,open,high,low,close,volume`; `time` is the opening in Unix seconds. Candles without trades are
absent. All digits are kept.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Exchange, Timeframe
from brokers.simulator import FACES
from brokers.simulator.prices.bars import Bars, Scale
from brokers.text_file import NotText, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_HEADER = "time,open,high,low,close,volume"
_ROW = re.compile(r"[0-9]+(?:,[0-9]+(?:\.[0-9]+)?){5}")
_ROWS = re.compile(rf"{_ROW.pattern}(?:\n{_ROW.pattern})*+")
_NAME = re.compile(r"(?P<exchange>[a-z]+)-(?P<base>[A-Z0-9]+)-(?P<quote>[A-Z0-9]+)-(?P<interval>\w+)\.csv(\.gz)?")
# The archives do not contain the number of trades; every candle in them has some.
_TRADES_PER_ROW = 4
_COLUMNS = 6
_VOLUME_COLUMN = 5


class CandleFileError(ValueError):
    """A directory or file of candles that cannot be used; the message names the file and, if known, the line."""


@dataclass(frozen=True, slots=True)
class CandleFile:
    path: Path
    exchange: Exchange
    symbol: str
    timeframe: Timeframe


@dataclass(frozen=True, slots=True, eq=False)
class CandleTable:
    """The rows of one file and their decimals."""

    bars: Bars
    scale: Scale


def find_candle_files(directory: Path) -> list[CandleFile]:
    """The files of simulated exchanges; other files are ignored."""
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise CandleFileError(f"cannot read the candle directory {directory}: {error.strerror}") from error
    files = list(_candle_files(paths))
    if not files:
        raise CandleFileError(
            f"no candle file in {directory}: expected names like kraken-BTC-USD-1h.csv.gz "
            f"(exchanges {', '.join(FACES)}; intervals {', '.join(Timeframe)})"
        )
    return files


def read_candle_file(path: Path) -> CandleTable:
    header, _, text = _read_text(path).rstrip("\n").partition("\n")
    if header.strip() != _HEADER:
        raise CandleFileError(f"{path}, line 1: the header must be {_HEADER}")
    if not text:
        raise CandleFileError(f"{path}: no candle under the header")
    if not _ROWS.fullmatch(text):
        raise _broken_row(path, text)
    fields = text.replace("\n", ",").split(",")
    return _table(path, [fields[column::_COLUMNS] for column in range(_COLUMNS)])


def check_candles(path: Path, bars: Bars, span: int) -> None:
    """Reject rows out of order, off the interval's grid, without a price or with prices outside high and low."""
    outside = (bars.low > np.minimum(bars.open, bars.close)) | (bars.high < np.maximum(bars.open, bars.close))
    checks = (
        (bars.time % span != 0, f"the time is not a multiple of the interval ({span} s)"),
        (np.diff(bars.time, prepend=-1) <= 0, "the time must be later than on the line before"),
        (bars.low <= 0, "a price must be above 0"),
        (outside, "open and close must lie between low and high"),
    )
    for broken, complaint in checks:
        if broken.any():
            raise CandleFileError(f"{path}, line {int(broken.argmax()) + 2}: {complaint}")


def _candle_files(paths: list[Path]) -> Iterator[CandleFile]:
    for path in paths:
        name = _NAME.fullmatch(path.name)
        if name is None or name["exchange"] not in FACES or not path.is_file():
            continue
        if name["interval"] not in set(Timeframe):
            raise CandleFileError(f"{path}: unknown interval {name['interval']}, use one of {', '.join(Timeframe)}")
        symbol = f"{name['base']}/{name['quote']}"
        yield CandleFile(path, Exchange(name["exchange"]), symbol, Timeframe(name["interval"]))


def _broken_row(path: Path, text: str) -> CandleFileError:
    numbered = enumerate(text.split("\n"), start=2)
    number, line = next((number, line) for number, line in numbered if not _ROW.fullmatch(line))
    return CandleFileError(f"{path}, line {number}: expected six plain numbers ({_HEADER}), not {line[:80]!r}")


def _read_text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return text_of(gzip.decompress(data) if path.suffix == ".gz" else data)
    except NotText as error:
        raise CandleFileError(f"{path} {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CandleFileError(f"cannot read {path}: {error}") from error


def _table(path: Path, columns: list[list[str]]) -> CandleTable:
    scale = Scale(
        price=max(_decimals(column) for column in columns[1:_VOLUME_COLUMN]),
        volume=_decimals(columns[_VOLUME_COLUMN]),
    )
    decimals = [0, *[scale.price] * 4, scale.volume]
    try:
        time, open_, high, low, close, volume = map(_units, columns, decimals)
    except OverflowError as error:
        raise CandleFileError(f"{path}: a number has too many digits") from error
    nothing = np.zeros_like(time)
    trades = np.where(volume > 0, _TRADES_PER_ROW, nothing)
    return CandleTable(Bars(time, nothing, open_, high, low, close, volume, trades), scale)


def _decimals(column: list[str]) -> int:
    return max(len(text) - text.find(".") - 1 if "." in text else 0 for text in column)


def _units(column: list[str], decimals: int) -> NDArray[np.int64]:
    zeros = "0" * decimals
    parts = (text.partition(".") for text in column)
    return np.array([int(whole + (part + zeros)[:decimals]) for whole, _, part in parts], dtype=np.int64)
