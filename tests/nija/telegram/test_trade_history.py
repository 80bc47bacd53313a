"""/history: the last trades of the journals, with what they earned."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from nija.status.report import AccountStatus
from nija.telegram.history import history_blocks
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.performance.bookkeeper import Bookkeeper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from nija.journal.opening import Journals

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MASTER, TANIA = AccountId.parse("kraken:master"), AccountId.parse("kraken:tania_gilbert")
BOTH = [AccountStatus(str(one), one.label, "kraken", "TRADING") for one in (MASTER, TANIA)]


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    with closing(journals_in(tmp_path, ManualClock(), CapturedLog().logger)) as opened:
        yield opened


def trades(journals: Journals, account: AccountId, days: Iterable[int], price: str, sold_at: str) -> None:
    """0.1 BTC, bought at noon of each day and sold an hour later, each for a fee of 1 USD."""
    with closing(journals.open(account)) as journal:
        books = Bookkeeper(journal)
        for day in days:
            start = NOON + timedelta(days=day)
            position = books.buy("0.1", price, start, fee="1")
            books.sell(position, "0.1", sold_at, start + timedelta(hours=1), fee="1")
            books.close(position, start + timedelta(hours=1), "trend exit")


def test_each_trade_says_what_it_earned_after_fees_and_why_it_ended(journals: Journals) -> None:
    trades(journals, MASTER, [0], "90000", "95000")
    (head, told) = history_blocks(BOTH[:1], journals.read)
    assert head == "The last 1 of 1 trades; results are after all fees, times are UTC:"
    assert told == (
        "<b>+$498.00</b> 2026-01-05 13:00 kraken:master BTC/USD\n0.10000000 @ $90000.00 → $95000.00: trend exit"
    )


def test_the_newest_ten_of_all_accounts_are_shown_with_the_newest_last(journals: Journals) -> None:
    trades(journals, MASTER, range(0, 12, 2), "90000", "95000")
    trades(journals, TANIA, range(1, 12, 2), "90000", "89000")
    head, *told = history_blocks(BOTH, journals.read)
    assert head.startswith("The last 10 of 12 trades")
    assert [text.partition("2026-01-")[2][:2] for text in told] == [f"{day:02}" for day in range(7, 17)]


def test_a_journal_that_cannot_be_read_hides_no_other(journals: Journals) -> None:
    trades(journals, TANIA, [0], "90000", "95000")
    _, told, unread = history_blocks(BOTH, journals.read)
    assert "kraken:tania_gilbert" in told
    assert unread.startswith("⚠️ kraken:master: there is no journal of kraken:master")


def test_without_trades_it_says_so(journals: Journals) -> None:
    journals.open(MASTER).close()
    assert list(history_blocks(BOTH[:1], journals.read)) == ["NIJA has not closed a trade there yet."]
