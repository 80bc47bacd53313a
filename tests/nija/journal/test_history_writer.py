"""The history: the events of an account, in its own journal, for people to read."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose
from brokers.model import Side
from nija.events import AccountConnecting, DaemonStopped, LimitReached, OrderFilled, OrderRefused, PositionClosed
from nija.journal.errors import JournalError
from nija.journal.history_writer import HistoryWriter
from nija.journal.opening import Journals
from tests.fakes import ManualClock
from tests.nija.notify.account_states import MASTER, TANIA
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

FILLED = OrderFilled(MASTER, "BTC/USD", Side.BUY, Decimal("0.0010"), Decimal("95000.5"), "O-1", Purpose.ENTRY)
REFUSED = OrderRefused(MASTER, "BTC/USD", Side.SELL, Decimal(1), Purpose.STOP, "not now")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def history(clock: ManualClock) -> HistoryWriter:
    return HistoryWriter(clock)


@pytest.fixture
def journal(tmp_path: Path, clock: ManualClock) -> Iterator[Journal]:
    journals = Journals(tmp_path, clock, CapturedLog().logger)
    journal = journals.open(MASTER)
    yield journal
    journal.close()
    journals.close()


def kinds(journal: Journal) -> list[str]:
    return [row.kind for row in journal.history.latest(1_000)]


def test_a_row_has_the_time_of_the_event_its_kind_its_market_and_every_figure(
    history: HistoryWriter, journal: Journal, clock: ManualClock
) -> None:
    happened = clock.time()
    history.on_event(FILLED)
    clock.advance(30.0)
    history.write(journal)
    (row,) = journal.history.latest(9)
    assert (row.kind, row.market, row.time.timestamp()) == ("order_filled", "BTC/USD", happened)
    assert row.detail == {"side": "buy", "amount": "0.0010", "price": "95000.5", "order": "O-1", "purpose": "entry"}


def test_each_account_has_its_own(history: HistoryWriter, journal: Journal) -> None:
    history.on_event(replace(FILLED, account=TANIA))
    history.write(journal)
    assert kinds(journal) == []
    assert history.is_waiting(TANIA)


def test_what_cannot_be_written_is_written_later_in_its_order(
    history: HistoryWriter, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object, **_more: object) -> None:
        raise JournalError("the disk is full")

    history.on_event(FILLED)
    with monkeypatch.context() as patched:
        patched.setattr(journal.history, "add", full)
        history.write(journal)
    history.on_event(PositionClosed(MASTER, "BTC/USD", Decimal(1), Decimal(2), Decimal(0), "", "entry-1"))
    history.write(journal)
    history.write(journal)
    assert kinds(journal) == ["order_filled", "position_closed"]


def test_what_waits_for_a_broken_journal_is_bounded_and_the_latest_is_kept(
    history: HistoryWriter, journal: Journal
) -> None:
    for number in range(1_000):
        history.on_event(replace(FILLED, order=f"O-{number}"))
    history.write(journal)
    rows = journal.history.latest(1_000)
    assert len(rows) == 200
    assert rows[-1].detail["order"] == "O-999"


def test_a_refusal_repeated_in_the_same_words_is_one_row(history: HistoryWriter, journal: Journal) -> None:
    for reason in ("not now", "not now", "never"):
        history.on_event(replace(REFUSED, reason=reason))
    history.write(journal)
    assert [row.detail["reason"] for row in journal.history.latest(9)] == ["not now", "never"]


def test_a_command_is_not_written_twice_and_steps_on_the_way_not_at_all(
    history: HistoryWriter, journal: Journal
) -> None:
    history.on_event(LimitReached(MASTER, "stop_trading", "stopped by command"))
    history.on_event(AccountConnecting(MASTER))
    history.on_event(DaemonStopped())
    history.on_event(LimitReached(MASTER, "daily_loss", "8 %"))
    history.write(journal)
    assert [row.detail for row in journal.history.latest(9)] == [{"limit": "daily_loss", "reason": "8 %"}]
