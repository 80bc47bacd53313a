from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.manager import AccountState
from brokers.model import Exchange, Timeframe
from nija.events import (
    AccountFailed,
    AccountRecovered,
    DailySummary,
    Event,
    FeedBack,
    FeedSilent,
    MonthlyReport,
    PositionBare,
    PositionCertain,
    PositionInDoubt,
    PositionProtected,
)
from nija.health.judgement import SILENT_SECONDS
from nija.health.watcher import Memory, Watcher, last_summary, look
from nija.market_data.series import Freshness
from nija.market_data.snapshot import FeedSnapshot
from nija.trader.view import ProtectionView
from tests.fakes import ManualClock
from tests.nija.notify.account_states import LATER, MASTER, START, TANIA, position, snapshot, status_of, view

if TYPE_CHECKING:
    from accounts.identity import AccountId
    from nija.status.report import AccountStatus

S = AccountState


def watch(*seen: AccountStatus) -> list[Event]:
    """The events of a series of looks."""
    memory = Memory()
    events: list[Event] = []
    for one in seen:
        memory, news = look(memory, one)
        events += news
    return events


def failed(reason: str) -> AccountStatus:
    return status_of(snapshot(S.FAILED, reason))


def test_a_failure_is_reported_once_and_its_end_once() -> None:
    seen = (status_of(), failed("Permission denied"), failed("Permission denied"), status_of(), status_of())
    assert watch(*seen) == [AccountFailed(MASTER, "Permission denied"), AccountRecovered(MASTER)]


def test_connecting_again_is_not_yet_recovery() -> None:
    seen = [
        failed("Unavailable"),
        status_of(snapshot(S.CONNECTING)),
        status_of(snapshot(S.CONNECTED)),
        failed("Unavailable"),
    ]
    assert watch(*seen) == [AccountFailed(MASTER, "Unavailable")]


def test_another_reason_is_news_but_reasons_without_end_are_not() -> None:
    assert watch(failed("a"), failed("b"), failed("a"), failed("b")) == [
        AccountFailed(MASTER, "a"),
        AccountFailed(MASTER, "b"),
    ]
    assert len(watch(*(failed(str(number)) for number in range(50)))) == 5


def test_an_account_that_is_failed_when_first_seen_is_reported() -> None:
    assert watch(failed("❌ bad key")) == [AccountFailed(MASTER, "❌ bad key")]


def test_an_account_in_state_trading_that_does_no_work_has_failed_until_it_works() -> None:
    events = watch(
        status_of(snapshot(silent=SILENT_SECONDS + 1)), status_of(snapshot(silent=SILENT_SECONDS + 60)), status_of()
    )
    reason = "no useful work for 5 min: its exchange does not answer"
    assert events == [AccountFailed(MASTER, reason, is_logged=False), AccountRecovered(MASTER, reason)]


def test_an_account_that_has_just_begun_to_trade_is_not_silent() -> None:
    begun = replace(snapshot(silent=9_000), since=LATER)
    assert watch(status_of(begun)) == []


def held(**protection: Any) -> AccountStatus:  # noqa: ANN401 - the fields of a ProtectionView
    protected = ProtectionView("BTC/USD", **{"covered": True, **protection})
    shown = replace(view([position()]), protection=MappingProxyType({"BTC/USD": protected}))
    return status_of(None, shown)


def test_a_bare_position_is_reported_once_and_its_protection_once() -> None:
    bare = [held(covered=False, bare_seconds=seconds) for seconds in (10.0, 40.0, 60.0)]
    assert watch(held(), *bare, held(), held()) == [
        PositionBare(MASTER, "BTC/USD", "BTC/USD has been without a stop for 40 s"),
        PositionProtected(MASTER, "BTC/USD", "BTC/USD has been without a stop for 1 min"),
    ]


def test_a_bare_position_that_is_sold_is_not_said_to_be_protected() -> None:
    events = watch(held(covered=False, bare_seconds=40.0), status_of(None, view()))
    assert [type(event) for event in events] == [PositionBare]


def test_a_trader_that_restarts_does_not_end_a_fault() -> None:
    unborn = status_of(None, replace(view(), worked=False))
    assert len(watch(held(doubt="coins are missing"), unborn, held(doubt="coins are missing"))) == 1


def test_what_the_account_has_logged_itself_is_marked() -> None:
    (bare,) = watch(held(covered=False, trouble="refused"))
    assert bare == PositionBare(MASTER, "BTC/USD", "BTC/USD is not protected as it should be: refused", is_logged=True)


def test_a_position_in_doubt_is_reported_and_so_is_its_end() -> None:
    assert watch(held(), held(doubt="coins are missing"), held()) == [
        PositionInDoubt(MASTER, "BTC/USD", "BTC/USD is in doubt: coins are missing"),
        PositionCertain(MASTER, "BTC/USD", "BTC/USD is in doubt: coins are missing"),
    ]


def test_an_exchange_that_answers_nothing_about_an_account_has_failed_it_until_it_answers() -> None:
    def answered(ago: float) -> AccountStatus:
        return status_of(None, replace(view(), answered=-ago))

    events = watch(answered(1.0), answered(SILENT_SECONDS + 1), answered(SILENT_SECONDS + 90), answered(1.0))
    assert [type(event) for event in events] == [AccountFailed, AccountRecovered]


