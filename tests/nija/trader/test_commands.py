"""Commands to one account take effect when they are received, whatever state its journal is in."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from nija.control.result_lines import result_line
from nija.journal.errors import JournalError
from nija.journal.records import HaltName, PortfolioDay
from nija.trader.commands import Command, CommandQueue, CommandStatus, Instruction, carry_out
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.journal.equity_days import equity_day
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

ACCOUNT = AccountId.parse("kraken:tania_gilbert")
NOW = datetime(2026, 1, 17, 12, tzinfo=UTC)
STOPPED = {HaltName.STOP_TRADING}
TO_BE_SOLD = {HaltName.STOP_TRADING, HaltName.FLATTEN}


class Desk:
    """One account's queue and journal; `wakes` counts how often its thread was woken."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.log = CapturedLog()
        self.journals = journals_in(folder, self.clock, self.log.logger)
        self.journal = self.journals.open(ACCOUNT)
        self.wakes = 0
        self.queue = CommandQueue(ACCOUNT, self.clock, self.log.logger, self._wake)

    def _wake(self) -> None:
        self.wakes += 1

    def in_effect(self) -> set[HaltName]:
        self.queue.execute(self.journal)
        return set(self.queue.with_pending(self.journal.halts.all()))

    def on_disk(self) -> set[HaltName]:
        with closing(self.journals.read(ACCOUNT)) as reader:
            return set(reader.halts.all())

    @contextmanager
    def read_only_disk(self) -> Iterator[None]:
        connection = self.journal._connection._connection
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.rollback()
        try:
            yield
        finally:
            connection.exec_driver_sql("PRAGMA query_only = OFF")
            connection.rollback()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.journal.close()
    desk.journals.close()


def halts(journal: Journal) -> set[HaltName]:
    return set(journal.halts.all())


def test_flatten_stops_trading_too(desk: Desk) -> None:
    assert carry_out(desk.journal, Instruction(Command.FLATTEN), NOW)
    assert halts(desk.journal) == TO_BE_SOLD


def test_a_command_given_twice_changes_nothing_and_leaves_one_event(desk: Desk) -> None:
    assert [carry_out(desk.journal, Instruction(Command.STOP_TRADING), NOW) for _ in range(2)] == [True, False]
    assert [event.kind for event in desk.journal.history.latest(10)] == ["stop_trading"]


def test_a_command_is_in_the_history_with_who_gave_it_and_when(desk: Desk) -> None:
    carry_out(desk.journal, Instruction(Command.STOP_TRADING, by="web 203.0.113.7"), NOW)
    (row,) = desk.journal.history.latest(10)
    assert (row.kind, row.time, row.detail) == ("stop_trading", NOW, {"by": "web 203.0.113.7"})
    assert desk.journal.halts.all()[HaltName.STOP_TRADING].reason == "stopped by web 203.0.113.7"


@pytest.mark.parametrize("command", list(Command))
def test_a_market_is_named_to_close_it_and_for_nothing_else(command: Command) -> None:
    market = None if command is Command.CLOSE else "BTC/USD"
    with pytest.raises(ValueError, match="name the market to close"):
        Instruction(command, market=market)


def test_resume_clears_every_halt_and_counts_losses_from_now_on(desk: Desk) -> None:
    journal = desk.journal
    journal.equity.save(equity_day(NOW, "1", "0.6", "1", "-400", "600"))
    for name in HaltName:
        journal.halts.set(name, "for a reason", NOW)
    assert carry_out(journal, Instruction(Command.RESUME), NOW)
    assert halts(journal) == set()
    today = journal.equity.latest()
    assert today is not None
    assert (today.opening, today.peak) == (Decimal("0.6"), Decimal("0.6"))


