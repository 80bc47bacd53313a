"""/history: the last trades of the journals, with what they earned."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.journal.records import Intent, PositionPlan
from nija.status.report import AccountStatus
from nija.telegram.history import history_blocks
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.opening import Journals

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MASTER, TANIA = AccountId.parse("kraken:master"), AccountId.parse("kraken:tania_gilbert")
BOTH = [AccountStatus(str(one), one.label, "kraken", "TRADING") for one in (MASTER, TANIA)]


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    with closing(journals_in(tmp_path, ManualClock(), CapturedLog().logger)) as opened:
        yield opened


def trade(journals: Journals, account: AccountId, day: int, price: str, sold_at: str) -> None:
    """0.1 BTC, bought at noon of a day and sold an hour later, each for a fee of 1 USD."""
    start = NOON + timedelta(days=day)
    opening = new_client_id(Purpose.ENTRY)
    end = start + timedelta(hours=1)
    steps = (
        (opening, Purpose.ENTRY, Side.BUY, price, start),
        (new_client_id(Purpose.EXIT), Purpose.EXIT, Side.SELL, sold_at, end),
    )
    with closing(journals.open(account)) as journal, journal.transaction(CommitPoint.CLOSED):
        plan = PositionPlan(opening, "BTC/USD", start, "trend", exit_reason="trend exit", closed=end)
        journal.plans.add(plan)
        for client_id, purpose, side, at, time in steps:
            request = OrderRequest(client_id, "BTC/USD", side, OrderType.MARKET, Decimal("0.1"), time)
            journal.intents.add(Intent(request, opening, purpose, OrderState.INTENDED, time, Decimal(0)))
            fill = Fill(client_id, "O", "BTC/USD", side, Decimal("0.1"), Decimal(at), Decimal(1), "USD", time)
            journal.fills.book(client_id, fill, time)


def test_each_trade_says_what_it_earned_after_fees_and_why_it_ended(journals: Journals) -> None:
    trade(journals, MASTER, 0, "90000", "95000")
    (head, told) = history_blocks(BOTH[:1], journals.read)
    assert head == "The last 1 of 1 trades; results are after all fees:"
    assert told == (
        "<b>+$498.00</b> 2026-01-05 13:00 kraken:master BTC/USD\n0.10000000 @ $90000.00 → $95000.00: trend exit"
    )


def test_the_newest_ten_of_all_accounts_are_shown_with_the_newest_last(journals: Journals) -> None:
    for day in range(6):
        trade(journals, MASTER, 2 * day, "90000", "95000")
        trade(journals, TANIA, 2 * day + 1, "90000", "89000")
    head, *told = history_blocks(BOTH, journals.read)
    assert head.startswith("The last 10 of 12 trades")
    assert [text.partition("2026-01-")[2][:2] for text in told] == [f"{day:02}" for day in range(7, 17)]


def test_a_journal_that_cannot_be_read_hides_no_other(journals: Journals) -> None:
    trade(journals, TANIA, 0, "90000", "95000")
    _, told, unread = history_blocks(BOTH, journals.read)
    assert "kraken:tania_gilbert" in told
    assert unread.startswith("⚠️ kraken:master: there is no journal of kraken:master")


def test_without_trades_it_says_so(journals: Journals) -> None:
    journals.open(MASTER).close()
    assert list(history_blocks(BOTH[:1], journals.read)) == ["NIJA has not closed a trade there yet."]
