"""A paper account's books: one JSON file, replaced as a whole after every change, so that restarts lose nothing."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import Unavailable
from brokers.model import Fill, Order, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum
    from pathlib import Path

# Older ones are not needed: without a journal, NIJA looks back 90 days.
_REMEMBERED = timedelta(days=90)
_MOST_REMEMBERED = 5_000

_ENUMS: Mapping[str, type[StrEnum]] = {"side": Side, "type": OrderType, "status": OrderStatus}
_DECIMALS = frozenset({"amount", "filled", "average_price", "fee", "limit_price", "stop_price", "price"})
_TIMES = frozenset({"created", "closed", "time"})


@dataclass(frozen=True, slots=True)
class Books:
    """`money` is by currency, including holds. `orders` are by exchange id, `fills` oldest first.

    `account` distinguishes these books from new ones; older versions did not write it.
    """

    money: Mapping[str, Decimal]
    orders: Mapping[str, Order] = field(default_factory=dict)
    fills: tuple[Fill, ...] = ()
    account: str = ""

    def open_orders(self) -> tuple[Order, ...]:
        return tuple(order for order in self.orders.values() if not order.status.is_final)

    def without_open_orders(self) -> Books:
        """The balances without holds, as if all orders had been cancelled."""
        return replace(self, orders={number: order for number, order in self.orders.items() if order.status.is_final})

    def named(self) -> Books:
        return self if self.account else replace(self, account=str(uuid.uuid4()))

    def forgetting(self, now: datetime) -> Books:
        """Drop orders that ended over 90 days ago, the oldest ones above 5,000, and their fills."""
        ended = sorted(
            (order.closed, number) for number, order in self.orders.items() if order.closed and order.status.is_final
        )
        old = [number for closed, number in ended if closed < now - _REMEMBERED]
        gone = {*old, *(number for _, number in ended[: max(0, len(ended) - _MOST_REMEMBERED)])}
        if not gone:
            return self
        return replace(
            self,
            orders={number: order for number, order in self.orders.items() if number not in gone},
            fills=tuple(fill for fill in self.fills if fill.order_id not in gone),
        )


def load_books(path: Path, starting: Mapping[str, Decimal]) -> Books:
    """The books at `path`, or new ones with the balances `starting`. Raises Unavailable with a remedy."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Books(
            money={currency: _amount(text) for currency, text in data["money"].items()},
            orders={order["exchange_id"]: Order(**_read(order)) for order in data["orders"]},
            fills=tuple(Fill(**_read(fill)) for fill in data["fills"]),
            account=data.get("account", ""),
        )
    except FileNotFoundError:
        return Books(dict(starting))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise Unavailable(
            f"The paper account's books {path} cannot be read ({type(error).__name__}). "
            "Restore an older copy, or delete it and run `nija forget` for this account to start over"
        ) from error


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if amount < 0:
        raise ValueError("a paper balance cannot be negative")
    return amount


def save_books(path: Path, books: Books) -> None:
    """Raises Unavailable; the file is then unchanged."""
    data = {
        "account": books.account,
        "money": {currency: str(amount) for currency, amount in books.money.items()},
        "orders": [_written(order) for order in books.orders.values()],
        "fills": [_written(fill) for fill in books.fills],
    }
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise Unavailable(
            f"The paper account's books {path} cannot be written ({error.strerror or error}), so nothing was changed. "
            "Free some disk space and make the file writable by the user that runs NIJA"
        ) from error


def _written(value: Order | Fill) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for part in fields(value):
        item = getattr(value, part.name)
        if isinstance(item, Decimal):
            item = str(item)
        elif isinstance(item, datetime):
            item = item.isoformat()
        plain[part.name] = item
    return plain


def _read(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _read_one(name, item) for name, item in plain.items()}


def _read_one(name: str, item: Any) -> Any:  # noqa: ANN401 - driven by the name of the field
    if item is None:
        return None
    if name in _ENUMS:
        return _ENUMS[name](item)
    if name in _DECIMALS:
        return Decimal(item)
    return datetime.fromisoformat(item) if name in _TIMES else item
