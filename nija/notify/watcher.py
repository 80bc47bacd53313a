"""Events found by comparing what is seen now with what was seen before; the traders know nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.manager import AccountState
from brokers.clock import utc_now
from nija.health.judgement import SILENT_SECONDS
from nija.notify.events import (
    AccountDay,
    AccountFailed,
    AccountRecovered,
    DailySummary,
    LimitReached,
    PositionClosed,
    PositionOpened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime
    from decimal import Decimal

    from accounts.identity import AccountId
    from accounts.manager import AccountSnapshot
    from brokers.clock import Clock
    from nija.journal.positions import Position
    from nija.journal.records import LatchName
    from nija.notify.events import Event
    from nija.trader.view import TraderView

# Of one spell of trouble so many different reasons are told; a failing exchange knows more than anyone wants to read.
_REASONS_TOLD = 5
_AT_WORK = frozenset({AccountState.TRADING, AccountState.PAUSED})
_CONNECTED = _AT_WORK | {AccountState.CONNECTED}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One account at one moment. `view` is None before its trader first worked."""

    snapshot: AccountSnapshot
    view: TraderView | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of one account. `told` are the reasons of the present trouble; empty while it works.

    What is older than `since` was there before anybody looked, and is no news.
    """

    since: datetime
    told: frozenset[str] = frozenset()
    positions: Mapping[str, Position] | None = None
    prices: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    latches: frozenset[LatchName] | None = None


def look(memory: Memory, seen: Sighting, now: datetime) -> tuple[Memory, tuple[Event, ...]]:
    """What is new of one account, and what to remember of it."""
    memory, health = _health(memory, seen.snapshot, now)
    view = seen.view
    # A trader that has not yet finished a cycle knows nothing, which is not the same as holding nothing.
    if view is None or view.equity is None:
        return memory, health
    account = seen.snapshot.account
    prices = {**memory.prices, **view.prices}
    events = (*health, *_positions(memory, view, prices, account), *_limits(memory, view, account))
    remembered = replace(
        memory, positions=view.positions, prices=MappingProxyType(prices), latches=frozenset(view.latches)
    )
    return remembered, events


def _health(memory: Memory, snapshot: AccountSnapshot, now: datetime) -> tuple[Memory, tuple[Event, ...]]:
    trouble = _trouble(snapshot, now)
    if trouble:
        if trouble in memory.told or len(memory.told) >= _REASONS_TOLD:
            return memory, ()
        return replace(memory, told=memory.told | {trouble}), (AccountFailed(snapshot.account, trouble),)
    if memory.told and snapshot.state in _AT_WORK:
        return replace(memory, told=frozenset()), (AccountRecovered(snapshot.account),)
    return memory, ()


def _trouble(snapshot: AccountSnapshot, now: datetime) -> str:
    if snapshot.state is AccountState.FAILED:
        return snapshot.reason or "it failed; see nija.log"
    worked = max(snapshot.since, snapshot.last_work or snapshot.since)
    if snapshot.state in _CONNECTED and now - worked > timedelta(seconds=SILENT_SECONDS):
        return f"no useful work for {SILENT_SECONDS / 60:.0f} minutes: its exchange does not answer"
    return ""


def _positions(
    memory: Memory, view: TraderView, prices: Mapping[str, Decimal], account: AccountId
) -> Iterator[PositionOpened | PositionClosed]:
    before = memory.positions or {}
    for market, old in before.items():
        now_held = view.positions.get(market)
        if now_held is None or now_held.id != old.id:
            profit = old.profit_at(prices[market]) if market in prices else None
            yield PositionClosed(account, market, old.amount, profit, old.exit_reason or "")
    for market, new in view.positions.items():
        known = market in before and before[market].id == new.id
        if not known and (memory.positions is not None or new.opened >= memory.since):
            yield PositionOpened(account, market, new.amount, new.entry_price, new.stop_price)


def _limits(memory: Memory, view: TraderView, account: AccountId) -> Iterator[LimitReached]:
    for name, latch in view.latches.items():
        news = latch.since >= memory.since if memory.latches is None else name not in memory.latches
        if news:
            yield LimitReached(account, name.value.replace("_", " "), latch.reason)


class StateWatcher:
    """Looks at all accounts, again and again. Used by one thread. `summary_hour` is UTC; None for no summary."""

    def __init__(self, clock: Clock, summary_hour: int | None = None) -> None:
        self._clock = clock
        self._since = utc_now(clock)
        self._memories: dict[AccountId, Memory] = {}
        self._summary_hour = summary_hour
        self._summarised = last_summary(self._since, summary_hour)

    def look(self, sightings: tuple[Sighting, ...]) -> tuple[Event, ...]:
        now = utc_now(self._clock)
        events: list[Event] = []
        for seen in sightings:
            account = seen.snapshot.account
            memory = self._memories.get(account, Memory(self._since))
            self._memories[account], news = look(memory, seen, now)
            events += news
        today = last_summary(now, self._summary_hour)
        if today is not None and self._summarised is not None and today > self._summarised:
            self._summarised = today
            events.append(DailySummary(now.date(), tuple(map(_account_day, sightings))))
        return tuple(events)


def last_summary(now: datetime, hour: int | None) -> date | None:
    """The day whose summary was the last one due by `now`; None where none is wanted."""
    return None if hour is None else (now - timedelta(hours=hour)).date()


def _account_day(seen: Sighting) -> AccountDay:
    snapshot, equity = seen.snapshot, seen.view.equity if seen.view is not None else None
    return AccountDay(
        account=snapshot.account,
        state=snapshot.state.value,
        currency=snapshot.quote,
        equity=snapshot.equity,
        change=None if equity is None else equity.current - equity.day.start,
        positions=snapshot.positions,
        not_trading=snapshot.reason or snapshot.not_trading,
    )
