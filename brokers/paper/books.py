"""A paper account's books: one JSON file, replaced whole after every change, so that a restart forgets nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.errors import Unavailable
from brokers.model import Fill, Order, OrderStatus, OrderType, Side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum
    from pathlib import Path

_ENUMS: Mapping[str, type[StrEnum]] = {"side": Side, "type": OrderType, "status": OrderStatus}
_DECIMALS = frozenset({"amount", "filled", "average_price", "fee", "limit_price", "stop_price", "price"})
_TIMES = frozenset({"created", "closed", "time"})


@dataclass(frozen=True, slots=True)
class Books:
    """`money` is by currency, holds included. `orders` are by exchange id, `fills` oldest first."""

    money: Mapping[str, Decimal]
    orders: Mapping[str, Order] = field(default_factory=dict)
    fills: tuple[Fill, ...] = ()

    def with_order(self, order: Order) -> Books:
        return replace(self, orders={**self.orders, order.exchange_id: order})

    def with_fill(self, fill: Fill, changes: Mapping[str, Decimal]) -> Books:
        """`changes` are what the fill did to each currency's balance."""
        money = dict(self.money)
        for currency, change in changes.items():
            money[currency] = money.get(currency, Decimal(0)) + change
        return replace(self, money=money, fills=(*self.fills, fill))


def load_books(path: Path, starting: Mapping[str, Decimal]) -> Books:
    """The books at `path`, or new ones that hold `starting`. Raises Unavailable, naming the file and the remedy."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Books(
            money={currency: Decimal(amount) for currency, amount in told["money"].items()},
            orders={order["exchange_id"]: Order(**_read(order)) for order in told["orders"]},
            fills=tuple(Fill(**_read(fill)) for fill in told["fills"]),
        )
    except FileNotFoundError:
        return Books(dict(starting))
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise Unavailable(
            f"The paper account's books {path} cannot be read ({type(error).__name__}). Delete the file to begin anew"
        ) from error


def save_books(path: Path, books: Books) -> None:
    """Raises Unavailable."""
    told = {
        "money": {currency: str(amount) for currency, amount in books.money.items()},
        "orders": [_written(order) for order in books.orders.values()],
        "fills": [_written(fill) for fill in books.fills],
    }
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("w", encoding="utf-8") as file:
            json.dump(told, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise Unavailable(f"The paper account's books {path} cannot be written ({error.strerror or error})") from error


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
