"""`nija stop-trading --all` where the journal of one account cannot be used: the others are stopped all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import Daemon, ask
from tests.system.exchange import running_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.daemon import Answer

BROKEN = "coinbase:tania_gilbert"
SOUND = ("kraken:master", "coinbase:master")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the command said with and without a daemon, and which accounts' journals then say that they are stopped."""

    lines: tuple[str, ...]
    beside: Answer
    without: Answer
    stopped_beside: frozenset[str]
    stopped_without: frozenset[str]


@pytest.fixture(scope="module")
def broken_journal(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    (folder / "nija.toml").write_text(buy_and_hold(SOUND))
    # A folder in the place of the file can be neither opened nor set aside as a damaged one.
    (folder / "data" / "journal" / "coinbase-tania_gilbert.sqlite3" / "in-the-way").mkdir(parents=True)
    with running_exchange(accounts(*SOUND, BROKEN), speed=1.0) as exchange:
        with Daemon(folder, exchange.environment) as daemon:
            daemon.wait_for("🛡️ Stop placed", count=len(SOUND))
            daemon.wait_for("connection failed", f"account={BROKEN}")
            beside = daemon.ask("stop-trading", "--all")
            stopped_beside = _stopped(folder)
            assert daemon.ask("resume", "--all").text
            assert daemon.terminate() == 0
        without = ask(folder, exchange.environment, "stop-trading", "--all")
        return Aftermath(tuple(daemon.lines), beside, without, stopped_beside, _stopped(folder))


def _stopped(folder: Path) -> frozenset[str]:
    query = "SELECT name FROM latches"
    return frozenset(name for name in SOUND if checker.journaled(folder / "data", name, query))


pytestmark = pytest.mark.xdist_group("broken_journal")


def test_the_other_accounts_are_stopped(broken_journal: Aftermath) -> None:
    assert broken_journal.stopped_beside == broken_journal.stopped_without == frozenset(SOUND)


def test_each_account_has_a_line_that_says_what_became_of_it(broken_journal: Aftermath) -> None:
    for answer in (broken_journal.beside, broken_journal.without):
        for account in SOUND:
            assert f"✅ {account}: trading is stopped; exits and stops go on" in answer.text
    assert f"⚠️  {BROKEN}: trading is stopped; exits and stops go on" in broken_journal.beside.text
    assert "but only until NIJA ends, because the journal cannot be opened" in broken_journal.beside.text
    assert f"❌ {BROKEN}: nothing was done: the journal cannot be opened" in broken_journal.without.text


def test_the_exit_code_is_2_only_where_an_account_was_not_stopped(broken_journal: Aftermath) -> None:
    assert (broken_journal.beside.code, broken_journal.without.code) == (0, 2)


def test_the_log_says_why_it_counts_only_until_nija_ends(broken_journal: Aftermath) -> None:
    (line,) = [line for line in broken_journal.lines if "stop_trading takes effect, but only until NIJA ends" in line]
    assert f"account={BROKEN}" in line
