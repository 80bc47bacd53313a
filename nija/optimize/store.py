"""Finished variants on disk, so that a search that was interrupted goes on where it was."""

from __future__ import annotations

import sqlite3
import zlib
from typing import TYPE_CHECKING

import numpy as np

from nija.optimize.errors import OptimizeError
from nija.optimize.outcome import VariantOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

_TABLE = "CREATE TABLE IF NOT EXISTS outcomes (key TEXT PRIMARY KEY, returns BLOB NOT NULL, opened BLOB NOT NULL)"
_ADD = "INSERT OR REPLACE INTO outcomes (key, returns, opened) VALUES (?, ?, ?)"
_BUSY_SECONDS = 30


class VariantStore:
    """Outcomes by key. Each is on disk once `add` returns; it can be deleted whenever no search runs."""

    def __init__(self, path: Path) -> None:
        """Raises OptimizeError."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise self._fault(error) from error

    def close(self) -> None:
        self._database.close()

    def read(self, keys: Iterable[str]) -> dict[str, VariantOutcome]:
        """Those that are there. Raises OptimizeError."""
        found: dict[str, VariantOutcome] = {}
        try:
            for key in keys:
                row = self._database.execute("SELECT returns, opened FROM outcomes WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = VariantOutcome(
                        np.frombuffer(zlib.decompress(row[0])), np.frombuffer(zlib.decompress(row[1]), np.int64)
                    )
        except (sqlite3.Error, zlib.error, ValueError) as error:
            raise self._fault(error) from error
        return found

    def add(self, key: str, outcome: VariantOutcome) -> None:
        """Raises OptimizeError."""
        try:
            self._database.execute(_ADD, (key, _packed(outcome.returns), _packed(outcome.opened)))
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _fault(self, error: Exception) -> OptimizeError:
        return OptimizeError(f"{self._path}: {error}; {_remedy(error)}")


def _remedy(error: Exception) -> str:
    """Only a damaged file is worth nothing: finished variants may have taken days."""
    if isinstance(error, OSError):
        return "name another folder with --out"
    # The low byte is the primary result code; a result that cannot be unpacked has none.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
        return "delete this file to compute all variants again"
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another search is writing to it: try again when it is done"
    return "check that its folder is writable and has space, or name another folder with --out"


def _packed(values: NDArray[np.float64] | NDArray[np.int64]) -> bytes:
    return zlib.compress(values.tobytes(), level=1)
