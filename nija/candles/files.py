"""Files of candles: NIJA's own CSV files, and those that an exchange offers for download."""

from __future__ import annotations

import gzip
import io
import lzma
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from brokers.candle_files import PLAIN, CandleError, Layout, named_file
from brokers.candle_rows import check_candles, read_rows
from brokers.exchanges import descriptions
from brokers.model import Candles, Exchange, Timeframe
from nija.candles.gaps import other_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from zipfile import ZipExtFile

    from numpy.typing import NDArray

    from brokers.candle_rows import ByteFile

EXPECTED_NAMES = "a name such as kraken-BTC-USD-1h.csv or kraken-BTC-USD-1h.csv.gz, or Kraken's own XBTUSD_60.csv"
_COLUMNS = range(6)


@dataclass(frozen=True, slots=True)
class CandleFile:
    """A file of candles; with a `member`, that file within the zip at `path`."""

    path: Path
    exchange: Exchange
    market: str
    timeframe: Timeframe
    layout: Layout
    member: str | None = None

    @property
    def name(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}: {self.member}"


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """`unknown` are the names of candle files with an interval that NIJA does not know; other files are not counted."""

    files: tuple[CandleFile, ...]
    unknown: tuple[str, ...] = ()


def read_candles(path: Path) -> Candles:
    """The candles of one file, or of a zip that holds one. Raises CandleError that names the file and the line."""
    found = find_candle_files(path).files
    if len(found) != 1:
        raise CandleError(f"{path} holds {len(found)} files of candles: name one of them")
    return read_candle_file(found[0])


def find_candle_files(path: Path) -> FoundFiles:
    """All candle files in a folder or a zip, or this single file. Raises CandleError if there is none."""
    files: list[CandleFile] = []
    unknown: list[str] = []
    for place, member in _places(path):
        found = _found(place, member)
        if isinstance(found, CandleFile):
            files.append(found)
        elif found is not None:
            unknown.append(found)
    if not files:
        reason = f" ({unknown[0]}: use one of {', '.join(Timeframe)})" if unknown else ""
        raise CandleError(f"{path}: no file of candles{reason}: expected {EXPECTED_NAMES}")
    return FoundFiles(tuple(files), tuple(unknown))


def read_candle_file(file: CandleFile) -> Candles:
    """Every row is checked. Raises CandleError."""
    blocks: list[list[NDArray[np.float64]]] = []
    after = -1
    with _opened(file) as data:
        for rows in read_rows(data, file.name, file.layout):
            table = np.loadtxt(io.StringIO(rows.text), delimiter=",", usecols=_COLUMNS, ndmin=2)
            columns = [np.ascontiguousarray(table[:, column]) for column in _COLUMNS]
            _check(file, columns, rows.line, after)
            after = int(columns[0][-1])
            blocks.append(columns)
    # A column at a time, so that the memory of ten years of minutes is not needed twice.
    time, *prices = (np.concatenate([block.pop(0) for block in blocks]) for _ in _COLUMNS)
    candles = Candles(file.market, file.timeframe, time.astype(np.int64), *prices)
    _check_interval(file, candles)
    return candles


def _places(path: Path) -> Iterator[tuple[Path, str | None]]:
    """Files, and members of zips."""
    try:
        if path.is_dir():
            for one in sorted(path.iterdir()):
                if one.is_file():
                    yield from _places(one)
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                yield from ((path, member) for member in archive.namelist())
        elif path.is_file():
            yield path, None
        elif path.exists():
            raise CandleError(f"{path} is neither a file nor a folder")
        else:
            raise CandleError(f"{path} does not exist")
    except (OSError, zipfile.BadZipFile) as error:
        raise _unreadable(str(path), error) from error


def _found(path: Path, member: str | None) -> CandleFile | str | None:
    """The text says which interval is unknown; None if the name is not one of a candle file."""
    name = (member or path.name).rpartition("/")[2]
    named, layout = named_file(name), PLAIN
    for archive in (description.candle_archive for description in descriptions()):
        if named is None and archive is not None:
            named, layout = archive.named(name), archive.layout
    if named is None:
        return None
    if named.interval not in set(Timeframe):
        return f"{name}: unknown interval {named.interval}"
    return CandleFile(path, Exchange(named.exchange), named.market, Timeframe(named.interval), layout, member)


@contextmanager
def _opened(file: CandleFile) -> Iterator[ByteFile]:
    try:
        if file.member is not None:
            with zipfile.ZipFile(file.path) as archive, archive.open(file.member) as data:
                if file.member.endswith(".gz"):
                    with gzip.open(data) as unpacked:
                        yield unpacked
                else:
                    yield cast("ZipExtFile", data)
        elif file.path.suffix == ".gz":
            with gzip.open(file.path) as unpacked:
                yield unpacked
        else:
            with file.path.open("rb") as plain:
                yield plain
    # A zip with a password is a RuntimeError, one packed in an unusual way a NotImplementedError.
    except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError) as error:
        raise _unreadable(file.name, error) from error


def _unreadable(name: str, error: Exception) -> CandleError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return CandleError(f"{name} cannot be read ({reason}): download or copy it again")


def _check(file: CandleFile, columns: Sequence[NDArray[np.float64]], line: int, after: int) -> None:
    unlimited = ~np.isfinite(columns).all(axis=0)
    if unlimited.any():
        raise CandleError(f"{file.name}, line {line + int(unlimited.argmax())}: a number has too many digits")
    time, open_, high, low, close, _ = columns
    check_candles(file.name, (time, open_, high, low, close), step=file.timeframe.seconds, line=line, after=after)


def _check_interval(file: CandleFile, candles: Candles) -> None:
    found = other_interval(candles.time, file.timeframe)
    if found is not None:
        line = found.index + (2 if file.layout.has_header else 1)
        raise CandleError(
            f"{file.name}, line {line}: from here on the candles are those of {found.timeframe}, not {file.timeframe}. "
            "Put each interval in a file of its own, named by it"
        )
