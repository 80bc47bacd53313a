"""Intents and their transitions: the orders NIJA decided to send, and their outcomes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, delete, insert, or_, select, update

from brokers.client_order_id import Purpose
from brokers.model import OrderRequest, OrderType, Side
from nija.journal.connection import CommitPoint, JournalConnection
from nija.journal.order_state import OrderState, check_transition
from nija.journal.records import Intent, OrderTransition
from nija.journal.schema import intents, transitions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from decimal import Decimal


_CHANGING = (
    "position_id",
    "state",
    "exchange_id",
    "filled",
    "settled",
    "passing",
    "outcome",
    "amount",
    "stop_price",
)
# How far the exchange's clock may differ from the measured one.
_CLOCK_MARGIN = timedelta(seconds=5)


# Built once: an order is journaled in four steps, and each of them runs these.
_ADD = insert(intents)
_NOTE = insert(transitions)
_SAVE = (
    update(intents)
    .where(
        intents.c.account == bindparam("before_account"),
        intents.c.client_id == bindparam("before_id"),
        intents.c.state == bindparam("before_state"),
    )
    .values({name: bindparam(name) for name in ("updated", *_CHANGING)})
)
# Also built once: every cycle runs it while a signal stands.
_ENTRY_FOR = (
    select(intents)
    .where(
        intents.c.account == bindparam("mine"),
        intents.c.market == bindparam("in_market"),
        intents.c.purpose == Purpose.ENTRY.name.lower(),
        ~intents.c.passing,
        or_(
            intents.c.signal_time == bindparam("candle"),
            and_(intents.c.signal_time.is_(None), intents.c.created >= bindparam("since")),
        ),
    )
    .limit(1)
)


class StaleIntent(Exception):
    """Journal and memory disagree about an order: two processes use one journal."""


class IntentStore:
    def __init__(self, connection: JournalConnection, account: str) -> None:
        self._connection = connection
        self._account = account

    def add(self, intent: Intent) -> None:
        self._connection.write(_ADD, {"account": self._account, "updated": intent.created, **_columns(intent)})
        self._note(intent, intent.created, intent.reason)

    def save(self, old: Intent, new: Intent, time: datetime, note: str = "") -> None:
        """Write the changes, and the transition if the state changed. Raises IllegalOrderTransition, StaleIntent."""
        if new.state is not old.state:
            check_transition(old.client_id, old.state, new.state)
        before = {"before_account": self._account, "before_id": old.client_id, "before_state": old.state.value}
        if self._connection.write(_SAVE, {**before, "updated": time, **_changing(new)}) != 1:
            raise StaleIntent(f"order {old.client_id} is no longer {old.state} in the journal")
        if new.state is not old.state or new.filled != old.filled:
            self._note(new, time, note)

    def get(self, client_id: str) -> Intent | None:
        return self._one(self._is(client_id))

    def by_exchange_id(self, exchange_id: str) -> Intent | None:
        return self._one(and_(intents.c.account == self._account, intents.c.exchange_id == exchange_id))

    def unsettled(self) -> tuple[Intent, ...]:
        """All intents that are not final with all their fills booked, oldest first."""
        return self._many(and_(intents.c.account == self._account, ~intents.c.settled))

    def of_position(self, position_id: str) -> tuple[Intent, ...]:
        return self._many(and_(intents.c.account == self._account, intents.c.position_id == position_id))

    def entry_for(self, market: str, candle_time: datetime) -> Intent | None:
        """The entry for this candle; or a recovered entry, whose candle is unknown, if it was made after the candle."""
        values = {
            "mine": self._account,
            "in_market": market,
            "candle": candle_time,
            "since": candle_time - _CLOCK_MARGIN,
        }
        rows = self._connection.cached_rows(_ENTRY_FOR, values)
        return _intent(rows[0]) if rows else None

    def newest(self, count: int, skip: int = 0) -> tuple[Intent, ...]:
        """Up to `count` orders, newest first, after the newest `skip`."""
        mine = select(intents).where(intents.c.account == self._account)
        newest_first = mine.order_by(intents.c.created.desc(), intents.c.client_id.desc())
        return tuple(map(_intent, self._connection.rows(newest_first.limit(count).offset(skip))))

    def transitions(self, client_ids: Collection[str]) -> tuple[OrderTransition, ...]:
        """The steps of these orders that are still kept, oldest first."""
        theirs = and_(transitions.c.account == self._account, transitions.c.client_id.in_(client_ids))
        rows = self._connection.rows(select(transitions).where(theirs).order_by(transitions.c.id))
        return tuple(
            OrderTransition(row.client_id, row.time, OrderState(row.state), row.filled, row.note) for row in rows
        )

    def forget_transitions_before(self, time: datetime, at_most: int) -> int:
        """Delete up to `at_most` transitions from before `time` of orders that are settled; return how many."""
        settled = and_(intents.c.account == transitions.c.account, intents.c.client_id == transitions.c.client_id)
        old = (
            select(transitions.c.id)
            .join(intents, settled)
            .where(transitions.c.account == self._account, transitions.c.time < time, intents.c.settled)
            .limit(at_most)
        )
        with self._connection.transaction(CommitPoint.NOTED):
            return self._connection.write(delete(transitions).where(transitions.c.id.in_(old)))

    def _is(self, client_id: str) -> ColumnElement[bool]:
        return and_(intents.c.account == self._account, intents.c.client_id == client_id)

    def _one(self, where: ColumnElement[bool]) -> Intent | None:
        rows = self._connection.rows(select(intents).where(where).limit(1))
        return _intent(rows[0]) if rows else None

    def _many(self, where: ColumnElement[bool]) -> tuple[Intent, ...]:
        rows = self._connection.rows(select(intents).where(where).order_by(intents.c.created, intents.c.client_id))
        return tuple(_intent(row) for row in rows)

    def _note(self, intent: Intent, time: datetime, note: str) -> None:
        values = {
            "account": self._account,
            "client_id": intent.client_id,
            "time": time,
            "state": intent.state.value,
            "filled": intent.filled,
            "note": note,
        }
        self._connection.write(_NOTE, values)


def _changing(intent: Intent) -> Mapping[str, str | bool | Decimal | None]:
    return {
        "position_id": intent.position_id,
        "state": intent.state.value,
        "exchange_id": intent.exchange_id,
        "filled": intent.filled,
        "settled": intent.settled,
        "passing": intent.transient,
        "outcome": intent.outcome,
        "amount": intent.request.amount,
        "stop_price": intent.request.stop_price,
    }


def _columns(intent: Intent) -> Mapping[str, object]:
    request = intent.request
    return {
        "client_id": request.client_id,
        "purpose": intent.purpose.name.lower(),
        "market": request.market,
        "side": request.side.value,
        "type": request.type.value,
        "limit_price": request.limit_price,
        "post_only": request.post_only,
        "deadline": request.deadline,
        "signal_time": intent.signal_time,
        "strategy": intent.strategy,
        "reason": intent.reason,
        "created": intent.created,
        **_changing(intent),
    }


def _intent(row: Row[Any]) -> Intent:
    request = OrderRequest(
        client_id=row.client_id,
        market=row.market,
        side=Side(row.side),
        type=OrderType(row.type),
        amount=row.amount,
        deadline=row.deadline.astimezone(UTC),
        limit_price=row.limit_price,
        stop_price=row.stop_price,
        post_only=row.post_only,
    )
    return Intent(
        request=request,
        position_id=row.position_id,
        purpose=Purpose[row.purpose.upper()],
        state=OrderState(row.state),
        created=row.created,
        filled=row.filled,
        strategy=row.strategy,
        reason=row.reason,
        signal_time=row.signal_time,
        exchange_id=row.exchange_id,
        settled=row.settled,
        transient=row.passing,
        outcome=row.outcome,
    )
