"""The text of `nija candles`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nija.candles.gaps import find_gaps
from nija.cli.table import Column, figures_table, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from brokers.description import ExchangeDescription
    from brokers.model import Candles
    from nija.candles.download import Progress, WantedCandles
    from nija.candles.files import CandleFile
    from nija.candles.gaps import Gaps
    from nija.candles.store import Span

_COLUMNS = (
    Column("Exchange", 9, is_text=True),
    Column("Market", 9, is_text=True),
    Column("Timeframe", 9, is_text=True),
    Column("Candles", 7),
    Column("First", 8),
    Column("Last", 8),
    Column("Gaps", 4),
    Column("Missing", 3),
)


def span_parts(path: Path, spans: Sequence[tuple[Span, Gaps]]) -> Iterator[RenderableType | str]:
    """`nija candles list`."""
    if not spans:
        yield f"No candles are stored in {path}. Download some, for example:"
        yield "nija candles download BTC/USD ETH/USD --exchange coinbase --timeframe 1d --from 2020-01-01"
        return
    rows = [
        (
            span.exchange,
            span.market,
            span.timeframe.value,
            f"{span.count:,}",
            _day(span.first),
            _day(span.last),
            f"{gaps.count:,}",
            f"{gaps.missing:,}",
        )
        for span, gaps in spans
    ]
    yield figures_table(_COLUMNS, rows, terminal_width())
    with_gaps = [(span, gaps) for span, gaps in spans if gaps.count]
    if with_gaps:
        yield "\nThe longest gaps. Candles are missing where nothing was traded or nothing was recorded."
    for span, gaps in with_gaps:
        yield f"   {span.exchange} {span.market} {span.timeframe}: {_longest(gaps)}"


def imported_line(file: CandleFile, candles: Candles) -> str:
    gaps = find_gaps(candles.time, candles.timeframe)
    first, last = int(candles.time[0]), int(candles.time[-1])
    return (
        f"✅ {file.exchange} {file.market} {file.timeframe}: {counted(len(candles), 'candle')}, "
        f"{_minute(first)} to {_minute(last)}\n   {_gaps(gaps)}"
    )


def left_out_line(unknown: Sequence[str]) -> str:
    return f"   left out: {counted(len(unknown), 'file')} of an interval that NIJA does not trade, such as {unknown[0]}"


def stored_line(origin: str, wanted: WantedCandles, at: Progress) -> str:
    series = f"{origin} {wanted.market} {wanted.timeframe}"
    if at.begin >= wanted.until:
        return f"✅ {series}: everything up to {_minute(wanted.until)} is stored already"
    return f"✅ {series}: {counted(at.stored, 'candle')} downloaded, {_minute(at.offered)} to {_minute(at.reached)}"


def not_offered_line(description: ExchangeDescription, wanted: WantedCandles, at: Progress) -> str:
    line = (
        f"⚠️  {description.short_name}'s API does not offer the candles from {_minute(at.begin)} to "
        f"{_minute(at.offered)}."
    )
    archive = description.candle_archive
    if archive is None:
        return line
    return (
        f"{line} They are in the archive at\n   {archive.page}\n"
        f"   Download it, then: nija candles import FILE --market {wanted.market} --timeframe {wanted.timeframe}"
    )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _gaps(gaps: Gaps) -> str:
    if not gaps.count:
        return "no gaps"
    return f"{counted(gaps.count, 'gap')}, {counted(gaps.missing, 'candle')} missing; the longest: {_longest(gaps)}"


def _longest(gaps: Gaps) -> str:
    return f"{gaps.longest:,}, {_minute(gaps.start)} to {_minute(gaps.end)}"


def _day(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}"


def _minute(time: int) -> str:
    """Whole days without their midnight."""
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment:%Y-%m-%d}" if time % 86_400 == 0 else f"{moment:%Y-%m-%d %H:%M}"