@pytest.mark.parametrize("name", [HaltName.PORTFOLIO_DAILY_LOSS, HaltName.PORTFOLIO_DRAWDOWN])
def test_resume_counts_the_losses_of_all_accounts_from_now_on(desk: Desk, name: HaltName) -> None:
    day = PortfolioDay(NOW.date(), "USD", opening=Decimal(1), latest=Decimal("0.9"), peak=Decimal(2), updated=NOW)
    desk.journal.portfolio.save(day)
    desk.journal.halts.set(name, "for a reason", NOW)
    assert carry_out(desk.journal, Instruction(Command.RESUME), NOW)
    assert desk.journal.portfolio.latest() == replace(day, opening=Decimal("0.9"), peak=Decimal("0.9"))


def test_a_command_wakes_the_account_and_its_receipt_comes_once_it_is_in_the_journal(desk: Desk) -> None:
    receipt = desk.queue.send(Instruction(Command.STOP_TRADING))
    assert desk.wakes == 1
    assert not receipt.done()
    desk.queue.execute(desk.journal)
    assert receipt.result(0).became is CommandStatus.DONE
    assert desk.on_disk() == STOPPED
    again = desk.queue.send(Instruction(Command.STOP_TRADING))
    desk.queue.execute(desk.journal)
    assert again.result(0).became is CommandStatus.ALREADY


def test_a_stop_counts_at_once_where_the_journal_cannot_be_written_and_is_written_once_it_can(desk: Desk) -> None:
    receipt = desk.queue.send(Instruction(Command.STOP_TRADING))
    with desk.read_only_disk():
        assert desk.in_effect() == STOPPED
        assert receipt.result(0).became is CommandStatus.IN_MEMORY
        assert "readonly" in receipt.result(0).reason
    assert desk.on_disk() == set()
    desk.clock.advance(5)
    assert desk.in_effect() == STOPPED
    assert desk.on_disk() == STOPPED
    assert desk.queue.with_pending({}) == {}


def test_why_a_command_is_in_memory_only_is_said_once_and_so_is_its_end(desk: Desk) -> None:
    desk.queue.send(Instruction(Command.STOP_TRADING))
    with desk.read_only_disk():
        for _ in range(10):
            desk.queue.execute(desk.journal)
            desk.clock.advance(5)
    assert [line for line in desk.log.lines if "readonly" in line] == desk.log.lines
    assert len(desk.log.lines) == 1
    desk.queue.execute(desk.journal)
    assert len(desk.log.lines) == 2
    assert "can be written again" in desk.log.lines[1]


def test_a_close_that_cannot_be_written_is_not_said_to_take_effect(desk: Desk) -> None:
    instruction = Instruction(Command.CLOSE, market="BTC/USD")
    receipt = desk.queue.send(instruction)
    with desk.read_only_disk():
        desk.queue.execute(desk.journal)
    (line,) = desk.log.lines
    assert "close waits until the journal can be written" in line
    assert "takes effect" not in line
    said = result_line(instruction, receipt.result(0))
    assert "its position in BTC/USD is sold once the journal can be written, unless NIJA ends before" in said


@pytest.mark.parametrize("command", [Command.FLATTEN, Command.RELEASE, Command.RELEASE_KEEPING_STOPS])
def test_nothing_is_said_to_be_sold_or_released_while_the_journal_cannot_be_written(
    desk: Desk, command: Command
) -> None:
    receipt = desk.queue.send(Instruction(command))
    with desk.read_only_disk():
        desk.queue.execute(desk.journal)
    said = result_line(Instruction(command), receipt.result(0))
    assert "trading is stopped" in said
    assert "being" not in said


def test_commands_in_memory_count_in_the_order_in_which_they_came(desk: Desk) -> None:
    with desk.read_only_disk():
        desk.queue.send(Instruction(Command.FLATTEN))
        assert desk.in_effect() == TO_BE_SOLD
        desk.queue.send(Instruction(Command.RESUME))
        assert desk.in_effect() == set()
        desk.queue.send(Instruction(Command.STOP_TRADING))
        assert desk.in_effect() == STOPPED
    desk.clock.advance(5)
    assert desk.in_effect() == desk.on_disk() == STOPPED


