from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.manager import AccountState
from nija.health.judgement import SILENT_SECONDS
from nija.journal.records import LatchName
from nija.notify.events import (
    AccountFailed,
    AccountRecovered,
    DailySummary,
    Event,
    LimitReached,
    PositionClosed,
    PositionOpened,
)
from nija.notify.watcher import Memory, Sighting, StateWatcher, last_summary, look
from tests.fakes import ManualClock
from tests.nija.notify.sights import LATER, LONG_AGO, MASTER, START, TANIA, position, sighting, snapshot, view

S = AccountState


def watch(*seen: Sighting, now: datetime = LATER) -> list[Event]:
    """The events of a whole series of looks."""
    memory = Memory(START)
    events: list[Event] = []
    for one in seen:
        memory, news = look(memory, one, now)
        events += news
    return events


def failed(reason: str) -> Sighting:
    return sighting(snapshot(S.FAILED, reason))


def test_a_failure_is_told_once_and_its_end_once() -> None:
    seen = (sighting(), failed("Permission denied"), failed("Permission denied"), sighting(), sighting())
    assert watch(*seen) == [AccountFailed(MASTER, "Permission denied"), AccountRecovered(MASTER)]


def test_connecting_again_is_not_yet_recovery() -> None:
    seen = [
        failed("Unavailable"),
        sighting(snapshot(S.CONNECTING)),
        sighting(snapshot(S.CONNECTED)),
        failed("Unavailable"),
    ]
    assert watch(*seen) == [AccountFailed(MASTER, "Unavailable")]


def test_another_reason_is_news_but_reasons_without_end_are_not() -> None:
    assert watch(failed("a"), failed("b"), failed("a"), failed("b")) == [
        AccountFailed(MASTER, "a"),
        AccountFailed(MASTER, "b"),
    ]
    assert len(watch(*(failed(str(number)) for number in range(50)))) == 5


def test_an_account_that_is_failed_when_first_seen_is_told() -> None:
    assert watch(failed("❌ bad key")) == [AccountFailed(MASTER, "❌ bad key")]


def test_an_account_that_says_it_trades_but_does_no_work_has_failed_until_it_works() -> None:
    events = watch(
        sighting(snapshot(silent=SILENT_SECONDS + 1)), sighting(snapshot(silent=SILENT_SECONDS + 60)), sighting()
    )
    assert [type(event) for event in events] == [AccountFailed, AccountRecovered]
    assert isinstance(events[0], AccountFailed)
    assert "no useful work for 5 minutes" in events[0].reason


def test_an_account_that_has_just_begun_to_trade_is_not_silent() -> None:
    begun = replace(snapshot(silent=9_000), since=LATER)
    assert watch(sighting(begun)) == []


def test_positions_that_were_there_before_the_start_are_no_news() -> None:
    assert watch(sighting(None, view([position()]))) == []


def test_a_position_opened_between_the_start_and_the_first_look_is_news() -> None:
    assert len(watch(sighting(None, view([position(opened=LATER)])))) == 1


def test_a_position_that_appears_was_opened() -> None:
    assert watch(sighting(None, view()), sighting(None, view([position()]))) == [
        PositionOpened(MASTER, "BTC/USD", Decimal("0.01"), Decimal(95000), Decimal(88000))
    ]


def test_a_position_that_disappears_was_closed_at_about_the_last_price() -> None:
    held = sighting(None, view([position(exit_reason="trend exit")], prices={"BTC/USD": "97000"}))
    assert watch(held, sighting(None, view())) == [
        PositionClosed(MASTER, "BTC/USD", Decimal("0.01"), Decimal(20), "trend exit")
    ]


def test_a_position_replaced_between_two_looks_is_a_sale_and_a_purchase() -> None:
    events = watch(sighting(None, view([position(1)])), sighting(None, view([position(2)])))
    assert [type(event) for event in events] == [PositionClosed, PositionOpened]


def test_a_trader_that_begins_anew_has_not_sold_anything() -> None:
    held = sighting(None, view([position()]))
    unborn = sighting(None, replace(view(), equity=None))
    assert watch(held, unborn, sighting(), held) == []


