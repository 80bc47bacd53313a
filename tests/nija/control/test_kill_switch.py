"""stop-trading, flatten and resume: messages to a running daemon's traders, or rows in the journals without one."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from nija.control.client import ask
from nija.control.commands import command_handlers, read_results, write_to_journals
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME, ControlError
from nija.journal.errors import JournalError
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.log.event_log import get_log
from nija.trader.commands import Command, CommandQueue, CommandStatus, Instruction
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from nija.journal.journal import Journal

MASTER, TANIA = AccountId.parse("kraken:master"), AccountId.parse("kraken:tania_gilbert")
NOW = datetime(2026, 1, 17, tzinfo=UTC)
DAIVON = AccountId.parse("kraken:daivon_frazier")


@pytest.fixture
def journals(tmp_path: Path) -> Iterator[Journals]:
    with closing(Journals(tmp_path, ManualClock(), get_log("test"))) as opened:
        yield opened


def halts(journals: Journals, account: AccountId) -> set[HaltName]:
    with closing(journals.open(account)) as journal:
        return set(journal.halts.all())


def break_journal(journals: Journals, account: AccountId) -> None:
    """It cannot be opened, as on a full or read-only volume, or with a wrong owner after a restore."""
    journals.open(account).close()
    journals.path(account).unlink()
    journals.path(account).mkdir()


def test_stopping_one_account_leaves_the_others_alone(journals: Journals) -> None:
    (result,) = write_to_journals(Instruction(Command.STOP_TRADING), journals.open, [MASTER], ManualClock())
    assert result.became is CommandStatus.DONE
    assert halts(journals, MASTER) == {HaltName.STOP_TRADING}
    assert halts(journals, TANIA) == set()


def test_a_journal_that_cannot_be_opened_does_not_prevent_stopping_other_accounts(journals: Journals) -> None:
    break_journal(journals, DAIVON)
    accounts = [MASTER, DAIVON, TANIA]
    results = write_to_journals(Instruction(Command.STOP_TRADING), journals.open, accounts, ManualClock())
    assert [result.became for result in results] == [CommandStatus.DONE, CommandStatus.FAILED, CommandStatus.DONE]
    assert "NIJA_DATA_DIR" in results[1].reason
    assert halts(journals, TANIA) == {HaltName.STOP_TRADING}


def test_one_database_for_all_limits_neither_accounts_nor_the_commands_to_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'all.sqlite3'}"
    accounts = [AccountId.parse(f"kraken:user_{number}") for number in range(40)]
    with closing(Journals(tmp_path, ManualClock(), get_log("test"), database_url=url)) as journals:
        held = [journals.open(account) for account in accounts]
        results = write_to_journals(Instruction(Command.STOP_TRADING), journals.open_beside, accounts, ManualClock())
        assert {result.became for result in results} == {CommandStatus.DONE}
        assert all(set(journal.halts.all()) == {HaltName.STOP_TRADING} for journal in held)
        for journal in held:
            journal.close()


def prompt(journal: Journal) -> CommandQueue:
    """An account whose thread obeys at once."""
    queue = CommandQueue(journal.account, ManualClock(), get_log("test"), lambda: queue.execute(journal))
    return queue


def busy(account: AccountId) -> CommandQueue:
    """An account whose thread waits for its exchange."""
    return CommandQueue(account, ManualClock(), get_log("test"), lambda: None)


def broken(account: AccountId) -> CommandQueue:
    """An account whose journal cannot be written."""
    queue = CommandQueue(
        account, ManualClock(), get_log("test"), lambda: queue.keep_in_memory(JournalError("the disk is full"))
    )
    return queue


@contextmanager
def daemon(folder: Path, queues: Mapping[AccountId, CommandQueue]) -> Iterator[None]:
    server = ControlServer(folder / SOCKET_NAME, command_handlers(lambda: queues, receipt_seconds=0.05))
    server.start()
    try:
        yield
    finally:
        server.stop()


def test_the_daemon_answers_with_a_row_for_each_account(journals: Journals, tmp_path: Path) -> None:
    with (
        closing(journals.open(MASTER)) as journal,
        daemon(tmp_path, {MASTER: prompt(journal), TANIA: busy(TANIA), DAIVON: broken(DAIVON)}),
    ):
        answer = ask(tmp_path, "stop_trading", account=None)
        assert answer is not None
        by_account = {result.account: result for result in read_results(answer)}
        assert set(journal.halts.all()) == {HaltName.STOP_TRADING}
    assert by_account["kraken:master"].became is CommandStatus.DONE
    assert by_account["kraken:tania_gilbert"].became is CommandStatus.QUEUED
    assert (by_account["kraken:daivon_frazier"].became, by_account["kraken:daivon_frazier"].reason) == (
        CommandStatus.IN_MEMORY,
        "the disk is full",
    )


def test_a_command_to_an_unknown_account_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    queue = busy(MASTER)
    with daemon(tmp_path, {MASTER: queue}):
        with pytest.raises(ControlError, match="NIJA has no account kraken:nobody; it has: kraken:master"):
            ask(tmp_path, "resume", account="kraken:nobody")
        assert not queue.is_waiting


def test_a_command_moves_no_journal_that_a_running_trader_has_open(journals: Journals, tmp_path: Path) -> None:
    """Not even a damaged one: the trader would go on with the file that was moved, and never see the command."""
    with closing(journals.open(MASTER)) as journal:
        fill_and_damage(journals, journal)
        before = set(journals.folder.iterdir())
        with daemon(tmp_path, {MASTER: prompt(journal)}):
            ask(tmp_path, "stop_trading", account=None)
        write_to_journals(Instruction(Command.FLATTEN), journals.open_beside, [MASTER], ManualClock())
        assert set(journal.halts.all()) == {HaltName.STOP_TRADING, HaltName.FLATTEN}
        assert set(journals.folder.iterdir()) == before


def fill_and_damage(journals: Journals, journal: Journal) -> None:
    """One bad page in the table of events, which traders never read."""
    for _ in range(400):
        journal.history.add("x" * 60, NOW, detail={"text": "y" * 500})
    journal.tidy()
    path = journals.path(MASTER)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 20 * 1024)
        file.write(b"\xff" * 8 * 1024)
