"""Brings a database to the newest schema: directly if it is empty or current, with Alembic if it is old."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateIndex, CreateTable

from nija.journal.connection import WRITING
from nija.journal.errors import JournalDamaged, JournalError
from nija.journal.schema import metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from alembic.config import Config

HEAD = "0005"
"""The newest revision in migrations/versions."""

_CREATE_VERSION_TABLE = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


@dataclass(frozen=True, slots=True)
class Migrations:
    """A folder of Alembic migrations and its newest revision."""

    folder: Path
    head: str


def shipped() -> Migrations:
    return Migrations(Path(str(resources.files("nija.journal"))) / "migrations", HEAD)


def bring_up_to_date(connection: Connection, migrations: Migrations, before_migration: Callable[[str], None]) -> None:
    """Raises JournalDamaged if tables are missing, JournalError if a newer NIJA wrote the database.

    `before_migration` is called with the old revision before an existing database is changed.
    """
    revision = current_revision(connection)
    if revision == migrations.head:
        _check_tables(connection)
    elif revision is None:
        _create(connection, migrations.head)
    else:
        _check_known(revision, migrations)
        before_migration(revision)
        upgrade(connection, migrations)


def check_current(connection: Connection, migrations: Migrations) -> None:
    """Raises JournalError if the journal has another revision than this NIJA."""
    revision = current_revision(connection)
    if revision != migrations.head:
        raise JournalError(
            f"the journal was written by another version of NIJA (revision {revision}, this one writes"
            f" {migrations.head}): restart NIJA after an update"
        )


def current_revision(connection: Connection) -> str | None:
    """None for a database without a journal."""
    with connection.begin():
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(connection: Connection, migrations: Migrations) -> None:
    # Alembic takes a third of a second to import and is needed only after an update of NIJA.
    from alembic import command  # noqa: PLC0415

    config = _config(migrations)
    config.attributes["connection"] = connection
    connection.info[WRITING] = True
    try:
        command.upgrade(config, "head")
    finally:
        connection.info[WRITING] = False


def _config(migrations: Migrations) -> Config:
    from alembic.config import Config  # noqa: PLC0415 as above

    config = Config()
    config.set_main_option("script_location", str(migrations.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _create(connection: Connection, head: str) -> None:
    connection.info[WRITING] = True
    try:
        with connection.begin():
            for statement in _tables(connection.dialect.name):
                connection.exec_driver_sql(statement)
            connection.execute(text(_CREATE_VERSION_TABLE))
            connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": head})
    finally:
        connection.info[WRITING] = False


@cache
def _tables(dialect: str) -> tuple[str, ...]:
    """The statements that create all tables. Compiled once per process: every new account needs the same."""
    compiler = registry.load(dialect)()
    makers: list[CreateTable | CreateIndex] = []
    for table in metadata.sorted_tables:
        makers.append(CreateTable(table, if_not_exists=True))
        makers += (CreateIndex(index, if_not_exists=True) for index in table.indexes)
    return tuple(str(maker.compile(dialect=compiler)) for maker in makers)


def _check_tables(connection: Connection) -> None:
    with connection.begin():
        missing = set(metadata.tables) - set(inspect(connection).get_table_names())
    if missing:
        raise JournalDamaged(f"tables are missing: {', '.join(sorted(missing))}")


def _check_known(revision: str, migrations: Migrations) -> None:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 as above
    from alembic.util import CommandError  # noqa: PLC0415 as above

    try:
        ScriptDirectory.from_config(_config(migrations)).get_revision(revision)
    except CommandError as error:
        raise JournalError(
            f"the journal was written by a newer NIJA (revision {revision}, this one knows up to {migrations.head}): "
            "run that newer version again, or restore the backup beside the journal"
        ) from error
