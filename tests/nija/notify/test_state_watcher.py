from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.manager import AccountState
from brokers.model import Exchange, Timeframe
from nija.health.judgement import SILENT_SECONDS
from nija.journal.records import LatchName
from nija.market_data.series import Heard
from nija.market_data.snapshot import FeedSnapshot
from nija.notify.events import (
    AccountFailed,
    AccountRecovered,
    AnotherProgram,
    DailySummary,
    Event,
    FeedBack,
    FeedSilent,
    LimitReached,
    PositionBare,
    PositionCertain,
    PositionClosed,
    PositionInDoubt,
    PositionOpened,
    PositionProtected,
    PositionWrittenOff,
)
from nija.notify.watcher import Memory, StateWatcher, last_summary, look
from nija.trader.view import ProtectionView, WrittenOff
from tests.fakes import ManualClock
from tests.nija.notify.sights import LATER, LONG_AGO, MASTER, START, TANIA, position, sighting, snapshot, view

if TYPE_CHECKING:
    from accounts.identity import AccountId
    from nija.status.report import AccountStatus

S = AccountState


def watch(*seen: AccountStatus) -> list[Event]:
    """The events of a whole series of looks."""
    memory = Memory(START)
    events: list[Event] = []
    for one in seen:
        memory, news = look(memory, one)
        events += news
    return events


def failed(reason: str) -> AccountStatus:
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
    unborn = sighting(None, replace(view(), worked=False))
    assert watch(held, unborn, sighting(), held) == []


def test_what_is_sold_while_the_accounts_worth_is_unknown_is_told_all_the_same() -> None:
    held = sighting(None, view([position()]))
    assert len(watch(held, sighting(None, replace(view(), equity=None)))) == 1


def test_a_limit_is_told_when_it_is_reached_and_again_after_it_was_lifted() -> None:
    free, stopped = sighting(None, view()), sighting(None, view(latches={LatchName.DAILY_LOSS: LATER}))
    reached = LimitReached(MASTER, "daily loss", "daily_loss reached")
    assert watch(free, stopped, stopped, free, stopped) == [reached, reached]


def held(**protection: Any) -> AccountStatus:  # noqa: ANN401 - the fields of a ProtectionView
    protected = ProtectionView("BTC/USD", **{"covered": True, **protection})
    shown = replace(view([position()]), protection=MappingProxyType({"BTC/USD": protected}))
    return sighting(None, shown)


def test_a_bare_position_is_told_once_and_its_protection_once() -> None:
    bare = [held(covered=False, bare_seconds=seconds) for seconds in (10.0, 40.0, 60.0)]
    assert watch(held(), *bare, held(), held()) == [
        PositionBare(MASTER, "BTC/USD", "BTC/USD has been without a stop for 40 s"),
        PositionProtected(MASTER, "BTC/USD"),
    ]


def test_a_bare_position_that_is_sold_is_not_said_to_be_protected() -> None:
    events = watch(held(covered=False, bare_seconds=40.0), sighting(None, view()))
    assert [type(event) for event in events] == [PositionBare, PositionClosed]


def test_a_position_in_doubt_is_told_and_so_is_its_end() -> None:
    assert watch(held(), held(doubt="coins are missing"), held()) == [
        PositionInDoubt(MASTER, "BTC/USD", "BTC/USD is in doubt: coins are missing"),
        PositionCertain(MASTER, "BTC/USD"),
    ]


def test_what_was_booked_out_is_told_as_that_and_not_as_a_sale() -> None:
    gone = WrittenOff("BTC/USD", Decimal("0.01"), "sold by hand", LATER)
    empty = sighting(None, replace(view(), written_off=(gone,)))
    assert watch(held(), empty, empty) == [
        PositionWrittenOff(MASTER, "BTC/USD", Decimal("0.01"), "sold by hand"),
    ]


def test_another_program_is_told_as_that() -> None:
    free, shared = sighting(None, view()), sighting(None, view(latches={LatchName.ANOTHER_PROGRAM: LATER}))
    assert watch(free, shared, shared) == [AnotherProgram(MASTER, "another_program reached")]


def test_an_exchange_that_answers_nothing_about_an_account_has_failed_it_until_it_answers() -> None:
    def answered(ago: float) -> AccountStatus:
        return sighting(None, replace(view(), answered=-ago))

    events = watch(answered(1.0), answered(SILENT_SECONDS + 1), answered(SILENT_SECONDS + 90), answered(1.0))
    assert [type(event) for event in events] == [AccountFailed, AccountRecovered]


