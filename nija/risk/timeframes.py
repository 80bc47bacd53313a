"""What fast candles cost, by tests on real candles (strategy evidence, sections 2 and 3)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import percent
from brokers.model import Timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

# Mean net loss of a trade at Kraken's taker fee: breakouts 20/10 on 1h and 55/20 on 15m, the rules designed for 5m.
_LOST: Mapping[Timeframe, str] = MappingProxyType(
    {
        Timeframe.M1: "about 0.9 % a trade on 5m, and faster was never better",
        Timeframe.M5: "about 0.9 % a trade",
        Timeframe.M15: "0.8 to 1.0 % a trade",
        Timeframe.M30: "0.5 % a trade on 1h and 0.8 to 1.0 % on 15m",
        Timeframe.H1: "about 0.5 % a trade",
    }
)


def cost_of(timeframe: Timeframe, fee: Decimal, round_trip: Decimal) -> str | None:
    """A sentence for a timeframe below 4h; None from there on. `fee` is one side's, `round_trip` with slippage."""
    lost = _LOST.get(timeframe)
    if lost is None:
        return None
    return (
        f"timeframe {timeframe} costs more than it can earn: your fee is {percent(fee)}, a round trip"
        f" {percent(round_trip)}; in tests on real candles such rules lost {lost}. 1d is the default for a reason"
    )
