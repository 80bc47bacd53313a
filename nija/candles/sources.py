"""Finds the candles for a backtest: in files or in the store, in the wanted timeframe or summed from shorter ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from brokers.candle_files import CandleError
from nija.candles.cutting import COLUMNS, cut, joined
from nija.candles.files import find_candle_files, read_candle_file
from nija.candles.gaps import Gaps, find_gaps
from nija.candles.resampling import resample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from brokers.model import Candles, Timeframe
    from nija.candles.store import CandleStore


@dataclass(frozen=True, slots=True)
class SourceSeries:
    """Candles of one market that can be read; `name` is the file or the store. `read` raises CandleError.

    `span` is from the first opening to the last end (Unix seconds), where that is known without reading them.
    """

    exchange: str
    market: str
    timeframe: Timeframe
    name: str
    read: Callable[[], Candles]
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class SourcePart:
    """The candles from `first` to `last` (openings in Unix seconds) came from here, in this timeframe."""

    name: str
    timeframe: Timeframe
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class FoundCandles:
    """A market's candles in the wanted timeframe, where they came from (oldest first), and what is missing in them."""

    candles: Candles
    parts: tuple[SourcePart, ...]
    gaps: Gaps


def in_files(paths: Iterable[Path]) -> tuple[SourceSeries, ...]:
    """What these files, folders and zips hold. Raises CandleError."""
    files = (file for path in paths for file in find_candle_files(path).files)
    return tuple(
        SourceSeries(file.exchange, file.market, file.timeframe, file.name, partial(read_candle_file, file))
        for file in files
    )


def in_store(store: CandleStore) -> tuple[SourceSeries, ...]:
    """What the store holds. Raises CandleError."""
    return tuple(
        SourceSeries(
            span.exchange,
            span.market,
            span.timeframe,
            str(store.path),
            partial(store.read, span.exchange, span.market, span.timeframe),
            (span.first, span.last + span.timeframe.seconds),
        )
        for span in store.spans()
    )


def find_candles(series: Sequence[SourceSeries], timeframe: Timeframe) -> FoundCandles | None:
    """The candles that these series of ONE market at ONE exchange give together; None if they give none.

    What covers the longest time counts, and anything else only extends it at either end: one record, never a mixture
    within it. Nothing is filled. Raises CandleError, also if two series of one timeframe contradict each other.
    """
    usable = [_Loaded.of(one) for one in series if timeframe.seconds % one.timeframe.seconds == 0]
    usable.sort(key=lambda one: (one.end - one.begin, one.source.timeframe.seconds), reverse=True)
    found: Candles | None = None
    parts: list[SourcePart] = []
    taken: list[_Loaded] = []
    for one in usable:
        if any(_covers(other, one) for other in taken):
            continue
        candles = resample(one.candles(), timeframe)
        for other in taken:
            _check_agreement(other, one)
        taken.append(one)
        before, after = _extensions(found, candles, one.begin)
        parts += [_part(one.source, more) for more in (before, after) if len(more)]
        found = joined(before, after) if found is None else joined(before, found, after)
    if found is None or not len(found):
        return None
    parts.sort(key=lambda part: part.first)
    return FoundCandles(found, tuple(parts), find_gaps(found.time, timeframe))


@dataclass(slots=True, eq=False)
class _Loaded:
    """A series from `begin` to `end` (Unix seconds), read when it is needed."""

    source: SourceSeries
    begin: int
    end: int
    read: Candles | None = None

    @classmethod
    def of(cls, source: SourceSeries) -> _Loaded:
        if source.span is not None:
            return cls(source, *source.span)
        candles = source.read()
        begin, end = (int(candles.time[0]), int(candles.time[-1])) if len(candles) else (0, 0)
        return cls(source, begin, end + source.timeframe.seconds, candles)

    def candles(self) -> Candles:
        if self.read is None:
            self.read = self.source.read()
        return self.read


def _covers(taken: _Loaded, one: _Loaded) -> bool:
    """Whether `one` of the store lies within what is taken; the store has one series of a timeframe, no second file."""
    return one.source.span is not None and taken.begin <= one.begin and one.end <= taken.end


def _extensions(found: Candles | None, candles: Candles, begin: int) -> tuple[Candles, Candles]:
    """What lies before and after, without a later candle of which the source, from `begin` on, has only the end."""
    if found is None or not len(found):
        return candles, cut(candles, until=0)
    after = cut(candles, since=max(int(found.time[-1]) + 1, begin))
    return cut(candles, until=int(found.time[0])), after


def _part(source: SourceSeries, candles: Candles) -> SourcePart:
    return SourcePart(source.name, source.timeframe, int(candles.time[0]), int(candles.time[-1]))


def _check_agreement(taken: _Loaded, one: _Loaded) -> None:
    """Two files of the same candles must agree where both have them, but for the last one of either.

    That may have been written before it was closed.
    """
    if taken.source.timeframe is not one.source.timeframe:
        return
    since, until = max(taken.begin, one.begin), min(taken.end, one.end) - one.source.timeframe.seconds
    first, second = cut(taken.candles(), since, until), cut(one.candles(), since, until)
    if all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("time", *COLUMNS)):
        return
    raise CandleError(
        f"{taken.source.name} and {one.source.name} have different {one.source.timeframe} candles of "
        f"{one.source.market}: name one of them"
    )
