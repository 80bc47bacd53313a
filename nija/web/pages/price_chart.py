"""The price of one market with NIJA's entries and exits and the path of its stop, as series for a chart."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from brokers.model import Candles
    from nija.journal.journal import Journal
    from nija.journal.records import HistoryRow

_CANDLES_SHOWN = 180
_EVENTS_READ = 600
# After a sale in part the stop still rests.
_STOPS = frozenset({"stop_placed", "stop_moved", "stop_set_by_hand", "position_reduced"})
_FILLED = "order_filled"
_GONE = frozenset({"position_closed", "position_written_off"})
_KINDS = (*sorted(_STOPS), _FILLED, *sorted(_GONE))
_ENTRY = Purpose.ENTRY.name.lower()


@dataclass(frozen=True, slots=True)
class Mark:
    """`time` is in Unix seconds; `price` is None where a stop's path ends."""

    time: float
    price: float | None


@dataclass(frozen=True, slots=True)
class Marks:
    """Oldest first."""

    entries: tuple[Mark, ...]
    exits: tuple[Mark, ...]
    stops: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class MarketTime:
    """Turns times of the clock into those of the candles. They differ where market time runs faster, as in a demo.

    `anchors` are pairs of both, oldest first; without any, both are the same.
    """

    anchors: tuple[tuple[float, float], ...] = ()

    def at(self, time: float) -> float:
        if not self.anchors:
            return time
        if len(self.anchors) == 1:
            return self.anchors[0][1]
        after = max(1, min(bisect_left(self.anchors, (time, 0.0)), len(self.anchors) - 1))
        (from_clock, from_market), (to_clock, to_market) = self.anchors[after - 1], self.anchors[after]
        if to_clock == from_clock:
            return to_market
        return from_market + (time - from_clock) * (to_market - from_market) / (to_clock - from_clock)


def marks_of(rows: Iterable[HistoryRow], market_time: MarketTime) -> Marks:
    """From events, oldest first."""
    entries: list[Mark] = []
    exits: list[Mark] = []
    stops: list[Mark] = []
    for row in rows:
        time = market_time.at(row.time.timestamp())
        if row.kind in _STOPS:
            stops.append(Mark(time, _number(row, "stop")))
        elif row.kind == _FILLED and row.detail.get("purpose") == _ENTRY:
            entries.append(Mark(time, _number(row, "price")))
        elif row.kind == _FILLED:
            exits.append(Mark(time, _number(row, "price")))
            stops.append(Mark(time, None))
        else:
            stops.append(Mark(time, None))
    return Marks(tuple(entries), tuple(exits), tuple(stops))


def read_events(journal: Journal, market: str) -> tuple[HistoryRow, ...]:
    """The newest events of a market that a chart shows, oldest first. Raises JournalError."""
    return tuple(reversed(journal.history.newest(_EVENTS_READ, market=market, kinds=_KINDS)))


def market_time(journal: Journal, market: str, candles: Candles, now: datetime) -> MarketTime:
    """For a replay: entries tell when which candle had closed. Raises JournalError."""
    seconds = candles.timeframe.seconds
    anchors = {
        one.created.timestamp(): one.signal_time.timestamp() + seconds
        for one in journal.intents.newest(_EVENTS_READ)
        if one.market == market and one.signal_time is not None
    }
    anchors[now.timestamp()] = float(candles.time[-1]) + seconds
    return MarketTime(tuple(sorted(anchors.items())))


def chart_data(candles: Candles, marks: Marks) -> dict[str, object]:
    """Columns for the chart; the close of a candle stands at its end."""
    ends = [int(time) + candles.timeframe.seconds for time in candles.time[-_CANDLES_SHOWN:]]
    closes = [float(close) for close in candles.close[-_CANDLES_SHOWN:]]
    start = ends[0] if ends else 0
    latest = ends[-1] if ends else 0
    return {
        "time": ends,
        "close": closes,
        **_columns("entry", _since(start, latest, marks.entries)),
        **_columns("exit", _since(start, latest, marks.exits)),
        **_columns("stop", _stop_path(start, latest, marks.stops)),
        "none": "No candles yet",
    }


def _since(start: float, latest: float, marks: Sequence[Mark]) -> list[Mark]:
    return [Mark(min(mark.time, latest), mark.price) for mark in marks if mark.time >= start]


def _stop_path(start: float, latest: float, stops: Sequence[Mark]) -> list[Mark]:
    """Cut off at the left edge, and drawn to the right edge while the stop rests."""
    before = [mark for mark in stops if mark.time < start]
    path = [Mark(start, before[-1].price)] if before and before[-1].price is not None else []
    for mark in _since(start, latest, stops):
        if mark.price is None and path and path[-1].price is not None:
            # Drawn up to its end, also if it never moved.
            path.append(Mark(max(path[-1].time, mark.time - 1), path[-1].price))
        path.append(mark)
    if path and path[-1].price is not None and path[-1].time < latest:
        path.append(Mark(latest, path[-1].price))
    return path


def _columns(name: str, marks: Sequence[Mark]) -> dict[str, object]:
    """Times must rise in a chart: of several marks at one time, the last counts."""
    by_time = {round(mark.time): mark.price for mark in marks}
    times = sorted(by_time)
    return {f"{name}_time": times, name: [by_time[time] for time in times]}


def _number(row: HistoryRow, name: str) -> float | None:
    try:
        return float(str(row.detail[name]))
    except (KeyError, ValueError):
        return None
