"""The store of past candles: one SQLite file in the data folder, which any number of processes may use at once.

SQLite needs no further dependency and survives a kill and a full disk; a row for each candle lets the daemon replace
one that the exchange has corrected.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np

from brokers.candle_files import CandleError
from brokers.exchanges import described
from brokers.model import Candles, Exchange, Market, Timeframe
from nija.candles.cutting import COLUMNS
from nija.candles.gaps import NO_GAPS, Gaps, find_gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

_VERSION = 1
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS series (
        id INTEGER PRIMARY KEY, exchange TEXT NOT NULL, market TEXT NOT NULL, timeframe TEXT NOT NULL,
        UNIQUE (exchange, market, timeframe)
    )""",
    """CREATE TABLE IF NOT EXISTS candles (
        series INTEGER NOT NULL, time INTEGER NOT NULL, open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL,
        close REAL NOT NULL, volume REAL NOT NULL, PRIMARY KEY (series, time)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS markets (
        exchange TEXT NOT NULL, symbol TEXT NOT NULL, base TEXT NOT NULL, quote TEXT NOT NULL,
        amount_step TEXT NOT NULL, price_step TEXT NOT NULL, min_amount TEXT NOT NULL, min_cost TEXT NOT NULL,
        read_at INTEGER NOT NULL, PRIMARY KEY (exchange, symbol)
    )""",
    """CREATE TABLE IF NOT EXISTS fetched (
        series INTEGER NOT NULL, start INTEGER NOT NULL, reached INTEGER NOT NULL, PRIMARY KEY (series, start)
    ) WITHOUT ROWID""",
    f"PRAGMA user_version = {_VERSION}",
)
_SERIES = "SELECT id FROM series WHERE exchange = ? AND market = ? AND timeframe = ?"
# One look-up each: a grouped query would read every candle.
_SPANS = """SELECT exchange, market, timeframe,
    (SELECT min(time) FROM candles WHERE series = id), (SELECT max(time) FROM candles WHERE series = id),
    (SELECT count(*) FROM candles WHERE series = id)
    FROM series"""
_BETWEEN = "FROM candles WHERE series = ? AND time >= ? AND time < ?"
_FOREVER = 2**62
# A transaction of this size holds up another writer for a fraction of a second.
_AT_ONCE = 50_000
_FETCHED = 20_000
_PATIENCE = 30.0
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def origin(exchange: Exchange, address: str) -> str:
    """Under which name the candles of an exchange's API at `address` are stored.

    Those of a simulator or of a proxy are kept apart from the exchange's own: `kraken@127.0.0.1:8080`.
    """
    return exchange if address == described(exchange).address else f"{exchange}@{urlsplit(address).netloc}"


@dataclass(frozen=True, slots=True)
class Span:
    """One stored series: `count` candles from `first` to `last`, openings in Unix seconds."""

    exchange: Exchange
    market: str
    timeframe: Timeframe
    first: int
    last: int
    count: int

    @property
    def missing(self) -> int:
        """Candles that are absent between the first and the last."""
        return (self.last - self.first) // self.timeframe.seconds + 1 - self.count


@dataclass(frozen=True, slots=True)
class KnownMarket:
    """A market's steps and minimums, and when the exchange gave them (Unix seconds)."""

    market: Market
    read_at: int


