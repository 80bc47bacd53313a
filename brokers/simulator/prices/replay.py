"""Replays recorded candles: each exchange's own data, on one market clock.

The files of a market are combined: the one covering the longest time is the base and others only extend it, so a finer
file begins where the coarser one ends. Candles are aggregated from the data; intervals finer than the data have no
candles there. Gaps are kept, and after the end of the data the last price stays.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from brokers.candle_files import CandleError
from brokers.simulator.prices.bars import Bars, Scale, joined
from brokers.simulator.prices.csv_candles import CandleTable, ReplayFile, find_candle_files, read_candle_file
from brokers.simulator.prices.series import KEPT_CANDLES, Series
from brokers.simulator.prices.source import AcceleratedMarketClock, MarketPrices, SeriesSource

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from brokers.model import Exchange

_DAY = 86_400
# The history that a strategy on daily candles needs, and the future that makes a start worthwhile.
_HISTORY_DAYS = 60
_FUTURE_DAYS = 30


def replay_prices(
    directory: Path,
    *,
    speed: float,
    wall_start: float,
    start: datetime | None = None,
    kept_candles: int = KEPT_CANDLES,
) -> MarketPrices:
    """Replay the CSV files of `directory` from market time `start`; by default where most markets have a history.

    `wall_start` is the wall clock now, in Unix seconds. Raises CandleError.
    """
    tables = {market: _combined(files) for market, files in _by_market(find_candle_files(directory)).items()}
    bounds = [(market[0], _first(table), _end(table)) for market, table in tables.items()]
    market_start = start.timestamp() if start is not None else _best_start(bounds)
    active = {market: table for market, table in tables.items() if _first(table) <= market_start < _end(table)}
    if not active:
        raise CandleError(f"no market in {directory} has candles at the start: {_coverage(tables)}")
    sources: dict[str, SeriesSource] = {}
    for exchange in sorted({exchange for exchange, _ in active}):
        series = {
            symbol: Series(table.bars, table.scale, market_start, kept_candles)
            for (owner, symbol), table in active.items()
            if owner == exchange
        }
        sources[exchange] = SeriesSource(series, _Recorded())
    return MarketPrices(AcceleratedMarketClock(wall_start, market_start, speed), sources)


class _Recorded:
    """A Supply that is complete from the start."""

    def reach(self, until: float) -> None:
        pass


def _by_market(files: Iterable[ReplayFile]) -> dict[tuple[Exchange, str], list[ReplayFile]]:
    markets: dict[tuple[Exchange, str], list[ReplayFile]] = defaultdict(list)
    for file in files:
        markets[file.exchange, file.symbol].append(file)
    return markets


def _combined(files: list[ReplayFile]) -> CandleTable:
    tables = sorted((_with_spans(file) for file in files), key=lambda table: _end(table) - _first(table), reverse=True)
    scale = Scale(max(table.scale.price for table in tables), max(table.scale.volume for table in tables))
    bars, *others = (_rescaled(table, scale) for table in tables)
    for other in others:
        # The last candle of a file may be from before its close; finer data is more accurate.
        last = int(bars.time[-1])
        if int(other.time[0]) <= last < int(other.time[-1]):
            bars = bars.between(-math.inf, last)
            bars = joined(bars, other.between(last, math.inf))
        else:
            bars = joined(bars, other.between(last + int(bars.span[-1]), math.inf))
        bars = joined(other.between(-math.inf, int(bars.time[0]) - int(other.span[0]) + 1), bars)
    return CandleTable(bars, scale)


def _with_spans(file: ReplayFile) -> CandleTable:
    table = read_candle_file(file)
    bars = table.bars
    spans = np.full(len(bars), file.timeframe.seconds, dtype=np.int64)
    whole = Bars(bars.time, spans, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.trades)
    return CandleTable(whole, table.scale)


def _rescaled(table: CandleTable, scale: Scale) -> Bars:
    bars, price, volume = table.bars, 10 ** (scale.price - table.scale.price), 10 ** (scale.volume - table.scale.volume)
    prices = (bars.open * price, bars.high * price, bars.low * price, bars.close * price)
    return Bars(bars.time, bars.span, *prices, bars.volume * volume, bars.trades)


def _best_start(bounds: list[tuple[Exchange, int, int]]) -> float:
    """The earliest UTC midnight at which most exchanges, and then most markets, have data before and after."""
    moments = sorted({_midnight_from(first + _HISTORY_DAYS * _DAY) for _, first, _ in bounds})

    def active(moment: float) -> list[Exchange]:
        return [
            exchange
            for exchange, first, end in bounds
            if first + _HISTORY_DAYS * _DAY <= moment < end - _FUTURE_DAYS * _DAY
        ]

    best = max(moments, key=lambda moment: (len(set(active(moment))), len(active(moment)), -moment))
    # Data shorter than a history is replayed from its beginning.
    return best if active(best) else float(min(first for _, first, _ in bounds))


def _midnight_from(moment: float) -> float:
    return math.ceil(moment / _DAY) * _DAY


def _first(table: CandleTable) -> int:
    return int(table.bars.time[0])


def _end(table: CandleTable) -> int:
    return int(table.bars.time[-1] + table.bars.span[-1])


def _coverage(tables: dict[tuple[Exchange, str], CandleTable]) -> str:
    return "; ".join(
        f"{exchange} {symbol} {_day(_first(table))} to {_day(_end(table))}"
        for (exchange, symbol), table in tables.items()
    )


def _day(moment: int) -> str:
    return str(np.datetime64(moment, "s").astype("datetime64[D]"))
