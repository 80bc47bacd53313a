from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.model import Order, OrderStatus, OrderType, Side
from nija.journal.order_state import TRANSITIONS, IllegalTransition, OrderState, check_transition, state_of
from nija.orders.reconciling import FindingKind

DOCS = Path(__file__).parents[3] / "docs" / "orders.md"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
ORDER = Order(
    "O1", None, "BTC/USD", Side.BUY, OrderType.MARKET, OrderStatus.OPEN, Decimal(2), Decimal(0), None, Decimal(0), NOW
)


def rows_under(heading: str) -> dict[str, str]:
    section = DOCS.read_text().split(heading)[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return {cells[0].strip(): cells[1].strip() for cells in lines[2:]}


def test_the_table_in_the_docs_is_the_table_in_the_code() -> None:
    shown = {state.value: ", ".join(new.value for new in TRANSITIONS[state]) or "–" for state in OrderState}
    assert rows_under("## The states") == shown


def test_the_docs_name_every_finding() -> None:
    named = {cell.partition(":")[0] for cell in rows_under("## What is compared with the exchange")}
    assert named == set(FindingKind)


@given(old=st.sampled_from(OrderState), new=st.sampled_from(OrderState))
def test_a_transition_outside_the_table_raises(old: OrderState, new: OrderState) -> None:
    if new in TRANSITIONS[old]:
        check_transition("id", old, new)
    else:
        with pytest.raises(IllegalTransition, match=f"{old} cannot become {new}"):
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
