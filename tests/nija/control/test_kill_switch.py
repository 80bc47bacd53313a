"""stop-trading, flatten and resume: latches on disk, whoever sets them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from nija.control.client import ask
from nija.control.server import ControlServer
from nija.control.switches import Switch, read_switched, switch_handlers, turn
from nija.control.wire import SOCKET_NAME, ControlError
from nija.journal.opening import Journals
from nija.journal.records import LatchName
from nija.log.event_log import get_log
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MASTER, TANIA = AccountId.parse("kraken:master"), AccountId.parse("kraken:tania_gilbert")


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    with closing(Journals(tmp_path, ManualClock(), get_log("test"))) as opened:
        yield opened


def latches(journals: Journals, account: AccountId) -> set[LatchName]:
    with closing(journals.open(account)) as journal:
        return set(journal.latches.all())


def test_stopping_one_account_leaves_the_others_alone(journals: Journals) -> None:
    assert turn(Switch.STOP_TRADING, journals, [MASTER], ManualClock())[0].changed
    assert latches(journals, MASTER) == {LatchName.STOP_TRADING}
    assert latches(journals, TANIA) == set()


def test_flatten_stops_trading_too(journals: Journals) -> None:
    turn(Switch.FLATTEN, journals, [MASTER], ManualClock())
    assert latches(journals, MASTER) == {LatchName.STOP_TRADING, LatchName.FLATTEN}


def test_a_switch_turned_twice_says_so_and_writes_one_event(journals: Journals) -> None:
    assert [turn(Switch.STOP_TRADING, journals, [MASTER], ManualClock())[0].changed for _ in range(2)] == [True, False]
    with closing(journals.open(MASTER)) as journal:
        assert [event.kind for event in journal.events.latest(10)] == ["stop_trading"]


def test_resume_clears_every_latch_and_counts_losses_from_now_on(journals: Journals) -> None:
    now = datetime(2026, 1, 17, 12, tzinfo=UTC)
    with closing(journals.open(MASTER)) as journal:
        journal.equity.observe(Decimal(100), "USD", now)
        journal.equity.observe(Decimal(60), "USD", now.replace(hour=13))
        journal.latches.set(LatchName.DRAWDOWN, "drawdown of 40 %", now)
    turn(Switch.STOP_TRADING, journals, [MASTER], ManualClock())
    assert turn(Switch.RESUME, journals, [MASTER], ManualClock())[0].changed
    with closing(journals.open(MASTER)) as journal:
        assert not journal.latches.all()
        today = journal.equity.latest()
        assert today is not None
        assert (today.opening, today.peak) == (Decimal(60), Decimal(60))


def test_the_daemon_turns_it_over_its_socket_within_a_moment(journals: Journals, tmp_path: Path) -> None:
    server = ControlServer(tmp_path / SOCKET_NAME, switch_handlers(journals, lambda: [MASTER, TANIA], ManualClock()))
    server.start()
    try:
        answer = ask(tmp_path, "stop_trading", account=None)
        assert answer is not None
        assert [one.account for one in read_switched(answer)] == ["kraken:master", "kraken:tania_gilbert"]
        with pytest.raises(ControlError, match="kraken:nobody is no account of this NIJA"):
            ask(tmp_path, "resume", account="kraken:nobody")
    finally:
        server.stop()
    assert latches(journals, TANIA) == {LatchName.STOP_TRADING}