class CandleStore:
    """For one thread; opens its file when first used. Everything raises CandleError if the file cannot be used.

    `patience` is how many seconds it waits for another process that writes.
    """

    def __init__(self, path: Path, *, patience: float = _PATIENCE) -> None:
        self.path = path
        self._patience = patience
        self._opened: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def add(self, exchange: str, candles: Candles) -> None:
        """Store candles; those that are there already are replaced."""
        for start in range(0, len(candles), _AT_ONCE):
            with self._writing() as connection:
                _insert(connection, exchange, candles, slice(start, start + _AT_ONCE))

    def add_fetched(self, exchange: str, candles: Candles, start: int, reached: int) -> None:
        """Store a page of a download: from `start` on, all there is before `reached` is stored now (Unix seconds)."""
        with self._writing() as connection:
            series = _insert(connection, exchange, candles, slice(None))
            connection.execute("INSERT OR REPLACE INTO fetched VALUES (?, ?, ?)", (series, start, reached))

    def fetched_until(self, exchange: str, market: str, timeframe: Timeframe, start: int) -> int:
        """How far downloads have come without a hole from `start` on; `start` itself if there is none."""
        with self._reading() as connection:
            series = _series_of(connection, exchange, market, timeframe)
            rows = connection.execute("SELECT start, reached FROM fetched WHERE series = ? ORDER BY start", (series,))
            for begun, reached in rows:
                if begun <= start:
                    start = max(start, reached)
        return start

    def read(
        self, exchange: str, market: str, timeframe: Timeframe, since: int | None = None, until: int | None = None
    ) -> Candles:
        """Those that open at or after `since` and before `until` (Unix seconds), oldest first; maybe none."""
        with self._reading() as connection:
            series = _series_of(connection, exchange, market, timeframe)
            bounds = (series, since or 0, _FOREVER if until is None else until)
            (count,) = connection.execute(f"SELECT count(*) {_BETWEEN}", bounds).fetchone()
            time = np.empty(count, np.int64)
            prices = np.empty((len(COLUMNS), count))
            cursor = connection.execute(f"SELECT time, {', '.join(COLUMNS)} {_BETWEEN} ORDER BY time", bounds)
            start = 0
            while rows := cursor.fetchmany(_FETCHED):
                end = start + len(rows)
                table = np.fromiter(chain.from_iterable(rows), np.float64).reshape(len(rows), -1)
                time[start:end], prices[:, start:end] = table[:, 0], table[:, 1:].T
                start = end
        return Candles(market, timeframe, time, *prices)

    def spans(self) -> tuple[Span, ...]:
        """Every stored series, by exchange, market and timeframe."""
        with self._reading() as connection:
            rows = connection.execute(_SPANS).fetchall()
        found = (Span(Exchange(row[0]), row[1], Timeframe(row[2]), *row[3:]) for row in rows if row[5])
        return tuple(sorted(found, key=lambda span: (span.exchange, span.market, span.timeframe.seconds)))

    def gaps(self, span: Span) -> Gaps:
        """Where candles of this series are missing."""
        if not span.missing:
            return NO_GAPS
        with self._reading() as connection:
            series = _series_of(connection, span.exchange, span.market, span.timeframe)
            rows = connection.execute("SELECT time FROM candles WHERE series = ? ORDER BY time", (series,))
            time: NDArray[np.int64] = np.fromiter(chain.from_iterable(rows), np.int64)
        return find_gaps(time, span.timeframe)

    def add_markets(self, exchange: str, markets: Iterable[Market], read_at: int) -> None:
        """Store the steps and minimums that the exchange gave at `read_at` (Unix seconds)."""
        rows = [(exchange, one.symbol, one.base, one.quote, *map(str, _facts(one)), read_at) for one in markets]
        with self._writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO markets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def market(self, exchange: str, symbol: str) -> KnownMarket | None:
        """As last stored; None if it never was."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT symbol, base, quote, amount_step, price_step, min_amount, min_cost, read_at FROM markets "
                "WHERE exchange = ? AND symbol = ?",
                (exchange, symbol),
            ).fetchone()
        return None if row is None else KnownMarket(Market(*row[:3], *map(Decimal, row[3:7])), row[7])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing."""
        with self._faults():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One view of the store, whatever is written meanwhile; an empty one if there is no store yet."""
        with self._faults():
            if self._opened is None and not self.path.exists():
                connection = _prepared(sqlite3.connect(":memory:", isolation_level=None))
                try:
                    yield connection
                finally:
                    connection.close()
                return
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=self._patience, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                # A power cut may cost the last candles, which can be fetched again, but never damages the file.
                connection.execute("PRAGMA synchronous = NORMAL")
                self._opened = _prepared(connection)
            except BaseException:
                connection.close()
                raise
        return self._opened

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            # The remedy may be another file at this path.
            self.close()
            raise _meaning(self.path, error) from error
        except _Newer as error:
            raise CandleError(f"{self.path} was written by a newer NIJA: update this one") from error


class _Newer(Exception):
    """The file has a layout that this version does not know."""


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise _Newer
    if version < _VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.commit()
    return connection


def _insert(connection: sqlite3.Connection, exchange: str, candles: Candles, part: slice) -> int:
    series = _series_made(connection, exchange, candles)
    columns = (getattr(candles, name)[part].tolist() for name in ("time", *COLUMNS))
    connection.executemany(
        f"INSERT OR REPLACE INTO candles VALUES ({series}, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a number
        zip(*columns, strict=True),
    )
    return series


def _series_made(connection: sqlite3.Connection, exchange: str, candles: Candles) -> int:
    key = (exchange, candles.market, candles.timeframe.value)
    connection.execute("INSERT OR IGNORE INTO series (exchange, market, timeframe) VALUES (?, ?, ?)", key)
    (series,) = connection.execute(_SERIES, key).fetchone()
    return int(series)


def _series_of(connection: sqlite3.Connection, exchange: str, market: str, timeframe: Timeframe) -> int | None:
    row = connection.execute(_SERIES, (exchange, market, timeframe.value)).fetchone()
    return None if row is None else int(row[0])


def _facts(market: Market) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    return market.amount_step, market.price_step, market.min_amount, market.min_cost


def _meaning(path: Path, error: sqlite3.Error | OSError) -> CandleError:
    if isinstance(error, OSError):
        return CandleError(f"{path} cannot be used ({error.strerror or error}): make its folder writable")
    # The low byte is the primary result code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGE:
        remedy = "it is damaged: move it away; its candles can be downloaded or imported again"
    elif code == sqlite3.SQLITE_FULL:
        remedy = "the disk is full: make room on it"
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        remedy = "another process is writing to it: try again when it is done"
    else:
        remedy = "check that its folder is writable and has space"
    return CandleError(f"{path} cannot be used ({error}): {remedy}")
