"""The candles at which a position was held: once it has ended, they open nothing, or a sale would be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import Side

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from brokers.model import Fill
    from nija.strategy.base import SignalAt

# Further apart, market time is not the exchange's: a replay of old candles.
_SAME_TIME_INTERVALS = 2


class HeldCandles:
    """Used by one trader alone."""

    def __init__(self) -> None:
        # By market: the last candle during which a position was held.
        self._last: dict[str, datetime] = {}
        # By market: the last sale before this process began.
        self._sold: dict[str, datetime] = {}

    def read(self, fills: Iterable[Fill]) -> None:
        """Learn from the journal what was sold before this process began; `fills` oldest first."""
        self._sold = {fill.market: fill.time for fill in fills if fill.side is Side.SELL}

    def note(self, market: str, signal: SignalAt) -> None:
        """A position is held. Compared by candle, as a market's time may run faster than the clock."""
        self._last[market] = signal.closed

    def was_held(self, market: str, signal: SignalAt, now: datetime) -> bool:
        """Whether a position was held at the signal's candle, or during the time since; `now` is the exchange's."""
        if self._last.get(market) == signal.closed:
            return True
        sold = self._sold.get(market)
        age = (now - signal.closed).total_seconds()
        is_exchange_time = 0 <= age < _SAME_TIME_INTERVALS * signal.timeframe.seconds
        return sold is not None and is_exchange_time and signal.closed <= sold
