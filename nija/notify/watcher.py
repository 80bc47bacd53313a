"""Events found by comparing what is seen now with what was seen before; the traders know nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.clock import utc_now
from nija.notify.events import (
    AccountDay,
    AccountFailed,
    AccountRecovered,
    AnotherProgram,
    DailySummary,
    LimitReached,
    PositionBare,
    PositionCertain,
    PositionClosed,
    PositionInDoubt,
    PositionOpened,
    PositionProtected,
    PositionWrittenOff,
)
from nija.notify.feeds import FeedWatcher
from nija.status.report import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from brokers.clock import Clock
    from nija.notify.events import Event
    from nija.status.report import AccountStatus, PositionStatus
    from nija.trader.view import WrittenOff

# Of one spell of trouble so many different reasons are told; a failing exchange knows more than anyone wants to read.
_REASONS_TOLD = 5
_AT_WORK = frozenset({"TRADING", "PAUSED"})
_NOT_WORKING = frozenset({FaultKind.NO_WORK, FaultKind.NO_ANSWER})
_ANOTHER_PROGRAM = FaultKind.ANOTHER_PROGRAM.value

Wrong = tuple[FaultKind, str]
"""A kind of fault, and the market."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one account. `told` are the reasons of the present trouble; empty while it works.

    What is older than `since` was there before anybody looked, and is no news.
    """

    since: datetime
    told: frozenset[str] = frozenset()
    positions: Mapping[str, PositionStatus] | None = None
    latches: frozenset[str] | None = None
    wrong: frozenset[Wrong] = frozenset()
    written_off: frozenset[WrittenOff] = frozenset()


def look(memory: Memory, seen: AccountStatus) -> tuple[Memory, tuple[Event, ...]]:
    """What is new of one account, and what to remember of it."""
    memory, health = _health(memory, seen)
    # A trader that has not yet finished a cycle knows nothing, which is not the same as holding nothing.
    if not seen.is_known:
        return memory, health
    account = AccountId.parse(seen.id)
    events = (
        *health,
        *_written_off(memory, seen, account),
        *_positions(memory, seen, account),
        *_wrong(memory, seen, account),
        *_latches(memory, seen, account),
    )
    remembered = replace(
        memory,
        positions=MappingProxyType(dict(_with_profit(memory, seen))),
        latches=frozenset(latch.name for latch in seen.latches),
        wrong=frozenset((fault.kind, fault.market) for fault in seen.faults),
        written_off=frozenset(seen.written_off),
    )
    return remembered, events


def _health(memory: Memory, seen: AccountStatus) -> tuple[Memory, tuple[Event, ...]]:
    trouble, account = _trouble(seen), AccountId.parse(seen.id)
    if trouble:
        if trouble in memory.told or len(memory.told) >= _REASONS_TOLD:
            return memory, ()
        return replace(memory, told=memory.told | {trouble}), (AccountFailed(account, trouble),)
    if memory.told and seen.state in _AT_WORK:
        return replace(memory, told=frozenset()), (AccountRecovered(account),)
    return memory, ()


def _trouble(seen: AccountStatus) -> str:
    if seen.state == "FAILED":
        return seen.reason or "it failed; see nija.log"
    return next((fault.text for fault in seen.faults if fault.kind in _NOT_WORKING), "")


def _with_profit(memory: Memory, seen: AccountStatus) -> Iterator[tuple[str, PositionStatus]]:
    """Where no price is known now, the profit at the last one seen goes on to be the best that is known."""
    for position in seen.positions:
        before = (memory.positions or {}).get(position.market)
        same = before is not None and before.id == position.id and position.profit is None
        yield position.market, replace(position, profit=before.profit) if same and before is not None else position


def _positions(memory: Memory, seen: AccountStatus, account: AccountId) -> Iterator[PositionOpened | PositionClosed]:
    before, now = memory.positions or {}, {position.market: position for position in seen.positions}
    written_off = {one.market for one in _new_write_offs(memory, seen)}
    for market, old in before.items():
        held = now.get(market)
        gone = held is None or held.id != old.id
        if gone and market not in written_off:
            yield PositionClosed(account, market, old.amount, old.profit, old.exit_reason)
    for market, new in now.items():
        known = market in before and before[market].id == new.id
        is_young = new.opened is not None and new.opened >= memory.since
        if not known and (memory.positions is not None or is_young):
            yield PositionOpened(account, market, new.amount, new.entry_price, new.stop)


def _new_write_offs(memory: Memory, seen: AccountStatus) -> list[WrittenOff]:
    """All of them are of this run."""
    return [one for one in seen.written_off if one not in memory.written_off]


def _written_off(memory: Memory, seen: AccountStatus, account: AccountId) -> Iterator[PositionWrittenOff]:
    for one in _new_write_offs(memory, seen):
        yield PositionWrittenOff(account, one.market, one.amount, one.reason)


def _wrong(
    memory: Memory, seen: AccountStatus, account: AccountId
) -> Iterator[PositionBare | PositionProtected | PositionInDoubt | PositionCertain]:
    found = {(fault.kind, fault.market): fault.text for fault in seen.faults}
    for (kind, market), text in found.items():
        if (kind, market) in memory.wrong:
            continue
        if kind is FaultKind.NOT_PROTECTED:
            yield PositionBare(account, market, text)
        elif kind is FaultKind.IN_DOUBT:
            yield PositionInDoubt(account, market, text)
    held = {position.market for position in seen.positions}
    for kind, market in memory.wrong:
        if (kind, market) in found or market not in held:
            continue
        if kind is FaultKind.NOT_PROTECTED:
            yield PositionProtected(account, market)
        elif kind is FaultKind.IN_DOUBT:
            yield PositionCertain(account, market)


def _latches(memory: Memory, seen: AccountStatus, account: AccountId) -> Iterator[LimitReached | AnotherProgram]:
    for latch in seen.latches:
        news = latch.since >= memory.since if memory.latches is None else latch.name not in memory.latches
        if not news:
            continue
        if latch.name == _ANOTHER_PROGRAM:
            yield AnotherProgram(account, latch.reason)
        else:
            yield LimitReached(account, latch.name.replace("_", " "), latch.reason)


class StateWatcher:
    """Looks at all accounts, again and again. Used by one thread. `summary_hour` is UTC; None for no summary."""

    def __init__(self, clock: Clock, summary_hour: int | None = None) -> None:
        self._clock = clock
        self._since = utc_now(clock)
        self._memories: dict[str, Memory] = {}
        self._feeds = FeedWatcher()
        self._summary_hour = summary_hour
        self._summarised = last_summary(self._since, summary_hour)

    def look(self, accounts: tuple[AccountStatus, ...]) -> tuple[Event, ...]:
        now = utc_now(self._clock)
        events: list[Event] = []
        for seen in accounts:
            memory = self._memories.get(seen.id, Memory(self._since))
            self._memories[seen.id], news = look(memory, seen)
            events += news
        events += self._feeds.look(accounts, now)
        today = last_summary(now, self._summary_hour)
        if today is not None and self._summarised is not None and today > self._summarised:
            self._summarised = today
            events.append(DailySummary(now.date(), tuple(map(_account_day, accounts))))
        return tuple(events)


def last_summary(now: datetime, hour: int | None) -> date | None:
    """The day whose summary was the last one due by `now`; None where none is wanted."""
    return None if hour is None else (now - timedelta(hours=hour)).date()


def _account_day(seen: AccountStatus) -> AccountDay:
    return AccountDay(
        account=AccountId.parse(seen.id),
        state=seen.state,
        currency=seen.currency,
        equity=seen.equity,
        change=seen.equity_change,
        positions=len(seen.positions),
        not_trading=seen.reason or "; ".join(why.text for why in seen.not_trading),
    )
