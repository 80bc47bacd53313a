"""Events that only show over time, found by comparing the accounts with how they were at the last look.

An account fails or recovers, a position stays unprotected, market data stops, a day ends: this is the only place that
detects these. A trader publishes the events that it knows of itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.clock import utc_now
from brokers.model import Exchange
from nija.events import (
    AccountDay,
    AccountFailed,
    AccountRecovered,
    DailySummary,
    FeedBack,
    FeedSilent,
    PositionBare,
    PositionCertain,
    PositionInDoubt,
    PositionProtected,
)
from nija.status.report import AccountFault, AccountFaultKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import date, datetime

    from brokers.clock import Clock
    from nija.events import Event, MonthlyReport
    from nija.status.report import AccountStatus

    Place = tuple[str, str]
    """An exchange and a market; an empty market means all of them."""

# Different reasons reported per outage; a failing exchange can give more than anyone wants to read.
_REASONS_REPORTED = 5
_AT_WORK = frozenset({"TRADING", "PAUSED"})
_NOT_WORKING = frozenset({AccountFaultKind.NO_WORK, AccountFaultKind.NO_ANSWER})
_OF_A_POSITION = frozenset({AccountFaultKind.NOT_PROTECTED, AccountFaultKind.IN_DOUBT})


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one account.

    `reported` are the reasons reported in the current outage; empty while the account works. `unlogged` is the last of
    them that only the watcher knew. `wrong` are the faults of its positions.
    """

    reported: frozenset[str] = frozenset()
    unlogged: str = ""
    wrong: tuple[AccountFault, ...] = ()


def look(memory: Memory, seen: AccountStatus) -> tuple[Memory, tuple[Event, ...]]:
    """The new memory of one account, and the events since the last look."""
    memory, health = _health(memory, seen)
    # Before its first cycle ends, a trader does not know what it holds, which differs from holding nothing.
    if not seen.is_known:
        return memory, health
    wrong = tuple(fault for fault in seen.faults if fault.kind in _OF_A_POSITION)
    return replace(memory, wrong=wrong), (*health, *_positions(memory.wrong, wrong, seen))


def _health(memory: Memory, seen: AccountStatus) -> tuple[Memory, tuple[Event, ...]]:
    trouble, is_logged = _trouble(seen)
    account = AccountId.parse(seen.id)
    if trouble:
        if trouble in memory.reported or len(memory.reported) >= _REASONS_REPORTED:
            return memory, ()
        unlogged = memory.unlogged if is_logged else trouble
        return Memory(memory.reported | {trouble}, unlogged, memory.wrong), (
            AccountFailed(account, trouble, is_logged),
        )
    if memory.reported and seen.state in _AT_WORK:
        return Memory(wrong=memory.wrong), (AccountRecovered(account, memory.unlogged),)
    return memory, ()


def _trouble(seen: AccountStatus) -> tuple[str, bool]:
    """Why the account does not trade (empty if it does), and whether its own thread has logged that."""
    if seen.state == "FAILED":
        return seen.reason or "it failed; see nija.log", True
    return next((fault.text for fault in seen.faults if fault.kind in _NOT_WORKING), ""), False


def _positions(before: tuple[AccountFault, ...], now: tuple[AccountFault, ...], seen: AccountStatus) -> Iterator[Event]:
    account = AccountId.parse(seen.id)
    known = {(fault.kind, fault.market) for fault in before}
    for fault in now:
        if (fault.kind, fault.market) in known:
            continue
        if fault.kind is AccountFaultKind.NOT_PROTECTED:
            yield PositionBare(account, fault.market, fault.text, fault.is_logged)
        else:
            yield PositionInDoubt(account, fault.market, fault.text)
    lasting = {(fault.kind, fault.market) for fault in now}
    held = {position.market for position in seen.positions}
    for fault in before:
        if (fault.kind, fault.market) in lasting or fault.market not in held:
            continue
        over = PositionProtected if fault.kind is AccountFaultKind.NOT_PROTECTED else PositionCertain
        yield over(account, fault.market, fault.text)


class Watcher:
    """Looks at all accounts from time to time. Used by one thread. `summary_hour` is UTC; None for no summary.

    `report_month` makes the report of the month that begins on a day; it follows the first summary after that month.
    """

    def __init__(
        self,
        clock: Clock,
        summary_hour: int | None = None,
        report_month: Callable[[date], MonthlyReport] | None = None,
    ) -> None:
        self._clock = clock
        self._report_month = report_month
        self._memories: dict[str, Memory] = {}
        self._feeds = _FeedWatcher()
        self._summary_hour = summary_hour
        self._summarised = last_summary(utc_now(clock), summary_hour)

    def look(self, accounts: tuple[AccountStatus, ...]) -> tuple[Event, ...]:
        """The events since the last look, for the caller to publish."""
        now = utc_now(self._clock)
        events: list[Event] = []
        memories, self._memories = self._memories, {}
        for seen in accounts:
            self._memories[seen.id], news = look(memories.get(seen.id, Memory()), seen)
            events += news
        events += self._feeds.look(accounts, now)
        today = last_summary(now, self._summary_hour)
        if today is not None and self._summarised is not None and today > self._summarised:
            events.append(DailySummary(now.date(), tuple(map(_account_day, accounts))))
            if self._report_month is not None and today.replace(day=1) > self._summarised:
                events.append(self._report_month(_month_before(today)))
            self._summarised = today
        return tuple(events)


class _FeedWatcher:
    """Which market data has stopped, once per exchange and market, however many accounts follow it."""

    def __init__(self) -> None:
        self._reported: dict[Place, tuple[datetime, str]] = {}

    def look(self, accounts: Iterable[AccountStatus], now: datetime) -> Iterator[FeedSilent | FeedBack]:
        silent = dict(_silent(accounts))
        for place, reason in silent.items():
            if place not in self._reported:
                self._reported[place] = now, reason
                yield FeedSilent(Exchange(place[0]), place[1], reason)
        for place, (since, reason) in tuple(self._reported.items()):
            # While an exchange gives no data at all, its single markets are unknown.
            if place not in silent and (place[0], "") not in silent:
                del self._reported[place]
                yield FeedBack(Exchange(place[0]), place[1], (now - since).total_seconds(), reason)


def _silent(accounts: Iterable[AccountStatus]) -> Iterator[tuple[Place, str]]:
    followed: dict[str, dict[str, str]] = {}
    for account in accounts:
        wrong = {fault.market: fault.text for fault in account.faults if fault.kind is AccountFaultKind.NO_MARKET_DATA}
        known = followed.setdefault(account.exchange, {})
        for market in account.markets:
            known[market.market] = known.get(market.market) or wrong.get(market.market, "")
    for exchange, markets in followed.items():
        silent = {market: reason for market, reason in markets.items() if reason}
        if silent and len(silent) == len(markets) > 1:
            yield (exchange, ""), next(iter(silent.values()))
        else:
            yield from (((exchange, market), reason) for market, reason in silent.items())


def last_summary(now: datetime, hour: int | None) -> date | None:
    """The day of the last summary due by `now`; None if there are no summaries."""
    return None if hour is None else (now - timedelta(hours=hour)).date()


def _month_before(day: date) -> date:
    """The first day of the month before."""
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _account_day(seen: AccountStatus) -> AccountDay:
    return AccountDay(
        account=AccountId.parse(seen.id),
        state=seen.state,
        currency=seen.currency,
        equity=seen.equity,
        change=seen.equity_change,
        positions=len(seen.positions),
        reason=seen.reason,
        not_trading=seen.not_trading,
    )
