from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.client_order_id import Purpose
from brokers.model import Order, OrderRequest, OrderStatus, OrderType, Side
from nija.journal.open_state import progressed
from nija.journal.order_state import TRANSITIONS, IllegalOrderTransition, OrderState, check_transition, state_of
from nija.journal.records import Intent
from nija.orders.reconciliation import DifferenceKind

DOCS = Path(__file__).parents[3] / "docs" / "orders.md"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
INTENT = Intent(
    OrderRequest("C1", "BTC/USD", Side.BUY, OrderType.MARKET, Decimal(2), NOW),
    "P1",
    Purpose.ENTRY,
    OrderState.PARTLY_FILLED,
    NOW,
    Decimal(1),
    exchange_id="O1",
)
ORDER = Order(
    "O1", None, "BTC/USD", Side.BUY, OrderType.MARKET, OrderStatus.OPEN, Decimal(2), Decimal(0), None, Decimal(0), NOW
)


def rows_under(heading: str) -> dict[str, str]:
    section = DOCS.read_text().split(heading)[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return {cells[0].strip(): cells[1].strip() for cells in lines[2:]}


def test_the_table_in_the_docs_is_the_table_in_the_code() -> None:
    shown = {state.value: ", ".join(new.value for new in TRANSITIONS[state]) or "–" for state in OrderState}
    assert rows_under("## Order states") == shown


def test_the_docs_name_every_finding() -> None:
    named = {cell.partition(":")[0] for cell in rows_under("## Reconciliation")}
    assert named == set(DifferenceKind)


@given(old=st.sampled_from(OrderState), new=st.sampled_from(OrderState))
def test_a_transition_outside_the_table_raises(old: OrderState, new: OrderState) -> None:
    if new in TRANSITIONS[old]:
        check_transition("id", old, new)
    else:
        with pytest.raises(IllegalOrderTransition, match=f"{old} cannot become {new}"):
            check_transition("id", old, new)


def test_nothing_is_open_or_filled_without_having_been_sent() -> None:
    assert set(TRANSITIONS[OrderState.INTENDED]) == {OrderState.SENT, OrderState.CANCELLED}
    assert TRANSITIONS[OrderState.FILLED] == ()


@pytest.mark.parametrize(
    ("status", "filled", "state"),
    [
        (OrderStatus.PENDING, 0, OrderState.OPEN),
        (OrderStatus.OPEN, 0, OrderState.OPEN),
        (OrderStatus.OPEN, 1, OrderState.PARTLY_FILLED),
        (OrderStatus.FILLED, 2, OrderState.FILLED),
        (OrderStatus.CANCELLED, 1, OrderState.CANCELLED),
        (OrderStatus.EXPIRED, 0, OrderState.EXPIRED),
        (OrderStatus.REJECTED, 0, OrderState.REJECTED),
        (OrderStatus.REJECTED, 1, OrderState.CANCELLED),
    ],
)
def test_the_exchange_status_is_told_in_our_words(status: OrderStatus, filled: int, state: OrderState) -> None:
    assert state_of(replace(ORDER, status=status, filled=Decimal(filled))) is state


def test_an_answer_from_before_a_fill_does_not_undo_it() -> None:
    known = progressed(INTENT, replace(ORDER, filled=Decimal("0.4")), Decimal(0))
    assert (known.filled, known.state) == (Decimal(1), OrderState.PARTLY_FILLED)


def test_an_answer_from_before_its_end_does_not_revive_an_order() -> None:
    ended = replace(INTENT, state=OrderState.CANCELLED)
    assert progressed(ended, replace(ORDER, filled=Decimal(1)), Decimal(0)).state is OrderState.CANCELLED


def test_an_order_is_settled_once_it_has_ended_and_all_it_filled_is_booked() -> None:
    ended = replace(ORDER, status=OrderStatus.FILLED, filled=Decimal(2))
    assert not progressed(INTENT, ended, Decimal(1)).settled
    assert progressed(INTENT, ended, Decimal(2)).settled
    assert not progressed(INTENT, replace(ORDER, filled=Decimal(1)), Decimal(1)).settled
