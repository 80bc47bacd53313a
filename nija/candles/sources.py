"""Finds the candles for a backtest: in files or in the store, in the wanted timeframe or summed from shorter ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from brokers.candle_files import CandleError
from brokers.exchanges import exchanges
from nija.candles.cutting import cut, joined
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
    """Candles of one market that can be read; `name` is the file or the store. `read` raises CandleError."""

    exchange: str
    market: str
    timeframe: Timeframe
    name: str
    read: Callable[[], Candles]


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

    exchange: str
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
        )
        for span in store.spans()
    )


def find_candles(
    series: Sequence[SourceSeries], markets: Iterable[str], timeframe: Timeframe, exchange: str | None = None
) -> dict[str, FoundCandles]:
    """The candles of every market, of one `exchange` if it is named. Raises CandleError for a market that has none.

    What covers the longest time counts, and anything else only extends it at either end: one exchange's record, never
    a mixture within it. Nothing is filled.
    """
    return {market: _found(series, market, timeframe, exchange) for market in markets}


def _found(series: Sequence[SourceSeries], market: str, timeframe: Timeframe, exchange: str | None) -> FoundCandles:
    of_market = [one for one in series if one.market == market and exchange in (None, one.exchange)]
    owners = sorted({one.exchange for one in of_market})
    if len(owners) > 1:
        raise CandleError(f"there are candles of {market} of {' and '.join(owners)}: choose one with --exchange")
    usable = [one for one in of_market if timeframe.seconds % one.timeframe.seconds == 0]
    read = [one for one in (_resampled(one, timeframe) for one in usable) if len(one.candles)]
    if not read:
        raise CandleError(_nothing(of_market, market, timeframe, exchange))
    base, *others = sorted(read, key=lambda one: (one.length, one.source.timeframe.seconds), reverse=True)
    candles, parts = base.candles, [_part(base.source, base.candles)]
    for one in others:
        earlier, later = one.before(int(candles.time[0])), one.after(int(candles.time[-1]))
        parts += [_part(one.source, more) for more in (earlier, later) if len(more)]
        candles = joined(earlier, candles, later)
    parts.sort(key=lambda part: part.first)
    return FoundCandles(owners[0], candles, tuple(parts), find_gaps(candles.time, timeframe))


@dataclass(frozen=True, slots=True, eq=False)
class _Resampled:
    """What a source has in the wanted timeframe; `begins` is the opening of its first candle in its own."""

    source: SourceSeries
    candles: Candles
    begins: int

    @property
    def length(self) -> int:
        return int(self.candles.time[-1] - self.candles.time[0])

    def before(self, time: int) -> Candles:
        return cut(self.candles, until=time)

    def after(self, time: int) -> Candles:
        """Without a first candle of which the source has only the end."""
        return cut(self.candles, since=max(time + 1, self.begins))


def _resampled(source: SourceSeries, timeframe: Timeframe) -> _Resampled:
    candles = source.read()
    return _Resampled(source, resample(candles, timeframe), int(candles.time[0]) if len(candles) else 0)


def _part(source: SourceSeries, candles: Candles) -> SourcePart:
    return SourcePart(source.name, source.timeframe, int(candles.time[0]), int(candles.time[-1]))


def _nothing(of_market: Sequence[SourceSeries], market: str, timeframe: Timeframe, exchange: str | None) -> str:
    """What to do about a market without candles."""
    if of_market:
        longer = ", ".join(sorted({str(one.timeframe) for one in of_market}))
        reason = f"there are candles of {market}, but only of {longer}: none of {timeframe} can be made from them"
    else:
        reason = f"there are no candles of {market}{f' of {exchange}' if exchange else ''} in {timeframe} or shorter"
    asked = exchange if exchange in exchanges() else exchanges()[0]
    return (
        f"{reason}. Download them: nija candles download {market} --exchange {asked} --timeframe {timeframe} "
        "--from 2020-01-01, or import files: nija candles import FILE"
    )
