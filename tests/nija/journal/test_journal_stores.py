from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.journal.connection import CommitPoint
from nija.journal.identity import fingerprint_of
from nija.journal.intents import StaleIntent
from nija.journal.opening import Journals
from nija.journal.order_state import IllegalOrderTransition, OrderState
from nija.journal.records import EquityPoint, HaltName, Holding, Intent, PortfolioDay, PositionPlan, WriteOff
from nija.journal.schema import transitions
from nija.journal.types import DecimalText, UtcTime
from tests.fakes import ManualClock
from tests.nija.journal.equity_days import equity_day
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

ACCOUNT = AccountId.parse("kraken:daivon_frazier")
NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journals = Journals(tmp_path, ManualClock(), CapturedLog().logger)
    journal = journals.open(ACCOUNT)
    yield journal
    journal.close()
    journals.close()


def an_entry(signal_time: datetime = NOW) -> tuple[PositionPlan, Intent]:
    client_id = new_client_id(Purpose.ENTRY)
    request = OrderRequest(client_id, "BTC/USD", Side.BUY, OrderType.MARKET, Decimal("0.00000001"), NOW)
    intent = Intent(request, client_id, Purpose.ENTRY, OrderState.INTENDED, NOW, Decimal(0), signal_time=signal_time)
    return PositionPlan(client_id, "BTC/USD", NOW, "trend"), intent


def add(journal: Journal, plan: PositionPlan, intent: Intent) -> None:
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(plan)
        journal.intents.add(intent)


def move(journal: Journal, old: Intent, new: Intent) -> None:
    with journal.transaction(CommitPoint.PROGRESS):
        journal.intents.save(old, new, NOW)


def states_of(journal: Journal, intent: Intent) -> list[str]:
    """From the transitions, which NIJA itself never reads; people do."""
    mine = select(transitions.c.state).where(transitions.c.client_id == intent.client_id)
    return [row.state for row in journal._connection.rows(mine.order_by(transitions.c.id))]


def a_fill(number: int = 1) -> Fill:
    return Fill(f"T{number}", "O1", "BTC/USD", Side.BUY, Decimal("0.1"), Decimal("1E+2"), Decimal(0), "USD", NOW)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_money_is_stored_to_the_last_digit(value: Decimal) -> None:
    money = DecimalText()
    stored = money.process_bind_param(value, None)  # type: ignore[arg-type] # the dialect is not used
    assert money.process_result_value(stored, None) == value  # type: ignore[arg-type] # the same


@given(one=st.datetimes(timezones=st.timezones()), other=st.datetimes(timezones=st.timezones()))
def test_stored_times_sort_as_text(one: datetime, other: datetime) -> None:
    if min(one.year, other.year) < 1000:
        return
    kind = UtcTime()
    texts = [kind.process_bind_param(time, None) for time in (one, other)]  # type: ignore[arg-type] # not used
    assert kind.process_result_value(texts[0], None) == one.astimezone(UTC)  # type: ignore[arg-type] # the same
    assert (str(texts[0]) < str(texts[1])) == (one.astimezone(UTC) < other.astimezone(UTC))


