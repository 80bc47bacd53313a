"""Executions as Coinbase tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.coinbase.wire import is_spot, moment, number, optional_moment, optional_text, rfc3339, symbol_of, text
from brokers.errors import BadAnswer
from brokers.model import ZERO, Fill, Side

if TYPE_CHECKING:
    from datetime import datetime

    from brokers.coinbase.client import CoinbaseClient
    from brokers.coinbase.wire import JsonObject

_PAGE = 100
_OPPOSITE = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def fills_since(client: CoinbaseClient, since: datetime) -> tuple[Fill, ...]:
    """Oldest first, each entry once though pages may overlap while new fills arrive."""
    listed = client.pages("/orders/historical/fills", "fills", limit=_PAGE, start_sequence_timestamp=rfc3339(since))
    fresh = {text(row, "entry_id"): row for row in listed if is_spot(text(row, "product_id")) and _booked(row) >= since}
    return tuple(sorted((fill_of(row) for row in fresh.values()), key=lambda fill: (fill.time, fill.id)))


def fill_of(row: JsonObject) -> Fill:
    """A REVERSAL undoes an earlier fill, so it is told as the opposite trade with its fee given back.

    CORRECTION and SYNTHETIC entries stand for trades of their own.
    """
    market = symbol_of(text(row, "product_id"))
    price = number(row, "price")
    if price <= ZERO:
        raise BadAnswer(f"Coinbase answered a fill of {market} without a price")
    size = abs(number(row, "size"))
    side = Side.BUY if text(row, "side") == "BUY" else Side.SELL
    fee = number(row, "commission")
    reverses = optional_text(row, "trade_type") == "REVERSAL"
    return Fill(
        id=text(row, "entry_id"),
        order_id=text(row, "order_id"),
        market=market,
        side=_OPPOSITE[side] if reverses else side,
        amount=size / price if row.get("size_in_quote") is True else size,
        price=price,
        fee=-abs(fee) if reverses else fee,
        fee_currency=market.partition("/")[2],
        time=moment(row, "trade_time"),
        maker=optional_text(row, "liquidity_indicator") == "MAKER",
    )


def _booked(row: JsonObject) -> datetime:
    """When the exchange wrote the entry down: a late one must not be missed for its early trade time."""
    traded = moment(row, "trade_time")
    written = optional_moment(row, "sequence_timestamp")
    return traded if written is None else max(traded, written)
