"""From times of the clock to those of the market, which differ where market time runs faster, as in a demo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.web.pages.price_chart import MarketTime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from brokers.model import Candles
    from nija.explain.live_trades import MarketClock
    from nija.journal.journal import Journal

_ENTRIES_READ = 600


def market_clock(journal: Journal, candles: Mapping[str, Candles], now: datetime, *, is_replay: bool) -> MarketClock:
    """In a replay entries tell when which candle had closed. Raises JournalError."""
    if not is_replay:
        return lambda time: time.timestamp()
    anchors = {
        one.created.timestamp(): one.signal_time.timestamp()
        for one in journal.intents.newest(_ENTRIES_READ)
        if one.signal_time is not None
    }
    latest = [float(known.time[-1]) + known.timeframe.seconds for known in candles.values() if len(known)]
    if latest:
        anchors[now.timestamp()] = max(latest)
    clock = MarketTime(tuple(sorted(anchors.items())))
    return lambda time: clock.at(time.timestamp())
