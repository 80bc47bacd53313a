"""A data folder as the first version (commit 38699a6) left it, and the exchange as it stood beside it.

Four accounts of a `nija simulate` of that version traded for three and a half minutes, and the daemon was killed with
SIGKILL. Journals are kept as SQL text, nonce marks as they were. To make them small, most closed positions and moved
stops were taken out. Two rows were added with that version's own code, as they had not come up: a write-off and the
drawdown halt of `kraken:daivon_frazier`.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accounts.identity import AccountId
from brokers.model import ZERO, Fill, Order, OrderStatus, OrderType, Side
from nija.journal.opening import Journals
from nija.orders.desk import OrderDesk
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.orders.exchange_model import ExchangeModel

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent / "data_of_38699a6"
KILLED = datetime(2026, 11, 28, 10, 38, 17, tzinfo=UTC)
ACCOUNTS = tuple(
    AccountId.parse(name)
    for name in ("kraken:master", "kraken:daivon_frazier", "kraken:tania_gilbert", "coinbase:master")
)

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def lay(data: Path) -> None:
    """Make the data folder of the first version at `data`."""
    shutil.copytree(FOLDER / "nonces", data / "nonces")
    (data / "journal").mkdir()
    for dump in (FOLDER / "journal").iterdir():
        with closing(sqlite3.connect(data / "journal" / f"{dump.stem}.sqlite3")) as file:
            file.executescript(dump.read_text(encoding="utf-8"))


def rows_by_table(paths: Iterable[Path]) -> Tables:
    """All rows of these databases, the tables' names without rows included."""
    found: Tables = {}
    for path in paths:
        for row in rows(path, "sqlite_master"):
            if row["type"] == "table":
                found.setdefault(row["name"], []).extend(rows(path, row["name"]))
    return found


def rows(path: Path, table: str) -> list[Row]:
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608 our own names


class Takeover:
    """This version starts on the first one's journal of one account."""

    def __init__(self, data: Path, account: AccountId) -> None:
        lay(data)
        self.clock = ManualClock(KILLED.timestamp())
        self.log = CapturedLog()
        self.journals = Journals(data, self.clock, self.log.logger)
        path = self.journals.path(account)
        self.intents = rows(path, "intents")
        self.exchange = ExchangeModel(self.clock, account.exchange)
        self._fill_books(rows(path, "fills"))
        self.journal = self.journals.open(account)
        self.desk = OrderDesk(account, self.exchange, self.journal, self.clock, self.log.logger, self.log.events)

    def start(self) -> None:
        self.desk.recover()
        self.run()

    def run(self) -> None:
        """Ten minutes of cycles."""
        for _ in range(20):
            self.clock.advance(30)
            self.desk.refresh(dict(self.exchange.price))

    def close(self) -> None:
        self.journal.close()
        self.journals.close()

    def put_on_books(self, intent: Row, status: OrderStatus, exchange_id: str) -> None:
        self.exchange.foreign(_order(intent, status, exchange_id))

    def _fill_books(self, fills: Iterable[Row]) -> None:
        for intent in self.intents:
            if intent["exchange_id"] is not None:
                self.put_on_books(intent, _status(intent), intent["exchange_id"])
        for row in fills:
            self.fill(_fill(row))

    def fill(self, fill: Fill) -> None:
        book = self.exchange.book
        book.fills.append(fill)
        book.fill_visible_from[fill.id] = self.clock.time()
        base = fill.market.partition("/")[0]
        change = fill.amount if fill.side is Side.BUY else -fill.amount
        book.total[base] = book.total.get(base, ZERO) + change
        self.exchange.price[fill.market] = fill.price


def _order(intent: Row, status: OrderStatus, exchange_id: str) -> Order:
    filled = Decimal(intent["amount"]) if status is OrderStatus.FILLED else Decimal(intent["filled"])
    return Order(
        exchange_id=exchange_id,
        client_id=intent["client_id"],
        market=intent["market"],
        side=Side(intent["side"]),
        type=OrderType(intent["type"]),
        status=status,
        amount=Decimal(intent["amount"]),
        filled=filled,
        average_price=None,
        fee=ZERO,
        created=datetime.fromisoformat(intent["created"]),
        limit_price=None,
        stop_price=None if intent["stop_price"] is None else Decimal(intent["stop_price"]),
        closed=datetime.fromisoformat(intent["updated"]) if status.is_final else None,
    )


def _status(intent: Row) -> OrderStatus:
    return OrderStatus(intent["state"]) if intent["settled"] else OrderStatus.OPEN


def _fill(row: Row) -> Fill:
    return Fill(
        id=row["fill_id"],
        order_id=row["order_id"],
        market=row["market"],
        side=Side(row["side"]),
        amount=Decimal(row["amount"]),
        price=Decimal(row["price"]),
        fee=Decimal(row["fee"]),
        fee_currency=row["fee_currency"],
        time=datetime.fromisoformat(row["time"]),
        maker=bool(row["maker"]),
    )
