"""Checks what is the owner's, his coins and the orders of his own hand, by the simulator's books alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from brokers.model import ZERO
from tests.invariants import the_owner_keeps_his_coins

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nija.journal.positions import Position
    from tests.invariants import Books

# Seconds of the quick clock, between being told the balances and the arrival of an order that counted on them: what the
# desk lets knowledge age, the withdrawal of a stop before a sale, and what hangs on the wire or in a busy machine.
ON_ITS_WAY = 15.0


def forbidden(books: Mapping[str, Any], owned: Mapping[str, Any]) -> Iterable[str]:
    """What must not be at any moment and can never be repaired."""
    for sale in owned["oversales"]:
        if not _crossed(sale):
            yield (
                f"{sale['amount']} {sale['currency']} of the owner's were sold by order {sale['order_id']}, placed at "
                f"{sale['placed']:.1f}: he took NIJA's at {sale['taken_at']}, told of {sale['balances_told']}"
            )
    for order in books["orders"]:
        withdrawn = order["status"] == "cancelled" and order["reason"] == "User requested"
        if order["by_hand"] and withdrawn and not order["ended_by_hand"]:
            yield f"the owner's order {order['id']} was cancelled"


def _crossed(sale: Mapping[str, Any]) -> bool:
    """Whether the owner took the coins after NIJA was told that they were there, with its order on the way.

    No exchange lets an order depend on whose the coins are when it arrives.
    """
    taken_at, told = sale["taken_at"], sale["balances_told"]
    if taken_at is None or told is None:
        return False
    return bool(told <= taken_at and sale["placed"] <= told + ON_ITS_WAY)


def exposed(books: Books) -> Iterable[str]:
    """What must not be once calm has come. What was sold is for `forbidden` to judge, which knows what had crossed."""
    return the_owner_keeps_his_coins(replace(books, oversales=()))


def claimed(owned: Mapping[str, Any], positions: Mapping[str, Position]) -> Iterable[str]:
    """A position never holds more than is NIJA's."""
    for market, position in positions.items():
        nija = nijas(owned, market)
        if position.amount > nija:
            yield f"{market}: {position.amount} is taken for NIJA's, {nija} is"


def nijas(owned: Mapping[str, Any], market: str) -> Decimal:
    """How much of a market's base NIJA may take for its own."""
    share = owned["shares"].get(market.partition("/")[0])
    return ZERO if share is None else Decimal(share["nija"]) + Decimal(share["returned"])
