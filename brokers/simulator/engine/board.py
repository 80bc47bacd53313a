"""The current prices of all markets, moved by the source or pinned by hand; engines subscribe to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.simulator.engine.gaps import Gap, shifted, shifted_row
from brokers.simulator.engine.market_data import CandleRow, Tick

if TYPE_CHECKING:
    from collections.abc import Callable

    from brokers.clock import Clock
    from brokers.simulator.engine.market_data import MarketClock, PriceSource

_RECENT_TRADES = 1_000


@dataclass(frozen=True, slots=True)
class Trade:
    """A published tick: `time` is the wall clock, `number` increases by one per market."""

    number: int
    time: float
    price: Decimal
    volume: Decimal


@dataclass(slots=True)
class _Quote:
    last: Decimal | None = None
    volume: Decimal = Decimal(0)
    pinned: bool = False
    sequence: int = 0
    factor: Decimal = Decimal(1)
    gaps: list[Gap] = field(default_factory=list)
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=_RECENT_TRADES))


class PriceBoard:
    """One per simulator. `sequence` changes with every tick; depth taken before it counts as refilled."""

    def __init__(self, source: PriceSource, market_clock: MarketClock, clock: Clock) -> None:
        self._source = source
        self._market_clock = market_clock
        self._clock = clock
        self._quotes = {symbol: _Quote() for symbol in source.symbols()}
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener(symbol)` after every tick of a market."""
        self._listeners.append(listener)

    def symbols(self) -> tuple[str, ...]:
        return tuple(self._quotes)

    def last(self, symbol: str) -> Decimal | None:
        """The last price, or None before the first tick."""
        return self._quotes[symbol].last

    def last_volume(self, symbol: str) -> Decimal:
        return self._quotes[symbol].volume

    def sequence(self, symbol: str) -> int:
        return self._quotes[symbol].sequence

    def recent_trades(self, symbol: str) -> tuple[Trade, ...]:
        return tuple(self._quotes[symbol].trades)

    def market_time(self) -> float:
        return self._market_clock.market_time(self._clock.time())

    def advance(self) -> None:
        """Read the source's new ticks."""
        until = self.market_time()
        for symbol, quote in self._quotes.items():
            for tick in self._source.advance(symbol, until):
                if not quote.pinned:
                    self._show(symbol, quote, replace(tick, price=shifted(tick.price, quote.factor)))

    def pin(self, symbol: str, price: Decimal, volume: Decimal = Decimal(1)) -> None:
        """Set the price by hand and hold it there until `release`."""
        quote = self._quotes[symbol]
        quote.pinned = True
        self._show(symbol, quote, Tick(self.market_time(), price, volume))

    def gap(self, symbol: str, factor: Decimal) -> None:
        """Jump to `factor` times the last price without trades in between, and continue from there."""
        quote, now = self._quotes[symbol], self.market_time()
        quote.factor *= factor
        quote.gaps.append(Gap(now, factor))
        if quote.last is not None:
            self._show(symbol, quote, Tick(now, shifted(quote.last, factor), quote.volume))

    def release(self, symbol: str) -> None:
        """Let the source move the price again."""
        self._quotes[symbol].pinned = False

    def candles(self, symbol: str, seconds: int) -> list[CandleRow]:
        """Oldest first, the open candle last; a pinned price appears in the open one."""
        quote = self._quotes[symbol]
        rows = self._source.candles(symbol, seconds, self.market_time())
        if quote.gaps:
            rows = [shifted_row(row, seconds, quote.gaps) for row in rows]
        if rows and quote.pinned and quote.last is not None:
            running = rows[-1]
            high, low = max(running.high, quote.last), min(running.low, quote.last)
            rows = [*rows[:-1], replace(running, high=high, low=low, close=quote.last)]
        return rows

    def _show(self, symbol: str, quote: _Quote, tick: Tick) -> None:
        quote.last = tick.price
        quote.volume = tick.volume
        quote.sequence += 1
        quote.trades.append(Trade(quote.sequence, self._clock.time(), tick.price, tick.volume))
        for listener in self._listeners:
            listener(symbol)
