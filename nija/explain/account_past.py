"""What an account's journal knows of the times at which it could not buy."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from nija.journal.records import HaltName
from nija.performance.equity import equity_series, start_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import Timeframe
    from nija.explain.live_trades import MarketClock
    from nija.journal.journal import Journal
    from nija.journal.records import EquityPoint, HistoryRow

_STARTS = ("stop_trading", "flatten", "release", "release_keeping_stops", "limit_reached", "another_program")
_ENDS = ("resume", "another_program_gone")
_REFUSED = "order_refused"
_ROWS = 5_000
_OF_ONE_DAY = frozenset({HaltName.DAILY_LOSS.value, HaltName.PORTFOLIO_DAILY_LOSS.value})
# Points of the equity curve are at most this far apart while NIJA runs; after 90 days only one a day is left.
_APART = timedelta(hours=2).total_seconds()
_DAY = timedelta(days=1).total_seconds()


@dataclass(frozen=True, slots=True)
class Pause:
    """From `since` to before `until` (Unix seconds of the market's time) nothing was opened; None if it goes on."""

    since: float
    until: float | None
    reason: str

    def covers(self, time: float) -> bool:
        return self.since <= time and (self.until is None or time < self.until)


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """The exchange refused an order to buy."""

    time: float
    market: str
    reason: str


@dataclass(frozen=True, slots=True)
class AccountPast:
    """All times are Unix seconds of the market's time, oldest first. `equity` are pairs of a time and the equity then.

    `apart` are the seconds within which a running NIJA wrote at least one of them. `is_replay`: market time runs faster
    than the clock, so that many candles pass between two of them.
    """

    equity: tuple[tuple[float, Decimal], ...]
    pauses: tuple[Pause, ...] = ()
    refused: tuple[RefusedEntry, ...] = ()
    apart: float = _DAY
    is_replay: bool = False

    @property
    def started(self) -> float | None:
        """When the account was first valued; None if it never was."""
        return self.equity[0][0] if self.equity else None

    def equity_at(self, time: float) -> Decimal | None:
        """The last one known then; None before the first."""
        index = bisect_right(self.equity, time, key=lambda point: point[0]) - 1
        return self.equity[index][1] if index >= 0 else None

    def was_running(self, since: float, until: float) -> bool:
        """Whether NIJA valued the account at any time between; assumed in a replay."""
        if self.is_replay:
            return True
        index = bisect_left(self.equity, since - 1, key=lambda point: point[0])
        return index < len(self.equity) and self.equity[index][0] < max(until, since + self.apart)

    def pause_at(self, time: float) -> Pause | None:
        return next((pause for pause in reversed(self.pauses) if pause.covers(time)), None)

    def refusal_between(self, market: str, since: float, until: float) -> RefusedEntry | None:
        found = (one for one in self.refused if one.market == market and since <= one.time < until)
        return next(found, None)


def account_past(
    journal: Journal, timeframe: Timeframe, market_clock: MarketClock, *, is_replay: bool = False
) -> AccountPast:
    """Raises JournalError."""
    points = equity_series(journal)
    rows = tuple(reversed(journal.history.newest(_ROWS, kinds=(*_STARTS, *_ENDS, _REFUSED))))
    return AccountPast(
        equity=tuple((market_clock(point.time), point.equity) for point in points),
        pauses=tuple(_pauses(rows, market_clock)),
        refused=tuple(
            RefusedEntry(market_clock(row.time), row.market or "", str(row.detail.get("reason", "")))
            for row in rows
            if row.kind == _REFUSED and row.detail.get("purpose") == Purpose.ENTRY.name.lower()
        ),
        apart=max(float(timeframe.seconds), _resolution(points)),
        is_replay=is_replay,
    )


def _resolution(points: Iterable[EquityPoint]) -> float:
    times = [point.time for point in points]
    is_old = bool(times) and times[-1] - times[0] > timedelta(days=90)
    return _DAY if is_old else _APART


def _pauses(rows: Iterable[HistoryRow], market_clock: MarketClock) -> Iterable[Pause]:
    open_since: tuple[datetime, str] | None = None
    for row in rows:
        if row.kind in _STARTS and row.detail.get("limit") in _OF_ONE_DAY:
            tomorrow = start_of(row.time.date() + timedelta(days=1))
            yield Pause(market_clock(row.time), market_clock(tomorrow), _reason(row))
        elif row.kind in _STARTS and open_since is None:
            open_since = row.time, _reason(row)
        elif row.kind in _ENDS and open_since is not None:
            yield Pause(market_clock(open_since[0]), market_clock(row.time), open_since[1])
            open_since = None
    if open_since is not None:
        yield Pause(market_clock(open_since[0]), None, open_since[1])


def _reason(row: HistoryRow) -> str:
    """What a limit or another program gave as its reason; for a command, which it was."""
    reason = row.detail.get("reason")
    return str(reason) if reason else f"nija {row.kind.replace('_', '-')}"
