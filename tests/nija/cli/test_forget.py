"""`nija forget`: a journal is archived, never lost, and never while a running NIJA has it open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from accounts.credentials import discover
from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.clock import SystemClock
from brokers.model import Fill, Side
from nija.cli.app import app
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.journal.connection import CommitPoint
from nija.journal.opening import Journals
from nija.log.event_log import get_log
from nija.status.report import AccountStatus, StatusReport
from tests.accounts.made_up_keys import kraken_pair
from tests.nija.control.ending_daemon import ending_daemon
from tests.nija.journal.test_journal_stores import add, an_entry
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.testing import Result

MASTER, TANIA = AccountId.parse("kraken:master"), AccountId.parse("kraken:tania_gilbert")
NOW = datetime(2026, 1, 17, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE", "NIJA_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def journals(folder: Path) -> Iterator[Journals]:
    with closing(Journals(folder / "data", SystemClock(), CapturedLog().logger)) as opened:
        for account in (MASTER, TANIA):
            buy(opened, account)
        yield opened


def buy(journals: Journals, account: AccountId) -> None:
    with closing(journals.open(account)) as journal:
        plan, intent = an_entry()
        add(journal, plan, intent)
        fill = Fill(f"T {account}", "O1", "BTC/USD", Side.BUY, Decimal("0.1"), Decimal(100), Decimal(0), "USD", NOW)
        with journal.transaction(CommitPoint.BOOKED):
            journal.fills.book(intent.client_id, fill, NOW)


def forget(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["forget", *arguments])


def test_a_journal_is_archived_and_the_account_starts_a_new_one(journals: Journals) -> None:
    done = forget("kraken:master", "--yes")
    assert done.exit_code == 0, done.output
    assert "an open position: BTC/USD 0.10000000" in done.output
    assert "NIJA will no longer manage it" in done.output
    (kept,) = (journals.folder / "forgotten").glob("*.sqlite3")
    assert str(kept.relative_to(Path.cwd())) in done.output
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT market FROM positions").fetchall() == [("BTC/USD",)]
    assert not journals.exists(MASTER)
    with closing(journals.open(MASTER)) as anew, closing(journals.read(TANIA)) as other:
        assert anew.plans.open() == ()
        assert len(other.plans.open()) == 1


def test_what_is_only_in_the_write_ahead_log_is_kept_too(journals: Journals, folder: Path) -> None:
    path = journals.path(MASTER)
    reader = journals.read(MASTER)
    reader.plans.open()
    forget("kraken:master", "--yes")
    reader.close()
    left = [file.name for file in path.parent.iterdir() if file.name.startswith(path.name)]
    assert left == []


def test_an_account_is_forgotten_twice_without_losing_the_first_archive(journals: Journals) -> None:
    forget("kraken:master", "--yes")
    buy(journals, MASTER)
    assert forget("kraken:master", "--yes").exit_code == 0
    assert len(list((journals.folder / "forgotten").iterdir())) == 2


def test_it_asks_first_and_without_a_terminal_needs_yes(journals: Journals) -> None:
    done = forget("kraken:master")
    assert done.exit_code == 2
    assert "--yes" in done.output
    assert journals.exists(MASTER)


def test_an_account_without_a_journal_is_said_to_have_none(folder: Path) -> None:
    done = forget("kraken:master", "--yes")
    assert done.exit_code == 2
    assert "kraken:master has no journal" in done.output


def test_nothing_is_moved_while_a_running_nija_has_the_account(journals: Journals, folder: Path) -> None:
    report = StatusReport(1, "1.0", None, "live", (AccountStatus("kraken:master", "MASTER", "kraken", "FAILED"),))
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _: report.to_json()})
    server.start()
    try:
        refused, other = forget("kraken:master", "--yes"), forget("kraken:tania_gilbert", "--yes")
    finally:
        server.stop()
    assert refused.exit_code == 2
    assert "stop NIJA first" in refused.output
    assert journals.exists(MASTER)
    assert other.exit_code == 0


def test_a_nija_that_does_not_answer_may_have_the_account(journals: Journals, folder: Path) -> None:
    with ending_daemon(folder / "data"):
        assert forget("kraken:master", "--yes").exit_code == 2
    assert journals.exists(MASTER)


def test_an_account_whose_key_another_process_uses_is_not_forgotten(
    journals: Journals, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = kraken_pair("KRAKEN_MASTER")
    for name, value in pair.items():
        monkeypatch.setenv(name, value)
    fingerprint = discover(pair).credentials[0].api_key.fingerprint
    with KeyOwnership(folder / "data", fingerprint, SystemClock(), "nija run"):
        done = forget("kraken:master", "--yes")
    assert done.exit_code == 2
    assert "nija run" in done.output
    assert journals.exists(MASTER)


def test_a_damaged_journal_is_archived_as_it_is(journals: Journals) -> None:
    journals.path(MASTER).write_bytes(b"this is no database" * 100)
    done = forget("kraken:master", "--yes")
    assert done.exit_code == 0
    assert "cannot be read" in done.output
    assert not journals.exists(MASTER)


def test_in_a_database_for_all_one_account_s_rows_become_a_file_and_the_others_stay(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{folder / 'all.sqlite3'}"
    monkeypatch.setenv("NIJA_DATABASE_URL", url)
    with closing(Journals(folder / "data", SystemClock(), get_log("test"), database_url=url)) as journals:
        for account in (MASTER, TANIA):
            buy(journals, account)
        assert forget("kraken:master", "--yes").exit_code == 0
        with closing(journals.open(MASTER)) as mine, closing(journals.open(TANIA)) as other:
            assert mine.plans.all() == ()
            assert mine.fills.all() == ()
            assert len(other.fills.all()) == 1
    (kept,) = (folder / "data" / "journal" / "forgotten").iterdir()
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT account, amount FROM fills").fetchall() == [("kraken:master", "0.1")]
