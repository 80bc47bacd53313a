"""The owner's own orders in the format of a create-order body: every documented configuration."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brokers.model import Side
from brokers.simulator.coinbase.arguments import Fields, parse_moment
from brokers.simulator.coinbase.errors import ApiError, OrderRefusedError
from brokers.simulator.coinbase.tickets import read_ticket
from brokers.simulator.engine.orders import Kind, Ticket, TimeInForce
from brokers.simulator.engine.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from brokers.simulator.coinbase.face import CoinbaseFace

# The order types of configurations that keys cannot send here.
_SHOWN_ONLY = {"twap_limit_gtd": "TWAP", "scaled_limit_gtc": "SCALED"}
_SOURCE = "order_placement_source"


def hand_ticket(face: CoinbaseFace, words: Mapping[str, Any]) -> Ticket:
    """May include `order_placement_source`: orders of the simple trade pages are not listed among advanced orders.

    TWAPs and scaled orders rest forever. Raises ValueError for an invalid order.
    """
    body = Fields({name: value for name, value in words.items() if name != _SOURCE})
    client_id = body.text("client_order_id") or str(uuid.uuid4())
    try:
        name = next(iter(body.group("order_configuration").values), "")
        ticket = _shown_only(face, body, name) if name in _SHOWN_ONLY else read_ticket(face, body, client_id)
    except (ApiError, OrderRefusedError, RefusedError) as error:
        raise ValueError(getattr(error, "code", str(error))) from None
    source = {"source": words[_SOURCE]} if _SOURCE in words else {}
    return replace(ticket, client_id=client_id, face={**ticket.face, **source})


def _shown_only(face: CoinbaseFace, body: Fields, name: str) -> Ticket:
    fields = body.group("order_configuration").group(name)
    ends = fields.text("end_time")
    return Ticket(
        symbol=face.product(body.needed("product_id")).spec.symbol,
        side=Side(body.needed("side").lower()),
        kind=Kind.LIMIT,
        amount=fields.number("base_size"),
        limit_price=_limit(fields),
        time_in_force=TimeInForce.GTD if ends else TimeInForce.GTC,
        expires=parse_moment(ends, "end_time") if ends else None,
        idle=True,
        face={"configuration": {name: dict(fields.values)}, "order_type": _SHOWN_ONLY[name]},
    )


def _limit(fields: Fields) -> Decimal:
    """A scaled order holds as much as its most expensive part needs."""
    return fields.number("max_price" if "max_price" in fields.values else "limit_price")