class TestMarketData:
    """`silent`: for how many seconds each market has been silent."""

    @staticmethod
    def seen(account: AccountId = MASTER, **silent: float) -> AccountStatus:
        read = {f"{name}/USD": -silent.get(name, 1.0) for name in ("BTC", "ETH")}
        series = {(market, Timeframe.D1): Freshness(since=-1e6, answered=-1.0, ended=-1.0) for market in read}
        feed = FeedSnapshot(read=MappingProxyType(read), freshness=MappingProxyType(series))
        return status_of(snapshot(account=account), view(), feed)

    def test_a_silence_is_reported_once_for_all_accounts_and_so_is_its_end(self) -> None:
        clock = ManualClock(LATER.timestamp())
        watcher = Watcher(clock)
        assert watcher.look((self.seen(), self.seen(TANIA))) == ()
        assert watcher.look((self.seen(BTC=400.0), self.seen(TANIA, BTC=400.0))) == (
            FeedSilent(Exchange.KRAKEN, "BTC/USD", "no price of BTC/USD for 6 min 40 s"),
        )
        clock.advance(60.0)
        assert watcher.look((self.seen(BTC=460.0),)) == ()
        assert watcher.look((self.seen(),)) == (
            FeedBack(Exchange.KRAKEN, "BTC/USD", 60.0, "no price of BTC/USD for 6 min 40 s"),
        )

    def test_an_exchange_whose_every_market_is_silent_is_one_event(self) -> None:
        watcher = Watcher(ManualClock(LATER.timestamp()))
        assert watcher.look((self.seen(BTC=400.0, ETH=400.0),)) == (
            FeedSilent(Exchange.KRAKEN, "", "no price of BTC/USD for 6 min 40 s"),
        )
        assert watcher.look((self.seen(),)) == (
            FeedBack(Exchange.KRAKEN, "", 0.0, "no price of BTC/USD for 6 min 40 s"),
        )

    def test_one_market_that_stays_silent_through_an_outage_of_all_is_reported_once(self) -> None:
        watcher = Watcher(ManualClock(LATER.timestamp()))
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


states = st.sampled_from([*S])
holdings = st.dictionaries(st.sampled_from(["BTC/USD", "ETH/USD"]), st.integers(1, 3), max_size=2)
moments = st.lists(st.tuples(states, st.sampled_from(["x", "y"]), holdings, st.booleans()), max_size=20)


def a_moment(state: S, reason: str, held: dict[str, int], worked: bool) -> AccountStatus:  # noqa: FBT001  drawn by hypothesis
    shown = view(position(number, market) for market, number in held.items())
    return status_of(snapshot(state, reason), shown if worked else None)


@settings(max_examples=150, deadline=None)
@given(moments)
def test_the_events_agree_with_the_observations(drawn: list[tuple[S, str, dict[str, int], bool]]) -> None:
    seen = [a_moment(*one) for one in drawn]
    events = watch(*seen)
    down = False
    for event in events:
        if isinstance(event, AccountFailed):
            down = True
        elif isinstance(event, AccountRecovered):
            assert down
            down = False
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
    watcher = Watcher(clock, summary_hour=7)
    held = view([position()])

    def summaries() -> list[DailySummary]:
        now = datetime.fromtimestamp(clock.time(), UTC)
        seen = (
            status_of(snapshot(now=now), held, now=now),
            status_of(snapshot(S.PAUSED, now=now, account=TANIA), now=now),
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


def test_the_report_of_a_month_follows_the_first_summary_after_it() -> None:
    clock = ManualClock(datetime(2026, 3, 31, 6, 59, tzinfo=UTC).timestamp())
    watcher = Watcher(clock, summary_hour=7, report_month=lambda month: MonthlyReport(month, ()))
    found: list[list[type[Event]]] = []
    months: list[date] = []
    for hours in (0, 1, 23, 1, 24):
        clock.advance(hours * 3_600)
        events = watcher.look(())
        found.append([type(event) for event in events])
        months += [event.month for event in events if isinstance(event, MonthlyReport)]
    assert found == [[], [DailySummary], [], [DailySummary, MonthlyReport], [DailySummary]]
    assert months == [date(2026, 3, 1)]


def test_a_start_after_the_hour_waits_for_tomorrow_and_no_hour_means_no_summary() -> None:
    assert last_summary(START, None) is None
    watcher = Watcher(ManualClock(START.timestamp()), summary_hour=7)
    assert watcher.look((status_of(snapshot(now=START)),)) == ()


@pytest.mark.parametrize("hour", [0, 23])
def test_the_first_and_the_last_hour_of_the_day_count(hour: int) -> None:
    clock = ManualClock(datetime(2026, 3, 1, 22, 30, tzinfo=UTC).timestamp())
    watcher = Watcher(clock, summary_hour=hour)
    assert watcher.look(()) == ()
    clock.advance(3_600 * 2)
    assert len(watcher.look(())) == 1
