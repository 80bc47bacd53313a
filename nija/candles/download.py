"""Downloads past candles into the store, a page at a time: killed in the middle, it goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nija.candles.cutting import cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.base import CandleHistory
    from brokers.model import Timeframe
    from nija.candles.store import CandleStore


@dataclass(frozen=True, slots=True)
class WantedCandles:
    """The candles of a market that open at or after `since` and before `until` (Unix seconds)."""

    market: str
    timeframe: Timeframe
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a download stands: everything from `begin` to `reached` is stored, `stored` candles of it by this download.

    Between `begin` and `offered` the exchange has candles, but does not offer them.
    """

    begin: int
    offered: int
    reached: int
    stored: int


def download(history: CandleHistory, store: CandleStore, origin: str, wanted: WantedCandles) -> Iterator[Progress]:
    """Yields before the first page and after each. Raises BrokerError, CandleError.

    `origin` is the exchange as the store names it. What an earlier download has stored is not asked for again.
    """
    begin = store.fetched_until(origin, wanted.market, wanted.timeframe, wanted.since)
    if begin >= wanted.until:
        yield Progress(begin, begin, begin, 0)
        return
    first = history.first(wanted.market, wanted.timeframe, begin)
    offered, start = (begin, wanted.since) if history.is_complete or first == begin else (first, first)
    yield (progress := Progress(begin, offered, first, 0))
    while progress.reached < wanted.until:
        page = history.page(wanted.market, wanted.timeframe, progress.reached)
        candles = cut(page.candles, until=wanted.until)
        reached = min(page.reached, wanted.until)
        store.add_fetched(origin, candles, start, reached)
        yield (progress := Progress(begin, offered, reached, progress.stored + len(candles)))
        if page.is_last:
            return