class TestMarketData:
    """`silent` says for how many seconds which market was."""

    @staticmethod
    def seen(account: AccountId = MASTER, **silent: float) -> AccountStatus:
        read = {f"{name}/USD": -silent.get(name, 1.0) for name in ("BTC", "ETH")}
        series = {(market, Timeframe.D1): Heard(since=-1e6, answered=-1.0, ended=-1.0) for market in read}
        feed = FeedSnapshot(read=MappingProxyType(read), heard=MappingProxyType(series))
        return sighting(snapshot(account=account), view(), feed)

    def test_a_silence_is_told_once_for_all_accounts_and_so_is_its_end(self) -> None:
        clock = ManualClock(LATER.timestamp())
        watcher = StateWatcher(clock)
        assert watcher.look((self.seen(), self.seen(TANIA))) == ()
        assert watcher.look((self.seen(BTC=400.0), self.seen(TANIA, BTC=400.0))) == (
            FeedSilent(Exchange.KRAKEN, "BTC/USD", "no price of BTC/USD for 6 min"),
        )
        clock.advance(60.0)
        assert watcher.look((self.seen(BTC=460.0),)) == ()
        assert watcher.look((self.seen(),)) == (FeedBack(Exchange.KRAKEN, "BTC/USD", 60.0),)

    def test_an_exchange_whose_every_market_is_silent_is_one_event(self) -> None:
        watcher = StateWatcher(ManualClock(LATER.timestamp()))
        assert watcher.look((self.seen(BTC=400.0, ETH=400.0),)) == (
            FeedSilent(Exchange.KRAKEN, "", "no price of BTC/USD for 6 min"),
        )
        assert watcher.look((self.seen(),)) == (FeedBack(Exchange.KRAKEN, "", 0.0),)

    def test_one_market_that_stays_silent_through_an_outage_of_all_is_told_once(self) -> None:
        watcher = StateWatcher(ManualClock(LATER.timestamp()))
        told = [
            *watcher.look((self.seen(BTC=400.0),)),
            *watcher.look((self.seen(BTC=500.0, ETH=400.0),)),
            *watcher.look((self.seen(BTC=600.0),)),
            *watcher.look((self.seen(),)),
        ]
        assert [(type(event), getattr(event, "market", None)) for event in told] == [
            (FeedSilent, "BTC/USD"),
            (FeedSilent, ""),
            (FeedBack, ""),
            (FeedBack, "BTC/USD"),
        ]


def test_a_limit_of_an_earlier_run_is_no_news_but_one_of_the_first_cycle_is() -> None:
    assert watch(sighting(None, view(latches={LatchName.DRAWDOWN: LONG_AGO}))) == []
    assert len(watch(sighting(None, view(latches={LatchName.DRAWDOWN: LATER})))) == 1


states = st.sampled_from([*S])
holdings = st.dictionaries(st.sampled_from(["BTC/USD", "ETH/USD"]), st.integers(1, 3), max_size=2)
moments = st.lists(st.tuples(states, st.sampled_from(["x", "y"]), holdings, st.booleans()), max_size=20)


def a_moment(state: S, reason: str, held: dict[str, int], worked: bool) -> AccountStatus:  # noqa: FBT001  drawn by hypothesis
    shown = view(position(number, market) for market, number in held.items())
    return sighting(snapshot(state, reason), shown if worked else None)


@settings(max_examples=150, deadline=None)
@given(moments)
def test_the_events_tell_the_same_story_as_the_sightings(drawn: list[tuple[S, str, dict[str, int], bool]]) -> None:
    seen = [a_moment(*one) for one in drawn]
    events = watch(*seen)
    known = [one for one in seen if one.is_known]
    open_now = {held.market for held in known[0].positions} if known else set()
    down = False
    for event in events:
        if isinstance(event, AccountFailed):
            down = True
        elif isinstance(event, AccountRecovered):
            assert down
            down = False
        elif isinstance(event, PositionClosed):
            open_now.remove(event.market)
        elif isinstance(event, PositionOpened):
            assert event.market not in open_now
            open_now.add(event.market)
    assert open_now == ({held.market for held in known[-1].positions} if known else set())
    told = [one.state for one in seen if one.state in (S.FAILED, S.TRADING, S.PAUSED)]
    assert down == (bool(told) and told[-1] == S.FAILED)


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
        seen = (
            sighting(snapshot(now=now), held, now=now),
            sighting(snapshot(S.PAUSED, now=now, account=TANIA), now=now),
        )
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
