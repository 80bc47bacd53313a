"""Reads and checks the rows of candle files."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from brokers.candle_files import CandleError
from brokers.text_file import NotText, encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from gzip import GzipFile
    from zipfile import ZipExtFile

    from numpy.typing import NDArray

    from brokers.candle_files import Layout

    ByteFile = io.BufferedReader | GzipFile | ZipExtFile

_BLOCK = 1 << 20
_MARK = 4
_SHOWN = 80
_COUNTS = MappingProxyType({6: "six", 7: "seven"})
_REMEDY = "Correct the line or remove it"


@dataclass(frozen=True, slots=True)
class Rows:
    """Complete, well-formed lines of a file, each with its line end; `line` is the number of the first."""

    line: int
    text: str


def read_rows(file: ByteFile, name: str, layout: Layout) -> Iterator[Rows]:
    """Block after block, so that a large file needs little memory; `name` is for errors.

    Raises CandleError, and what reading `file` raises.
    """
    text = io.TextIOWrapper(file, encoding=encoding_of(file.peek(_MARK)))
    try:
        line = 1
        if layout.has_header:
            line = 2
            if text.readline().strip() != ",".join(layout.columns):
                raise CandleError(f"{name}, line 1: the header must be {','.join(layout.columns)}")
        yield from _blocks(text, name, layout, line)
    except UnicodeDecodeError as error:
        raise CandleError(f"{name} {NotText()}") from error
    finally:
        # The caller closes the file.
        text.detach()


def _blocks(text: io.TextIOWrapper, name: str, layout: Layout, line: int) -> Iterator[Rows]:
    rows = re.compile(rf"(?:{layout.row}\n)*+")
    first = line
    while block := text.read(_BLOCK) + text.readline():
        if not block.endswith("\n"):
            block += "\n"
        if not rows.fullmatch(block):
            block = _without_empty_end(block, text)
            if not rows.fullmatch(block):
                raise _broken_row(name, layout, line, block)
        if block:
            yield Rows(line, block)
        line += block.count("\n")
    if line == first:
        raise CandleError(f"{name}: no candle under the header" if layout.has_header else f"{name}: the file is empty")


def _without_empty_end(block: str, rest: io.TextIOWrapper) -> str:
    """Editors and spreadsheets leave empty lines at the end of a file; anywhere else they are a fault."""
    kept = block.rstrip("\n")
    return f"{kept}\n" if kept and not rest.read().strip("\n") else block


def _broken_row(name: str, layout: Layout, line: int, block: str) -> CandleError:
    row = re.compile(layout.row)
    lines = enumerate(block.removesuffix("\n").split("\n"), start=line)
    number, found = next((number, text) for number, text in lines if not row.fullmatch(text))
    if "\0" in found:
        return CandleError(f"{name} {NotText()}")
    if row.fullmatch(found.replace(",-", ",")):
        return CandleError(f"{name}, line {number}: a price must be above 0, a volume not below it. {_REMEDY}")
    return CandleError(
        f"{name}, line {number}: expected {_COUNTS[len(layout.columns)]} plain numbers ({','.join(layout.columns)}; "
        f"time in whole Unix seconds), not {found[:_SHOWN]!r}. {_REMEDY}"
    )


def check_candles(
    name: str,
    columns: tuple[NDArray[np.int64] | NDArray[np.float64], ...],
    *,
    step: int,
    line: int,
    after: int = -1,
) -> None:
    """Reject rows out of order, off the interval's grid, without a price or with prices outside high and low.

    `columns` are time, open, high, low, close; `line` is that of the first row, `after` the time of the row before it.
    """
    time, open_, high, low, close = columns
    steps = np.diff(time, prepend=after)
    outside = (low > np.minimum(open_, close)) | (high < np.maximum(open_, close))
    checks = (
        (
            time % step != 0,
            f"the time is not a multiple of the interval ({step} s). Is the interval right?",
        ),
        (steps == 0, "the time must be later than on the line before: this candle is there twice. Remove one of them"),
        (steps < 0, "the time must be later than on the line before. Sort the file by time"),
        (low <= 0, f"a price must be above 0. {_REMEDY}"),
        (outside, f"open and close must lie between low and high. {_REMEDY}"),
    )
    broken = [(int(rows.argmax()), complaint) for rows, complaint in checks if rows.any()]
    if broken:
        row, complaint = min(broken, key=lambda one: one[0])
        raise CandleError(f"{name}, line {line + row}: {complaint}")