def test_a_resume_in_memory_lifts_what_the_disk_still_says(desk: Desk) -> None:
    desk.journal.halts.set(HaltName.DRAWDOWN, "too deep", NOW)
    desk.queue.send(Instruction(Command.RESUME))
    with desk.read_only_disk():
        assert desk.in_effect() == set()
    assert desk.on_disk() == {HaltName.DRAWDOWN}


def test_a_halt_in_memory_keeps_the_reason_and_the_moment_of_the_command(desk: Desk) -> None:
    began = desk.clock.time()
    desk.queue.send(Instruction(Command.STOP_TRADING))
    desk.clock.advance(60)
    with desk.read_only_disk():
        desk.queue.execute(desk.journal)
    halt = desk.queue.with_pending({})[HaltName.STOP_TRADING]
    assert (halt.reason, halt.since.timestamp()) == ("stopped by command", began)


def test_a_command_is_taken_while_the_journal_cannot_even_be_opened(desk: Desk) -> None:
    receipt = desk.queue.send(Instruction(Command.STOP_TRADING))
    desk.queue.keep_in_memory(JournalError("the disk is gone"))
    assert (receipt.result(0).became, receipt.result(0).reason) == (CommandStatus.IN_MEMORY, "the disk is gone")
    assert set(desk.queue.with_pending({})) == STOPPED


def test_after_its_end_an_account_refuses_commands_rather_than_losing_them(desk: Desk) -> None:
    untaken = desk.queue.send(Instruction(Command.STOP_TRADING))
    desk.queue.close()
    late = desk.queue.send(Instruction(Command.STOP_TRADING))
    for receipt in (untaken, late):
        assert receipt.result(0).became is CommandStatus.FAILED
        assert "again" in receipt.result(0).reason


def test_a_resume_that_changed_something_is_told_once(desk: Desk) -> None:
    desk.queue.send(Instruction(Command.RESUME))
    desk.queue.execute(desk.journal)
    assert not desk.queue.pop_resume()
    desk.queue.send(Instruction(Command.STOP_TRADING))
    desk.queue.send(Instruction(Command.RESUME))
    desk.queue.execute(desk.journal)
    assert [desk.queue.pop_resume(), desk.queue.pop_resume()] == [True, False]


def test_a_resume_in_memory_is_told_once_too(desk: Desk) -> None:
    desk.queue.send(Instruction(Command.RESUME))
    with desk.read_only_disk():
        for _ in range(3):
            desk.queue.execute(desk.journal)
            desk.clock.advance(5)
    assert [desk.queue.pop_resume(), desk.queue.pop_resume()] == [True, False]


class TestTheHaltsThatOthersSee:
    def test_they_are_unknown_before_the_journal_was_read(self, desk: Desk) -> None:
        assert desk.queue.halts is None

    def test_a_command_shows_before_its_sender_is_answered(self, desk: Desk) -> None:
        shown: list[set[HaltName]] = []
        receipt = desk.queue.send(Instruction(Command.FLATTEN))
        receipt.add_done_callback(lambda _: shown.append(set(desk.queue.halts or ())))
        desk.queue.execute(desk.journal)
        assert shown == [TO_BE_SOLD]

    def test_a_resume_leaves_none(self, desk: Desk) -> None:
        carry_out(desk.journal, Instruction(Command.STOP_TRADING), NOW)
        desk.in_effect()
        desk.queue.send(Instruction(Command.RESUME))
        desk.queue.execute(desk.journal)
        assert desk.queue.halts == {}

    def test_a_command_that_cannot_be_written_shows_too(self, desk: Desk) -> None:
        shown: list[set[HaltName]] = []
        receipt = desk.queue.send(Instruction(Command.STOP_TRADING))
        receipt.add_done_callback(lambda _: shown.append(set(desk.queue.halts or ())))
        with desk.read_only_disk():
            desk.queue.execute(desk.journal)
        assert shown == [STOPPED]

    def test_a_halt_that_the_trader_found_in_the_journal_shows(self, desk: Desk) -> None:
        desk.journal.halts.set(HaltName.DRAWDOWN, "for a reason", NOW)
        desk.in_effect()
        assert set(desk.queue.halts or ()) == {HaltName.DRAWDOWN}
