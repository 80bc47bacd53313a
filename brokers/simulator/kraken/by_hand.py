"""The owner's own orders in the format of AddOrder: every documented kind, including those of margin accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brokers.simulator.engine.refusals import RefusedError
from brokers.simulator.kraken.arguments import Arguments
from brokers.simulator.kraken.errors import KrakenError
from brokers.simulator.kraken.tickets import ORDER_ARGUMENTS, TicketReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.engine.orders import Ticket
    from brokers.simulator.kraken.face import KrakenFace

# Allowed to the owner, but not to any key of a spot account.
_OWNERS_ALONE = ("leverage", "reduce_only", "trigger")


def hand_ticket(face: KrakenFace, words: Mapping[str, Any]) -> Ticket:
    """An order with leverage holds no coins and is not matched. Raises ValueError for an invalid order."""
    arguments = Arguments(words)
    try:
        arguments.only(*ORDER_ARGUMENTS)
        pair = face.pair(arguments.needed("pair"))
        reader = TicketReader(pair, face.engine.exchange.price(pair.spec.symbol), face.clock.time())
        plain = Arguments({name: value for name, value in words.items() if name not in _OWNERS_ALONE})
        ticket = reader.read(plain, "")
    except (KrakenError, RefusedError) as error:
        raise ValueError(str(error)) from None
    leverage = arguments.text("leverage").partition(":")[0]
    on_margin = leverage not in ("", "none")
    special = {"leverage": leverage, "trigger": arguments.text("trigger")}
    return replace(ticket, on_margin=on_margin, idle=on_margin, face={**ticket.face, **special})
