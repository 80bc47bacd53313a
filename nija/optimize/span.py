"""The whole days on which every variant can trade every market."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.optimize.errors import OptimizeError
from nija.optimize.folds import DAY, DayRange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nija.backtest.records import MarketHistory


def whole_days(histories: Iterable[MarketHistory], warmup: int, since: int | None, until: int | None) -> DayRange:
    """After the longest warm-up, and within `since` and `until` (Unix seconds). Raises OptimizeError."""
    starts, ends = [], []
    for history in histories:
        time = history.candles.time
        if len(time) <= warmup:
            raise OptimizeError(
                f"{history.market.symbol} has {len(time)} candles, and the longest variant needs {warmup} before its"
                " first signal: use more candles or lower ranges"
            )
        starts.append(int(time[warmup]))
        ends.append(int(time[-1]) + history.candles.timeframe.seconds)
    start = max(starts) if since is None else max([*starts, since])
    end = min(ends) if until is None else min([*ends, until + 1])
    days = DayRange(-(-start // DAY), end // DAY)
    if days.days < 1:
        raise OptimizeError("no day on which all of these markets have candles is left; check --from and --to")
    return days
