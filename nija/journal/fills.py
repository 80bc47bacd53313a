"""Fills: each execution at the exchange is booked once, by its id."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row, and_, bindparam, insert, select

from brokers.model import Fill, Side
from nija.journal.schema import fills, intents

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from nija.journal.connection import JournalConnection


_ADD = insert(fills)
_FIND = select(fills.c.fill_id).where(fills.c.account == bindparam("mine"), fills.c.fill_id == bindparam("id"))


class FillStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account
        self.changes = 0
        """Grows with each booking by this process: while it is unchanged, readers need not read again."""

    def book(self, client_id: str, fill: Fill, now: datetime) -> bool:
        """Book a fill; returns whether it was new."""
        if self.has(fill.id):
            return False
        values = {
            "account": self._account,
            "fill_id": fill.id,
            "client_id": client_id,
            "order_id": fill.order_id,
            "market": fill.market,
            "side": fill.side.value,
            "amount": fill.amount,
            "price": fill.price,
            "fee": fill.fee,
            "fee_currency": fill.fee_currency,
            "time": fill.time,
            "maker": fill.maker,
            "booked": now,
        }
        self._connection.write(_ADD, values)
        self.changes += 1
        return True

    def has(self, fill_id: str) -> bool:
        return bool(self._connection.rows(_FIND, {"mine": self._account, "id": fill_id}))

    def booked(self, client_id: str) -> Decimal:
        """The booked amount (base) of an order."""
        where = and_(fills.c.account == self._account, fills.c.client_id == client_id)
        return sum((row.amount for row in self._connection.rows(select(fills.c.amount).where(where))), Decimal(0))

    def of_position(self, position_id: str) -> tuple[Fill, ...]:
        """Oldest first."""
        join = and_(fills.c.account == intents.c.account, fills.c.client_id == intents.c.client_id)
        where = and_(intents.c.account == self._account, intents.c.position_id == position_id)
        statement = select(fills).join(intents, join).where(where).order_by(*_ORDER)
        return tuple(_fill(row) for row in self._connection.rows(statement))

    def by_position(self) -> Mapping[str, tuple[Fill, ...]]:
        """Every fill ever booked, oldest first, by the id of its position."""
        join = and_(fills.c.account == intents.c.account, fills.c.client_id == intents.c.client_id)
        where = fills.c.account == self._account
        statement = select(fills, intents.c.position_id).join(intents, join).where(where).order_by(*_ORDER)
        found: dict[str, list[Fill]] = {}
        for row in self._connection.rows(statement):
            found.setdefault(row.position_id, []).append(_fill(row))
        return {position: tuple(of_position) for position, of_position in found.items()}

    def of_orders(self, client_ids: Collection[str]) -> Mapping[str, tuple[Fill, ...]]:
        """Oldest first, by the client id of their order; orders without fills are left out."""
        where = and_(fills.c.account == self._account, fills.c.client_id.in_(client_ids))
        found: dict[str, tuple[Fill, ...]] = {}
        for row in self._connection.rows(select(fills).where(where).order_by(*_ORDER)):
            found[row.client_id] = (*found.get(row.client_id, ()), _fill(row))
        return found

    def all(self) -> tuple[Fill, ...]:
        """Every fill ever booked, oldest first."""
        statement = select(fills).where(fills.c.account == self._account).order_by(*_ORDER)
        return tuple(_fill(row) for row in self._connection.rows(statement))


_ORDER = (fills.c.time, fills.c.fill_id)


def _fill(row: Row[Any]) -> Fill:
    return Fill(
        id=row.fill_id,
        order_id=row.order_id,
        market=row.market,
        side=Side(row.side),
        amount=row.amount,
        price=row.price,
        fee=row.fee,
        fee_currency=row.fee_currency,
        time=row.time,
        maker=row.maker,
    )
