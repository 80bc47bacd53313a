"""Generated prices: seeded, endless, nearly equal on both exchanges, with a long history at the start."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import Timeframe
from brokers.simulator import FACES
from brokers.simulator.prices.bar_maker import HOUR, BarMaker, SyntheticMarket
from brokers.simulator.prices.bars import joined
from brokers.simulator.prices.random_walk import HOURS_PER_CHUNK, Character, Path, RandomWalk
from brokers.simulator.prices.series import KEPT_CANDLES, Series
from brokers.simulator.prices.source import AcceleratedMarketClock, MarketPrices, SeriesSource

if TYPE_CHECKING:
    from brokers.simulator.prices.bars import Bars

# With this seed, a daily breakout strategy finds entries and exits soon after the start.
DEMO_SEED = 1

_DAY = 86_400
_CHUNK = HOURS_PER_CHUNK * HOUR
# 760 days before the start: more than the 720 daily candles that Kraken lists; the last 20 days in fine steps.
_COARSE_CHUNKS = 74
_FINE_CHUNKS = 2
_HISTORY = (_COARSE_CHUNKS + _FINE_CHUNKS) * _CHUNK
# Bounds the memory of a long run: no client can see more daily or more fine candles than this.
_RETENTION = 1_000 * _DAY
_FINE_RETENTION = 20 * _DAY
# How long market time may run before it reaches the wall clock, and how far back it may start because of that: clients
# that search backwards through empty candles give up at some point.
_RUN = 31 * _DAY
_FURTHEST_BACK = 18 * 365 * _DAY
# More bars than this per wall second are a waste: coarser ones are generated then.
_BARS_PER_SECOND = 30

_MARKETS = (
    (SyntheticMarket("BTC/USD", 68_400.0, 1, 12_000_000), Character(1.0, 0.006)),
    (SyntheticMarket("ETH/USD", 3_450.0, 2, 6_000_000), Character(1.15, 0.011)),
    (SyntheticMarket("SOL/USD", 162.0, 2, 2_500_000), Character(1.35, 0.020)),
    (SyntheticMarket("ADA/USD", 0.62, 4, 600_000), Character(1.25, 0.020)),
    (SyntheticMarket("XRP/USD", 0.58, 4, 1_500_000), Character(1.0, 0.022)),
    (SyntheticMarket("LTC/USD", 84.0, 2, 400_000), Character(1.05, 0.015)),
    (SyntheticMarket("DOT/USD", 7.10, 3, 300_000), Character(1.3, 0.018)),
    (SyntheticMarket("AVAX/USD", 35.0, 2, 500_000), Character(1.4, 0.020)),
)


def synthetic_prices(
    *, wall_start: float, seed: int = DEMO_SEED, speed: float = 1.0, kept_candles: int = KEPT_CANDLES
) -> MarketPrices:
    """Prices of eight USD markets on both exchanges from `wall_start` (the wall clock now, Unix seconds) on.

    At speed 1, market time equals the wall clock. At higher speeds it starts so far back that a month's run stays
    behind the wall clock, or 6,570 days of market time if that is less. The same seed gives the same moves.
    """
    market_start = _market_start(wall_start, speed)
    sources = {
        str(exchange): _source(seed, number, market_start, _base_span(speed), kept_candles)
        for number, exchange in enumerate(FACES, start=1)
    }
    return MarketPrices(AcceleratedMarketClock(wall_start, market_start, speed), sources)


def running_time(speed: float) -> float:
    """The wall seconds after which market time has reached the wall clock and is no faster any more."""
    return _back(speed) / (speed - 1) if speed > 1 else math.inf


def _market_start(wall_start: float, speed: float) -> float:
    if speed == 1:
        return wall_start
    return math.floor((wall_start - _back(speed)) / _DAY) * _DAY


def _back(speed: float) -> float:
    return min(_RUN * max(speed, 1.0), _FURTHEST_BACK)


def _base_span(speed: float) -> int:
    spans = (Timeframe.M1.seconds, Timeframe.M5.seconds, Timeframe.M15.seconds, Timeframe.M30.seconds)
    return next((span for span in spans if speed / span <= _BARS_PER_SECOND), HOUR)


def _source(seed: int, exchange_number: int, market_start: float, span: int, kept_candles: int) -> SeriesSource:
    markets, characters = zip(*_MARKETS, strict=True)
    origin = math.floor(market_start / _DAY) * _DAY - _HISTORY
    supply = _Generator(
        RandomWalk(seed, tuple(characters)),
        BarMaker(seed, exchange_number, tuple(markets)),
        tuple(markets),
        origin,
        span,
    )
    series = supply.begin(market_start, kept_candles)
    return SeriesSource(series, supply)


class _Generator:
    """Extends the series of one exchange in chunks, when data beyond their end is requested."""

    def __init__(
        self, walk: RandomWalk, maker: BarMaker, markets: tuple[SyntheticMarket, ...], origin: int, span: int
    ) -> None:
        self._walk = walk
        self._maker = maker
        self._markets = markets
        self._span = span
        self._steps = HOUR // span
        self._end = origin
        self._levels = np.zeros(len(markets))
        self._series: dict[str, Series] = {}

    def begin(self, market_start: float, kept_candles: int) -> dict[str, Series]:
        """Make the history and the elapsed part of the first day; prices are at their usual level at its midnight."""
        coarse = [self._walk.next_chunk() for _ in range(_COARSE_CHUNKS)]
        fine = [self._walk.next_chunk(self._steps) for _ in range(_FINE_CHUNKS)]
        self._levels = np.log([market.level for market in self._markets]) - fine[-1].logs[-1]
        chunks = [self._chunk(path, HOUR) for path in coarse] + [self._chunk(path, self._span) for path in fine]
        while self._end <= market_start:
            chunks.append(self._chunk(self._walk.next_chunk(self._steps), self._span))
        for market, *parts in zip(self._markets, *chunks, strict=True):
            self._series[market.symbol] = Series(joined(*parts), market.scale, market_start, kept_candles)
        return self._series

    def reach(self, until: float) -> None:
        while self._end <= until:
            bars = self._chunk(self._walk.next_chunk(self._steps), self._span)
            for series, more in zip(self._series.values(), bars, strict=True):
                series.append(more)
                series.thin_out(
                    coarse_before=self._end - _FINE_RETENTION, coarse_span=HOUR, drop_before=self._end - _RETENTION
                )

    def _chunk(self, path: Path, span: int) -> list[Bars]:
        bars = self._maker.bars(path, self._levels, self._end, span)
        self._end += _CHUNK
        return bars