def test_an_intent_comes_back_exactly_as_it_was_written(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    assert journal.intents.get(intent.client_id) == intent
    assert journal.intents.unsettled() == (intent,)


def test_an_illegal_transition_raises_and_changes_nothing(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    with pytest.raises(IllegalOrderTransition):
        move(journal, intent, replace(intent, state=OrderState.FILLED))
    assert journal.intents.get(intent.client_id) == intent


def test_a_change_that_starts_from_an_older_state_is_refused(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    sent = replace(intent, state=OrderState.SENT)
    move(journal, intent, sent)
    with pytest.raises(StaleIntent):
        move(journal, intent, sent)


def test_every_transition_is_kept(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    move(journal, intent, replace(intent, state=OrderState.SENT))
    assert states_of(journal, intent) == ["intended", "sent"]


def test_a_candle_cannot_have_two_entries(journal: Journal) -> None:
    add(journal, *an_entry())
    plan, again = an_entry()
    with pytest.raises(IntegrityError):
        add(journal, replace(plan, closed=NOW), again)


def test_a_market_cannot_have_two_open_positions(journal: Journal) -> None:
    add(journal, *an_entry())
    with pytest.raises(IntegrityError):
        add(journal, *an_entry(NOW + timedelta(days=1)))


def test_a_fill_is_booked_once(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    with journal.transaction(CommitPoint.PROGRESS):
        assert journal.fills.book(intent.client_id, a_fill(), NOW)
        assert not journal.fills.book(intent.client_id, a_fill(), NOW)
    assert journal.fills.all() == (a_fill(),)
    assert journal.fills.of_position(plan.id) == (a_fill(),)


def test_a_transaction_that_fails_half_way_leaves_nothing(journal: Journal) -> None:
    plan, intent = an_entry()
    with pytest.raises(IntegrityError):
        add(journal, plan, replace(intent, position_id="of nobody"))
    assert journal.plans.all() == ()


def test_tidying_folds_what_was_written_into_the_file(tmp_path: Path) -> None:
    journals = Journals(tmp_path, ManualClock(), CapturedLog().logger)
    journal = journals.open(ACCOUNT)
    add(journal, *an_entry())
    copy = tmp_path / "copy.sqlite3"
    counts = []
    for _ in range(2):
        shutil.copy(journals.path(ACCOUNT), copy)
        with closing(sqlite3.connect(copy)) as connection:
            counts.append(connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'intents'").fetchone()[0])
        journal.tidy()
    journal.close()
    journals.close()
    assert counts == [0, 1]


def test_a_write_outside_a_transaction_is_refused(journal: Journal) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        journal.plans.add(an_entry()[0])


def test_a_halt_keeps_its_first_reason_until_it_is_reset(journal: Journal) -> None:
    assert journal.halts.set(HaltName.DAILY_LOSS, "first", NOW)
    assert not journal.halts.set(HaltName.DAILY_LOSS, "second", NOW)
    assert journal.halts.all()[HaltName.DAILY_LOSS].reason == "first"
    assert journal.halts.reset(HaltName.DAILY_LOSS)
    assert not journal.halts.reset(HaltName.DAILY_LOSS)


def test_a_halt_that_somebody_else_sets_is_seen_at_once(tmp_path: Path) -> None:
    journals = Journals(tmp_path, ManualClock(), CapturedLog().logger)
    with closing(journals.open(ACCOUNT)) as mine, closing(journals.open_beside(ACCOUNT)) as theirs:
        assert not mine.halts.all()
        theirs.halts.set(HaltName.STOP_TRADING, "by a command", NOW)
        assert set(mine.halts.all()) == {HaltName.STOP_TRADING}
        theirs.halts.reset(HaltName.STOP_TRADING)
        assert not mine.halts.all()
    journals.close()


def test_what_was_never_committed_is_not_remembered(journal: Journal) -> None:
    def undone() -> None:
        with journal.transaction(CommitPoint.NOTED):
            journal.halts.set(HaltName.STOP_TRADING, "undone", NOW)
            assert journal.halts.all()
            raise KeyError

    assert not journal.halts.all()
    with pytest.raises(KeyError):
        undone()
    assert not journal.halts.all()


def test_an_entry_counts_for_its_candle_from_the_moment_it_is_intended(journal: Journal) -> None:
    assert journal.intents.entry_for("BTC/USD", NOW) is None
    plan, intent = an_entry()
    add(journal, plan, intent)
    assert journal.intents.entry_for("BTC/USD", NOW) == intent
    assert journal.intents.entry_for("ETH/USD", NOW) is None


def test_events_keep_their_details_and_old_ones_go(journal: Journal) -> None:
    journal.history.add("old", NOW - timedelta(days=9))
    journal.history.add("new", NOW, market="BTC/USD", detail={"amount": Decimal("0.10")})
    assert journal.history.forget_before(NOW - timedelta(days=1), 10) == 1
    (event,) = journal.history.latest(10)
    assert (event.kind, event.market, event.detail) == ("new", "BTC/USD", {"amount": "0.10"})


@pytest.fixture
def aged(tmp_path: Path) -> Iterator[tuple[Journal, ManualClock]]:
    """A journal whose clock can be moved on."""
    clock = ManualClock(NOW.timestamp())
    with closing(Journals(tmp_path, clock, CapturedLog().logger)) as journals, closing(journals.open(ACCOUNT)) as one:
        yield one, clock


def test_how_settled_orders_ended_is_forgotten_after_months_and_events_after_a_year(
    aged: tuple[Journal, ManualClock],
) -> None:
    journal, clock = aged
    settled, working = an_entry(), an_entry(NOW + timedelta(days=1))
    add(journal, replace(settled[0], closed=NOW), settled[1])
    add(journal, *working)
    move(journal, settled[1], replace(settled[1], state=OrderState.CANCELLED, settled=True))
    journal.history.add("old", NOW)
    clock.advance(timedelta(days=91).total_seconds())
    journal.tidy()
    assert states_of(journal, settled[1]) == []
    assert states_of(journal, working[1]) == ["intended"]
    assert journal.intents.get(settled[1].client_id) is not None
    assert len(journal.history.latest(10)) == 1
    clock.advance(timedelta(days=310).total_seconds())
    journal.tidy()
    assert journal.history.latest(10) == ()


def test_what_is_old_goes_in_parts_and_then_once_a_day(aged: tuple[Journal, ManualClock]) -> None:
    journal, clock = aged
    with journal.transaction(CommitPoint.NOTED):
        for _ in range(4_500):
            journal.history.add("old", NOW - timedelta(days=500))
    clock.advance(3_600)
    left = []
    for _ in range(3):
        journal.tidy()
        left.append(len(journal.history.latest(10_000)))
    assert left == [2_500, 500, 0]
    journal.history.add("old", NOW - timedelta(days=500))
    journal.tidy()
    assert len(journal.history.latest(10)) == 1


def test_a_start_is_not_held_up_by_forgetting(aged: tuple[Journal, ManualClock]) -> None:
    journal, _ = aged
    journal.history.add("old", NOW - timedelta(days=500))
    journal.tidy()
    assert len(journal.history.latest(10)) == 1


def test_a_journal_belongs_to_the_exchange_account_that_it_first_saw(journal: Journal) -> None:
    assert journal.identity.fingerprint() is None
    journal.identity.remember("AA00 XXXX", NOW)
    assert journal.identity.fingerprint() == fingerprint_of("AA00 XXXX")
    assert "AA00" not in fingerprint_of("AA00 XXXX")


def test_what_the_owner_holds_is_kept_by_currency_as_it_was_last_seen(journal: Journal) -> None:
    journal.holdings.save([Holding("BTC", Decimal("0.0021"), NOW), Holding("ETH", Decimal(3), NOW)])
    journal.holdings.save([Holding("BTC", Decimal("0.0013"), NOW + timedelta(minutes=5))])
    assert journal.holdings.all() == {
        "BTC": Holding("BTC", Decimal("0.0013"), NOW + timedelta(minutes=5)),
        "ETH": Holding("ETH", Decimal(3), NOW),
    }


def test_the_value_of_a_unit_is_kept_by_day_and_the_last_one_is_told(journal: Journal) -> None:
    monday = equity_day(NOW, "1", "0.9", "1.3", "-100", "900")
    tuesday = replace(monday, day=NOW.date() + timedelta(days=1), opening=Decimal("0.9"))
    journal.equity.save(monday)
    journal.equity.save(tuesday)
    assert journal.equity.latest() == tuesday
    journal.equity.save(replace(tuesday, latest=Decimal("0.95")))
    assert journal.equity.latest() == replace(tuesday, latest=Decimal("0.95"))


def test_a_day_keeps_the_prices_by_which_it_was_valued(journal: Journal) -> None:
    monday = replace(equity_day(NOW, "1", "0.9", "1.3", "-100", "900"), prices={"SHIB/USD": Decimal("1E-8")})
    journal.equity.save(monday)
    tuesday = replace(monday, day=NOW.date() + timedelta(days=1), prices={})
    journal.equity.save(tuesday)
    assert journal.equity.days() == (monday, tuesday)


def test_the_curve_keeps_points_of_two_days_then_one_an_hour_and_none_after_90_days(journal: Journal) -> None:
    ages = {"kept": 1, "first of its hour": 60, "second of its hour": 59.7, "old": 91 * 24}
    day = equity_day(NOW, "1", "0.9", "1.3", "-100", "900")
    for number, hours in enumerate(ages.values()):
        point = EquityPoint(NOW - timedelta(hours=hours), "USD", Decimal(number), Decimal(0), Decimal(1))
        journal.equity.save(day, point)
    assert journal.equity.thin_points(NOW, at_most=1) == 1
    assert journal.equity.thin_points(NOW, at_most=9) == 1
    assert [list(ages)[int(point.equity)] for point in journal.equity.points()] == ["first of its hour", "kept"]
    assert len(journal.equity.points(NOW - timedelta(hours=2))) == 1
    assert journal.equity.latest() == day


def test_resuming_measures_losses_anew_from_what_a_unit_is_worth(journal: Journal) -> None:
    journal.equity.save(equity_day(NOW, "1", "0.6", "1.3", "-400", "600"))
    journal.equity.reset_peak(Decimal("0.6"), NOW)
    day = journal.equity.latest()
    assert day is not None
    assert {day.opening, day.latest, day.peak} == {Decimal("0.6")}
    assert (day.earned, day.capital) == (Decimal(-400), Decimal(600))


def test_one_copy_of_all_accounts_together_is_kept_and_a_resume_counts_it_anew(journal: Journal) -> None:
    assert journal.portfolio.latest() is None
    journal.portfolio.reset(NOW)
    first = PortfolioDay(NOW.date(), "USD", Decimal(1), Decimal("0.8"), Decimal("1.1"), NOW)
    journal.portfolio.save(first)
    journal.portfolio.save(replace(first, latest=Decimal("0.7")))
    later = NOW + timedelta(hours=1)
    journal.portfolio.reset(later)
    anew = PortfolioDay(NOW.date(), "USD", Decimal("0.7"), Decimal("0.7"), Decimal("0.7"), later)
    assert journal.portfolio.latest() == anew


def test_what_left_a_position_keeps_the_price_at_which_it_left(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    gone = WriteOff(plan.id, Decimal("0.5"), "sold by hand", NOW, Decimal(95_000))
    with journal.transaction(CommitPoint.CLOSED):
        journal.plans.write_off(gone)
        journal.plans.write_off(replace(gone, price=None))
    assert journal.plans.write_offs(plan.id) == journal.plans.all_write_offs() == (gone, replace(gone, price=None))


def test_whoever_sees_no_change_has_seen_every_fill_and_every_write_off(journal: Journal) -> None:
    plan, intent = an_entry()
    add(journal, plan, intent)
    seen = [(journal.fills.changes, journal.plans.losses)]
    with journal.transaction(CommitPoint.PROGRESS):
        journal.fills.book(intent.client_id, a_fill(), NOW)
        seen.append((journal.fills.changes, journal.plans.losses))
        journal.fills.book(intent.client_id, a_fill(), NOW)
        seen.append((journal.fills.changes, journal.plans.losses))
        journal.plans.write_off(WriteOff(plan.id, Decimal("0.5"), "dust", NOW))
        seen.append((journal.fills.changes, journal.plans.losses))
    assert [one != other for one, other in pairwise(seen)] == [True, False, True]
