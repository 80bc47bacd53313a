"""An account's orders and their whole life, as the journal has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.client_order_id import Purpose
from brokers.figures import amount, exact, price
from brokers.model import ZERO
from nija.journal.order_state import OrderState
from nija.web.pages.words import Tone, moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.model import Fill
    from nija.journal.journal import Journal
    from nija.journal.records import Intent, OrderTransition

PAGE_SIZE = 20
_NAMES = {Purpose.ENTRY: "Buy", Purpose.EXIT: "Sell", Purpose.STOP: "Stop"}
_TONES = {
    OrderState.FILLED: Tone.GOOD,
    OrderState.REJECTED: Tone.BAD,
    OrderState.UNKNOWN: Tone.WARN,
    OrderState.EXPIRED: Tone.WARN,
}


@dataclass(frozen=True, slots=True)
class Step:
    """`time` is UTC."""

    time: str
    text: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    id: str
    when: str
    name: str
    market: str
    amount: str
    price: str
    state: str
    tone: Tone
    reason: str
    exchange_id: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """`number` counts from 1."""

    rows: tuple[OrderRow, ...]
    number: int
    has_older: bool


def read_orders(journal: Journal, number: int) -> OrderPage:
    """Page `number` of the orders, newest first. Raises JournalError."""
    found = journal.intents.newest(PAGE_SIZE + 1, skip=(number - 1) * PAGE_SIZE)
    shown = found[:PAGE_SIZE]
    ids = [one.client_id for one in shown]
    fills = journal.fills.of_orders(ids)
    lives: dict[str, list[OrderTransition]] = {}
    for transition in journal.intents.transitions(ids):
        lives.setdefault(transition.client_id, []).append(transition)
    rows = tuple(order_row(one, lives.get(one.client_id, ()), fills.get(one.client_id, ())) for one in shown)
    return OrderPage(rows, number, has_older=len(found) > PAGE_SIZE)


def order_row(
    intent: Intent, life: list[OrderTransition] | tuple[OrderTransition, ...], fills: tuple[Fill, ...]
) -> OrderRow:
    return OrderRow(
        id=intent.client_id,
        when=moment(intent.created),
        name=_NAMES[intent.purpose],
        market=intent.market,
        amount=f"{amount(intent.request.amount)} {intent.market.partition('/')[0]}",
        price=_price(intent, fills),
        state=intent.state.value.replace("_", " "),
        tone=_TONES.get(intent.state, Tone.CALM),
        reason=intent.outcome or intent.reason,
        exchange_id=intent.exchange_id or "",
        steps=tuple(step for _, step in sorted(_steps(life, fills), key=lambda one: one[0])),
    )


def _price(intent: Intent, fills: tuple[Fill, ...]) -> str:
    filled = sum((fill.amount for fill in fills), ZERO)
    if filled > ZERO:
        average = sum((fill.amount * fill.price for fill in fills), ZERO) / filled
        return f"at {price(average, intent.market)}"
    asked = intent.request.stop_price if intent.request.stop_price is not None else intent.request.limit_price
    return "at market" if asked is None else f"at {price(asked, intent.market)}"


def _steps(
    life: list[OrderTransition] | tuple[OrderTransition, ...], fills: tuple[Fill, ...]
) -> Iterator[tuple[tuple[object, ...], Step]]:
    for number, one in enumerate(life):
        note = f": {one.note}" if one.note else ""
        filled = f", {amount(one.filled)} filled" if one.state is OrderState.PARTLY_FILLED else ""
        yield (
            (one.time.replace(microsecond=0), 0, number),
            Step(f"{one.time:%H:%M:%S}", f"{one.state.value.replace('_', ' ')}{filled}{note}"),
        )
    for fill in fills:
        fee = f"fee {exact(fill.fee)} {fill.fee_currency}"
        text = f"{fill.side.value} {exact(fill.amount)} at {price(fill.price, fill.market)}, {fee}"
        yield (fill.time.replace(microsecond=0), 1, 0), Step(f"{fill.time:%H:%M:%S}", text)