def test_a_limit_is_told_when_it_is_reached_and_again_after_it_was_lifted() -> None:
    free, stopped = sighting(None, view()), sighting(None, view(latches={LatchName.DAILY_LOSS: LATER}))
    reached = LimitReached(MASTER, "daily loss", "daily_loss reached")
    assert watch(free, stopped, stopped, free, stopped) == [reached, reached]


def test_a_limit_of_an_earlier_run_is_no_news_but_one_of_the_first_cycle_is() -> None:
    assert watch(sighting(None, view(latches={LatchName.DRAWDOWN: LONG_AGO}))) == []
    assert len(watch(sighting(None, view(latches={LatchName.DRAWDOWN: LATER})))) == 1


states = st.sampled_from([*S])
holdings = st.dictionaries(st.sampled_from(["BTC/USD", "ETH/USD"]), st.integers(1, 3), max_size=2)
moments = st.lists(st.tuples(states, st.sampled_from(["x", "y"]), holdings, st.booleans()), max_size=20)


def a_moment(state: S, reason: str, held: dict[str, int], worked: bool) -> Sighting:  # noqa: FBT001  drawn by hypothesis
    shown = view(position(number, market) for market, number in held.items())
    return sighting(snapshot(state, reason), shown if worked else None)


@settings(max_examples=150, deadline=None)
@given(moments)
def test_the_events_tell_the_same_story_as_the_sightings(drawn: list[tuple[S, str, dict[str, int], bool]]) -> None:
    seen = [a_moment(*one) for one in drawn]
    events = watch(*seen)
    views = [one.view for one in seen if one.view is not None]
    open_now = {market: held.id for market, held in views[0].positions.items()} if views else {}
    down = False
    for event in events:
        if isinstance(event, AccountFailed):
            down = True
        elif isinstance(event, AccountRecovered):
            assert down
            down = False
        elif isinstance(event, PositionClosed):
            del open_now[event.market]
        elif isinstance(event, PositionOpened):
            assert event.market not in open_now
            open_now[event.market] = event.market
    assert set(open_now) == (set(views[-1].positions) if views else set())
    told = [one.snapshot.state for one in seen if one.snapshot.state in (S.FAILED, S.TRADING, S.PAUSED)]
    assert down == (bool(told) and told[-1] is S.FAILED)


@settings(max_examples=50, deadline=None)
@given(moments)
def test_looking_twice_at_the_same_finds_nothing_new(drawn: list[tuple[S, str, dict[str, int], bool]]) -> None:
    seen = [a_moment(*one) for one in drawn]
    twice = [one for one in seen for _ in range(2)]
    assert watch(*twice) == watch(*seen)


def test_the_summary_comes_once_a_day_at_its_hour_with_every_account() -> None:
    clock = ManualClock(datetime(2026, 3, 1, 6, 59, tzinfo=UTC).timestamp())
    watcher = StateWatcher(clock, summary_hour=7)
    held = view([position()])

    def summaries() -> list[DailySummary]:
        now = datetime.fromtimestamp(clock.time(), UTC)
        seen = (sighting(snapshot(now=now), held), sighting(snapshot(S.PAUSED, now=now, account=TANIA)))
        return [event for event in watcher.look(seen) if isinstance(event, DailySummary)]

    assert summaries() == []
    clock.advance(120)
    (summary,) = summaries()
    assert summary.day.isoformat() == "2026-03-01"
    assert [day.account for day in summary.accounts] == [MASTER, TANIA]
    assert (summary.accounts[0].equity, summary.accounts[0].change) == (Decimal("1034.56"), Decimal("34.56"))
    assert summaries() == []
    clock.advance(timedelta(days=1).total_seconds())
    assert len(summaries()) == 1


def test_a_start_after_the_hour_waits_for_tomorrow_and_no_hour_means_no_summary() -> None:
    assert last_summary(START, None) is None
    watcher = StateWatcher(ManualClock(START.timestamp()), summary_hour=7)
    assert watcher.look((sighting(snapshot(now=START)),)) == ()


@pytest.mark.parametrize("hour", [0, 23])
def test_the_first_and_the_last_hour_of_the_day_count(hour: int) -> None:
    clock = ManualClock(datetime(2026, 3, 1, 22, 30, tzinfo=UTC).timestamp())
    watcher = StateWatcher(clock, summary_hour=hour)
    assert watcher.look(()) == ()
    clock.advance(3_600 * 2)
    assert len(watcher.look(())) == 1
