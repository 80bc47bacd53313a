"""A demo's journal stays small; what NIJA did with orders is kept in any journal."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.journal.connection import CommitPoint
from nija.journal.opening import Journals
from nija.journal.order_state import OrderState
from nija.journal.records import Intent, PositionPlan
from nija.journal.retention import JournalRetention
from nija.supervisor.demo import JOURNAL_RETENTION
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

ACCOUNT = AccountId.parse("kraken:daivon_frazier")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW.timestamp())


@pytest.fixture
def journal(tmp_path: Path, clock: ManualClock) -> Iterator[Journal]:
    journals = Journals(tmp_path, clock, CapturedLog().logger, retention=JOURNAL_RETENTION)
    with closing(journals), closing(journals.open(ACCOUNT)) as opened:
        yield opened


def a_trade(journal: Journal, now: datetime, number: int) -> None:
    """A position that is opened and closed at once."""
    client_id = new_client_id(Purpose.ENTRY)
    request = OrderRequest(client_id, "BTC/USD", Side.BUY, OrderType.MARKET, Decimal("0.1"), now)
    intent = Intent(request, client_id, Purpose.ENTRY, OrderState.INTENDED, now, Decimal(0), signal_time=now)
    plan = PositionPlan(client_id, "BTC/USD", now, "trend")
    fill = Fill(f"T{number}", "O1", "BTC/USD", Side.BUY, Decimal("0.1"), Decimal(100), Decimal(0), "USD", now)
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(plan)
        journal.intents.add(intent)
        journal.intents.save(intent, replace(intent, state=OrderState.CANCELLED, settled=True), now)
        journal.fills.book(client_id, fill, now)
        journal.plans.save(replace(plan, closed=now))
        journal.history.add("order_filled", now)


def test_after_an_hour_a_demos_journal_has_the_events_of_its_last_minutes(journal: Journal, clock: ManualClock) -> None:
    counts = []
    for number in range(60):
        a_trade(journal, NOW + number * MINUTE, number)
        clock.advance(MINUTE.total_seconds())
        journal.tidy()
        counts.append(len(journal.history.latest(10_000)))
    assert max(counts) <= 12
    assert journal.intents.forget_transitions_before(NOW + 45 * MINUTE, 10_000) == 0


def test_it_keeps_every_order_and_fill_as_any_journal_does(journal: Journal, clock: ManualClock) -> None:
    for number in range(30):
        a_trade(journal, NOW + number * MINUTE, number)
        clock.advance(MINUTE.total_seconds())
        journal.tidy()
    assert len(journal.fills.all()) == 30
    assert all(journal.intents.get(plan.id) is not None for plan in journal.plans.all())


def test_a_real_journal_keeps_its_history_for_more_than_a_year() -> None:
    assert JournalRetention() == JournalRetention(timedelta(days=400), timedelta(days=90), timedelta(days=1))
