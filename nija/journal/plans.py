"""Position plans, and write-offs: amounts that left a position without a sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, func, insert, select, update

from nija.journal.records import PositionPlan, WriteOff
from nija.journal.schema import positions, write_offs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nija.journal.connection import JournalConnection

# Built once: every order runs these.
_ADD = insert(positions)
_SAVE = (
    update(positions)
    .where(positions.c.account == bindparam("mine"), positions.c.id == bindparam("position"))
    .values(
        stop_price=bindparam("stop_price"),
        # A decision to sell is never undone, not even by a trader whose memory is older than a command.
        exit_reason=func.coalesce(positions.c.exit_reason, bindparam("exit_reason")),
        closed=bindparam("closed"),
        keep=bindparam("keep"),
        keep_reason=bindparam("keep_reason"),
        keep_signal=bindparam("keep_signal"),
    )
)
_TO_SELL = select(positions.c.market, positions.c.exit_reason).where(
    positions.c.account == bindparam("mine"), positions.c.closed.is_(None), positions.c.exit_reason.is_not(None)
)

_REDUCED_ON = (
    select(positions.c.id)
    .where(
        positions.c.account == bindparam("mine"),
        positions.c.market == bindparam("in_market"),
        positions.c.keep_signal == bindparam("candle"),
    )
    .limit(1)
)


class PlanStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account
        self.losses = 0
        """Grows with each write-off by this process: while it is unchanged, readers need not read again."""

    def add(self, plan: PositionPlan) -> None:
        values = {
            "account": self._account,
            "id": plan.id,
            "market": plan.market,
            "opened": plan.opened,
            "signal_time": plan.signal_time,
            "strategy": plan.strategy,
            **_changing(plan),
        }
        self._connection.write(_ADD, values)

    def save(self, plan: PositionPlan) -> None:
        self._connection.write(_SAVE, {"mine": self._account, "position": plan.id, **_changing(plan)})

    def get(self, position_id: str) -> PositionPlan | None:
        found = self._many(positions.c.id == position_id)
        return found[0] if found else None

    def open(self) -> tuple[PositionPlan, ...]:
        return self._many(positions.c.closed.is_(None))

    def to_sell(self) -> Mapping[str, str]:
        """Why each position that is to be sold is, by market. Cheap enough for every cycle."""
        rows = self._connection.cached_rows(_TO_SELL, {"mine": self._account})
        return {row.market: row.exit_reason for row in rows}

    def was_reduced(self, market: str, candle_time: datetime) -> bool:
        """Whether a position in this market, open or closed, was to be sold in part on this candle."""
        values = {"mine": self._account, "in_market": market, "candle": candle_time}
        return bool(self._connection.cached_rows(_REDUCED_ON, values))

    def all(self) -> tuple[PositionPlan, ...]:
        """Open and closed, oldest first."""
        return self._many(positions.c.id.is_not(None))

    def write_off(self, loss: WriteOff) -> None:
        values = {
            "account": self._account,
            "position_id": loss.position_id,
            "amount": loss.amount,
            "reason": loss.reason,
            "time": loss.time,
            "price": loss.price,
        }
        self._connection.write(insert(write_offs), values)
        self.losses += 1

    def write_offs(self, position_id: str) -> tuple[WriteOff, ...]:
        return self._write_offs(write_offs.c.position_id == position_id)

    def all_write_offs(self) -> tuple[WriteOff, ...]:
        """Of every position, oldest first."""
        return self._write_offs(write_offs.c.id.is_not(None))

    def _write_offs(self, where: ColumnElement[bool]) -> tuple[WriteOff, ...]:
        mine = and_(write_offs.c.account == self._account, where)
        rows = self._connection.rows(select(write_offs).where(mine).order_by(write_offs.c.id))
        return tuple(WriteOff(row.position_id, row.amount, row.reason, row.time, row.price) for row in rows)

    def _many(self, where: ColumnElement[bool]) -> tuple[PositionPlan, ...]:
        mine = and_(positions.c.account == self._account, where)
        rows = self._connection.rows(select(positions).where(mine).order_by(positions.c.opened, positions.c.id))
        return tuple(_plan(row) for row in rows)


def _changing(plan: PositionPlan) -> Mapping[str, object]:
    return {
        "stop_price": plan.stop_price,
        "exit_reason": plan.exit_reason,
        "closed": plan.closed,
        "keep": plan.keep,
        "keep_reason": plan.keep_reason,
        "keep_signal": plan.keep_signal,
    }


def _plan(row: Row[Any]) -> PositionPlan:
    return PositionPlan(
        id=row.id,
        market=row.market,
        opened=row.opened,
        strategy=row.strategy,
        signal_time=row.signal_time,
        stop_price=row.stop_price,
        exit_reason=row.exit_reason,
        closed=row.closed,
        keep=row.keep,
        keep_reason=row.keep_reason,
        keep_signal=row.keep_signal,
    )
