from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from accounts.identity import AccountId
from nija.journal.errors import JournalError
from nija.journal.migrating import HEAD, Migrations, shipped, upgrade
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.journal.schema import metadata
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = AccountId.parse("kraken:daivon_frazier")
OTHER = AccountId.parse("coinbase:tania_gilbert")
NOW = datetime(2026, 1, 2, tzinfo=UTC)

LATER = f"""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{HEAD}"


def upgrade():
    op.add_column("latches", sa.Column("note", sa.Text()))
"""


@pytest.fixture
def log() -> CapturedLog:
    return CapturedLog()


@pytest.fixture
def journals(tmp_path: Path, log: CapturedLog) -> Iterator[Journals]:
    journals = Journals(tmp_path, ManualClock(), log.logger)
    yield journals
    journals.close()


def set_a_halt(journals: Journals) -> None:
    journal = journals.open(ACCOUNT)
    journal.halts.set(HaltName.STOP_TRADING, "by hand", NOW)
    journal.close()


def indexes(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    return {(name, " ".join(sql.split())) for name, sql in rows}


def test_the_migrations_and_the_schema_make_the_same_database() -> None:
    migrated, created = create_engine("sqlite://"), create_engine("sqlite://")
    with migrated.connect() as by_migration, created.connect() as by_schema:
        upgrade(by_migration, shipped())
        metadata.create_all(by_schema)
        context = MigrationContext.configure(by_migration, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
        raw = by_migration.connection.driver_connection, by_schema.connection.driver_connection
        assert indexes(raw[0]) == indexes(raw[1])  # type: ignore[arg-type] # the driver's connection is sqlite3's
        for table in metadata.tables:
            assert inspect(by_migration).get_foreign_keys(table) == inspect(by_schema).get_foreign_keys(table)
    migrated.dispose()
    created.dispose()


def test_what_was_written_is_there_after_reopening(journals: Journals) -> None:
    set_a_halt(journals)
    journal = journals.open(ACCOUNT)
    assert journal.halts.all()[HaltName.STOP_TRADING].reason == "by hand"
    journal.close()


def test_a_journal_is_durable_and_for_its_owner_alone(journals: Journals) -> None:
    set_a_halt(journals)
    path = journals.path(ACCOUNT)
    journal = journals.open(ACCOUNT)
    connection = journal._connection._connection
    pragmas = {
        name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
        for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    journal.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damage", ["garbage", "truncated", "page", "table"])
def test_a_damaged_journal_is_set_aside_and_an_empty_one_begun(
    journals: Journals, log: CapturedLog, damage: str
) -> None:
    set_a_halt(journals)
    path = journals.path(ACCOUNT)
    hurt(path, damage)
    journal = journals.open(ACCOUNT)
    assert journal.halts.all() == {}
    journal.close()
    aside = [file for file in path.parent.iterdir() if ".damaged-" in file.name]
    assert len(aside) == 1
    assert any(aside[0].name in line and "recovered from the exchange" in line for line in log.lines)


def hurt(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"this is no database" * 100)
    elif damage == "truncated":
        path.write_bytes(whole[: len(whole) // 2])
    elif damage == "page":
        path.write_bytes(whole[:4096] + b"\xff" * 4096 + whole[8192:])
    else:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE fills")


def test_a_journal_that_cannot_be_opened_is_not_taken_for_damaged(journals: Journals, tmp_path: Path) -> None:
    journals.path(ACCOUNT).mkdir(parents=True)
    with pytest.raises(JournalError, match="NIJA_DATA_DIR"):
        journals.open(ACCOUNT)
    assert not [file for file in tmp_path.rglob("*") if ".damaged-" in file.name]


def test_an_old_journal_is_backed_up_and_migrated(journals: Journals, tmp_path: Path, log: CapturedLog) -> None:
    set_a_halt(journals)
    newer = later_migrations(tmp_path / "migrations")
    updated = Journals(tmp_path, ManualClock(), log.logger, migrations=newer)
    journal = updated.open(ACCOUNT)
    assert HaltName.STOP_TRADING in journal.halts.all()
    journal.close()
    updated.close()
    with closing(sqlite3.connect(journals.path(ACCOUNT))) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)
        assert "note" in [row[1] for row in connection.execute("PRAGMA table_info(latches)")]
    (backup,) = [file for file in journals.path(ACCOUNT).parent.iterdir() if f".backup-{HEAD}-" in file.name]
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT name, reason FROM latches").fetchall() == [("stop_trading", "by hand")]


def test_a_journal_of_a_newer_nija_is_refused_and_left_as_it_is(journals: Journals, tmp_path: Path) -> None:
    newer = later_migrations(tmp_path / "migrations")
    updated = Journals(tmp_path, ManualClock(), CapturedLog().logger, migrations=newer)
    updated.open(ACCOUNT).close()
    updated.close()
    with pytest.raises(JournalError, match="newer NIJA"):
        journals.open(ACCOUNT)
    assert journals.path(ACCOUNT).exists()


def later_migrations(folder: Path) -> Migrations:
    shutil.copytree(shipped().folder, folder)
    (folder / "versions" / "later_9999.py").write_text(LATER)
    return Migrations(folder, "9999")


def test_a_reader_sees_what_is_committed_and_can_change_nothing(journals: Journals) -> None:
    journal = journals.open(ACCOUNT)
    reader = journals.read(ACCOUNT)
    assert reader.halts.all() == {}
    journal.halts.set(HaltName.DRAWDOWN, "too deep", NOW)
    assert HaltName.DRAWDOWN in reader.halts.all()
    with pytest.raises(JournalError, match="readonly"):
        reader.halts.reset(HaltName.DRAWDOWN)
    reader.close()
    journal.close()


def test_a_writer_beside_the_owner_changes_rows_and_no_file(journals: Journals, log: CapturedLog) -> None:
    with closing(journals.open(ACCOUNT)) as journal:
        before = set(journals.folder.iterdir())
        with closing(journals.open_beside(ACCOUNT)) as beside:
            beside.halts.set(HaltName.STOP_TRADING, "by hand", NOW)
        assert HaltName.STOP_TRADING in journal.halts.all()
        assert set(journals.folder.iterdir()) == before
    assert log.lines == []


def test_a_writer_beside_the_owner_makes_no_journal(journals: Journals) -> None:
    with pytest.raises(JournalError, match="no journal of kraken:daivon_frazier"):
        journals.open_beside(ACCOUNT)
    assert not journals.folder.exists()


@pytest.mark.parametrize("damage", ["garbage", "page", "table"])
def test_neither_a_reader_nor_a_writer_beside_the_owner_moves_a_damaged_journal(
    journals: Journals, damage: str
) -> None:
    set_a_halt(journals)
    hurt(journals.path(ACCOUNT), damage)
    for opened in (journals.read, journals.open_beside):
        try:
            opened(ACCOUNT).close()
        except JournalError:
            continue
    assert not [file for file in journals.folder.iterdir() if ".damaged-" in file.name]
    assert journals.path(ACCOUNT).exists()


def test_a_writer_beside_the_owner_refuses_a_journal_of_another_form(
    journals: Journals, tmp_path: Path, log: CapturedLog
) -> None:
    set_a_halt(journals)
    updated = Journals(tmp_path, ManualClock(), log.logger, migrations=later_migrations(tmp_path / "migrations"))
    with pytest.raises(JournalError, match="restart NIJA after an update"):
        updated.open_beside(ACCOUNT)
    updated.close()


def test_a_reader_of_figures_refuses_a_journal_of_another_form_and_says_when_there_is_none(
    journals: Journals, tmp_path: Path, log: CapturedLog
) -> None:
    with pytest.raises(JournalError, match="no journal yet"):
        journals.read_current(ACCOUNT)
    set_a_halt(journals)
    with closing(journals.read_current(ACCOUNT)) as journal:
        assert HaltName.STOP_TRADING in journal.halts.all()
    updated = Journals(tmp_path, ManualClock(), log.logger, migrations=later_migrations(tmp_path / "migrations"))
    with closing(updated), pytest.raises(JournalError, match="restart NIJA after an update"):
        updated.read_current(ACCOUNT)


def test_a_folder_that_cannot_be_made_is_told_with_its_variable(tmp_path: Path, log: CapturedLog) -> None:
    (tmp_path / "data").touch()
    with (
        closing(Journals(tmp_path / "data", ManualClock(), log.logger)) as journals,
        pytest.raises(JournalError, match="NIJA_DATA_DIR"),
    ):
        journals.open(ACCOUNT)


def test_there_is_nothing_to_read_before_the_first_start(journals: Journals) -> None:
    with pytest.raises(JournalError, match="no journal"):
        journals.read(ACCOUNT)


def test_one_database_serves_all_accounts_without_mixing_them(tmp_path: Path) -> None:
    journals = Journals(
        tmp_path, ManualClock(), CapturedLog().logger, database_url=f"sqlite:///{tmp_path / 'all.sqlite3'}"
    )
    one, other = journals.open(ACCOUNT), journals.open(OTHER)
    one.halts.set(HaltName.FLATTEN, "by hand", NOW)
    assert other.halts.all() == {}
    assert journals.read(ACCOUNT).halts.all().keys() == {HaltName.FLATTEN}
    one.close()
    other.close()
    journals.close()
    assert not (tmp_path / "journal").exists()


def test_a_full_disk_is_reported_as_such_and_the_journal_goes_on_once_there_is_space(journals: Journals) -> None:
    journal = journals.open(ACCOUNT)
    with closing(journal._connection._connection.connection.cursor()) as cursor:
        cursor.execute("PRAGMA max_page_count = 40")
        with pytest.raises(JournalError, match=r"database or disk is full.*NIJA_DATA_DIR"):
            journal.history.add("filling up", NOW, detail={"text": "x" * 1_000_000})
        cursor.execute("PRAGMA max_page_count = 100000")
    journal.history.add("room again", NOW)
    assert journal.history.latest(1)[0].kind == "room again"
    journal.close()
