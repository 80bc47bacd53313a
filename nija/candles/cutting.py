"""Parts of candles."""

from __future__ import annotations

import numpy as np

from brokers.model import Candles

COLUMNS = ("open", "high", "low", "close", "volume")


def cut(candles: Candles, since: int | None = None, until: int | None = None) -> Candles:
    """Those that open at or after `since` and before `until` (Unix seconds)."""
    first = 0 if since is None else int(np.searchsorted(candles.time, since))
    end = len(candles) if until is None else int(np.searchsorted(candles.time, until))
    columns = (getattr(candles, name)[first:end] for name in ("time", *COLUMNS))
    return Candles(candles.market, candles.timeframe, *columns)


def joined(*parts: Candles) -> Candles:
    """Parts of one series as one, in their order. Raises ValueError if their times do not rise."""
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in ("time", *COLUMNS))
    return Candles(parts[0].market, parts[0].timeframe, *columns)
