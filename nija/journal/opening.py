"""Opens journals: one SQLite file per account, or one database for all."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, NullPool, create_engine, event

from brokers.clock import Clock, utc_now
from nija.journal import sqlite
from nija.journal.archive import archive_file, archive_rows
from nija.journal.connection import CommitHook, no_hook
from nija.journal.errors import JournalDamaged, JournalError, database_faults
from nija.journal.journal import Journal
from nija.journal.migrating import Migrations, bring_up_to_date, check_current, current_revision, shipped
from nija.journal.retention import KEPT_FOR_LONG, JournalRetention

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Engine
    from structlog.typing import FilteringBoundLogger

    from accounts.identity import AccountId


class Journals:
    """Created once per process; opens the journal of every account. Thread-safe."""

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        log: FilteringBoundLogger,
        *,
        database_url: str | None = None,
        migrations: Migrations | None = None,
        retention: JournalRetention = KEPT_FOR_LONG,
    ) -> None:
        self.folder = data_dir / "journal"
        self._clock = clock
        self._log = log
        self._retention = retention
        self._migrations = migrations or shipped()
        # Engines over SQLite files share this one's dialect, and all journals one cache of compiled statements.
        self._setting = "NIJA_DATA_DIR" if database_url is None else "NIJA_DATABASE_URL"
        with database_faults(self._setting):
            self._shared = _shared_engine(database_url)
        self._one_database = database_url is not None
        self._compiled: dict[Any, Any] = {}
        # Alembic keeps the running migration in module state: two at once would change each other's database.
        self._preparing = threading.Lock()

    def open(self, account: AccountId, *, on_commit: CommitHook = no_hook) -> Journal:
        """Open as the owner: create, check and migrate as needed, and set a damaged file aside. Raises JournalError.

        Only for the account's own thread, or while no daemon runs, as it may move the file.
        """
        try:
            with database_faults(self._setting):
                return (
                    self._open_shared(account, on_commit) if self._one_database else self._open_own(account, on_commit)
                )
        except OSError as error:
            raise JournalError(
                f"the journal's folder {self.folder} cannot be used ({error.strerror or error}): set NIJA_DATA_DIR to "
                "a folder that the user running NIJA may write"
            ) from error

    def open_beside(self, account: AccountId) -> Journal:
        """Open for writing beside the owner, without creating, migrating or moving anything. Raises JournalError."""
        return self._current(account, "rw")

    def read_current(self, account: AccountId) -> Journal:
        """As `read`, but only a journal of this version. Raises JournalError that says how it comes to be one."""
        if not self.exists(account):
            raise JournalError("there is no journal yet: NIJA creates it when the account first connects")
        return self._current(account, "ro")

    def read(self, account: AccountId) -> Journal:
        """Open read-only, for another thread or process. Raises JournalError if there is no journal."""
        with database_faults(self._setting):
            connection, close = self._connect(account, "ro")
            return Journal(connection, account, self._clock, on_close=close)

    def exists(self, account: AccountId) -> bool:
        """Whether there is a journal to read. Raises JournalError."""
        if not self._one_database:
            return self.path(account).exists()
        with database_faults(self._setting), self._connection(self._shared) as connection:
            return current_revision(connection) is not None

    def archive(self, account: AccountId) -> Path:
        """Archive a journal that nobody has open; returns its new path. Raises JournalError, OSError."""
        stamp = f"{utc_now(self._clock):%Y%m%dT%H%M%S}"
        target = sqlite.free_name(self.folder / "forgotten" / f"{account.slug}-{stamp}.sqlite3")
        if not self._one_database:
            archive_file(self.path(account), target)
            return target
        self.open(account).close()
        with database_faults(self._setting), self._connection(self._shared) as connection:
            archive_rows(connection, str(account), target)
        return target

    def path(self, account: AccountId) -> Path:
        return self.folder / f"{account.slug}.sqlite3"

    def close(self) -> None:
        self._shared.dispose()

    def _open_shared(self, account: AccountId, on_commit: CommitHook) -> Journal:
        connection = self._connection(self._shared)
        try:
            with self._preparing:
                bring_up_to_date(connection, self._migrations, lambda _revision: None)
        except BaseException:
            connection.close()
            raise
        return Journal(connection, account, self._clock, retention=self._retention, on_commit=on_commit)

    def _open_own(self, account: AccountId, on_commit: CommitHook) -> Journal:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.path(account)
        try:
            return self._open_file(path, account, on_commit)
        except JournalDamaged as damage:
            aside = sqlite.set_aside(path, utc_now(self._clock))
            self._log.error(
                f"the journal of {account} is damaged and was set aside as {aside.name}; "
                "its positions are now recovered from the exchange",
                account=str(account),
                damage=str(damage),
            )
            return self._open_file(path, account, on_commit)

    def _open_file(self, path: Path, account: AccountId, on_commit: CommitHook) -> Journal:
        file = sqlite.open_checked(path)
        try:
            connection = self._over(file)
            with self._preparing:
                bring_up_to_date(connection, self._migrations, lambda revision: self._back_up(path, revision))
        except BaseException:
            file.close()
            raise
        with suppress(OSError):
            path.chmod(0o600)
        return Journal(
            connection, account, self._clock, retention=self._retention, on_commit=on_commit, on_close=file.close
        )

    def _connect(self, account: AccountId, mode: Literal["ro", "rw"]) -> tuple[Connection, Callable[[], None]]:
        """A connection to an existing journal, and the function that closes it for good."""
        if self._one_database:
            return self._connection(self._shared), lambda: None
        path = self.path(account)
        try:
            file = sqlite.connect(path, mode)
        except sqlite3.Error as error:
            raise JournalError(f"there is no journal of {account} that can be opened at {path}: {error}") from error
        return self._over(file), file.close

    def _current(self, account: AccountId, mode: Literal["ro", "rw"]) -> Journal:
        with database_faults(self._setting):
            connection, close = self._connect(account, mode)
            try:
                check_current(connection, self._migrations)
            except BaseException:
                connection.close()
                close()
                raise
            return Journal(connection, account, self._clock, on_close=close)

    def _back_up(self, path: Path, revision: str) -> None:
        stamp = utc_now(self._clock).strftime("%Y%m%dT%H%M%S")
        target = path.with_name(f"{path.name}.backup-{revision}-{stamp}")
        sqlite.back_up(path, target)
        self._log.info(f"the journal is migrated to the newest schema; the old one is kept as {target.name}")

    def _over(self, file: sqlite3.Connection) -> Connection:
        return self._connection(sqlite.engine_for(file, self._shared.dialect))

    def _connection(self, engine: Engine) -> Connection:
        return engine.connect().execution_options(compiled_cache=self._compiled)


def _shared_engine(database_url: str | None) -> Engine:
    # Each account keeps its own connection while it trades: a pool would only limit their number.
    engine = create_engine(database_url, poolclass=NullPool) if database_url else create_engine("sqlite://")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", sqlite.begin)
    # The dialect reads the server's version at its first connection.
    engine.connect().close()
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    sqlite.configure(connection, read_only=False)
