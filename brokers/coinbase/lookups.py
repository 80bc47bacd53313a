"""Executions as Coinbase tells them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from brokers.coinbase.json_fields import (
    is_spot,
    moment,
    number,
    optional_moment,
    optional_text,
    readable,
    side_of,
    symbol_of,
    text,
)
from brokers.coinbase.paging import SlicedList
from brokers.errors import BadAnswer
from brokers.model import ZERO, Fill, Side
from brokers.unread_rows import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.json_fields import JsonObject
    from brokers.unread_rows import UnreadRows

# An entry may be shown so long after it was written, and clocks differ.
_SHOWN_WITHIN = timedelta(minutes=5)
_OPPOSITE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


class Fills:
    """The executions of one account."""

    def __init__(self, client: CoinbaseClient, clock: Clock, unread: UnreadRows) -> None:
        self._list = SlicedList(client, clock, "/orders/historical/fills", "fills", "start_sequence_timestamp")
        self._unread = unread

    def since(self, since: datetime, now: datetime) -> tuple[Fill, ...]:
        """`now` is the exchange's time. Raises BudgetSpent while a long history is being read."""
        slices = self._list.read(since, now)
        rows = slices.rows
        if slices.began != now:
            rows = [*rows, *self._list.read(slices.began - _SHOWN_WITHIN, now).rows]
        return fills_of(rows, since, self._unread.begin("fills"))


def fills_of(rows: Iterable[JsonObject], since: datetime, unread: dict[str, str]) -> tuple[Fill, ...]:
    """Oldest first, each entry once though pages may overlap while new fills arrive."""
    wanted = (row for row in rows if _may_be_spot(row) and not _is_older(row, since))
    fresh = {fill.id: fill for fill in read_rows(wanted, fill_of, _name, unread)}
    return tuple(sorted(fresh.values(), key=lambda fill: (fill.time, fill.id)))


def fill_of(row: JsonObject) -> Fill:
    """A REVERSAL undoes an earlier fill, so it is told as the opposite trade with its fee given back.

    CORRECTION and SYNTHETIC entries stand for trades of their own. The price may be 0.
    """
    market = symbol_of(text(row, "product_id"))
    price = number(row, "price")
    if price < ZERO:
        raise BadAnswer(f"Coinbase answered a fill of {market} with a price below zero")
    side, fee = side_of(row), number(row, "commission")
    reverses = optional_text(row, "trade_type") == "REVERSAL"
    return Fill(
        id=text(row, "entry_id"),
        order_id=text(row, "order_id"),
        market=market,
        side=_OPPOSITE[side] if reverses else side,
        amount=_amount(row, price),
        price=price,
        fee=-abs(fee) if reverses else fee,
        fee_currency=market.partition("/")[2],
        time=moment(row, "trade_time"),
        maker=optional_text(row, "liquidity_indicator") == "MAKER",
    )


def _amount(row: JsonObject, price: Decimal) -> Decimal:
    """In base currency."""
    size = abs(number(row, "size"))
    if row.get("size_in_quote") is not True:
        return size
    if price == ZERO:
        raise BadAnswer("Coinbase answered a fill that is sized in quote money without a price")
    return size / price


def _may_be_spot(row: JsonObject) -> bool:
    product = optional_text(row, "product_id")
    return not product or is_spot(product)


def _name(row: JsonObject) -> str:
    return optional_text(row, "entry_id") or f"fill without an id ({optional_text(row, 'order_id') or 'no order'})"


def _is_older(row: JsonObject, since: datetime) -> bool:
    return readable(lambda: _booked(row) < since, default=False)


def _booked(row: JsonObject) -> datetime:
    """When the exchange wrote the entry down: a late one must not be missed for its early trade time."""
    traded = moment(row, "trade_time")
    written = optional_moment(row, "sequence_timestamp")
    return traded if written is None else max(traded, written)
