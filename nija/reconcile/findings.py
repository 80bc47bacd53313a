"""What can differ between the exchange and the journal. Each kind has exactly one repair."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.model import Fill, Order


class FindingKind(StrEnum):
    """MISSING_FILL: an execution of a known order is not booked → book it.

    UNKNOWN_ORDER_OF_OURS: an order with NIJA's id that the journal does not have, or thought never placed → take it up.
    STALE_ORDER: the journal thinks it works, the exchange says that it ended → read it.
    LOST_ORDER: the journal thinks it works, the exchange does not show it → ask again, and say so.
    ORPHAN_STOP: a resting stop of NIJA's without a position, or one too many → cancel it.
    POSITION_MISMATCH: less is held than the position says → after a second look the rest is written off.
    FOREIGN_ORDER: the owner's own → left alone.
    """

    MISSING_FILL = "MISSING_FILL"
    UNKNOWN_ORDER_OF_OURS = "UNKNOWN_ORDER_OF_OURS"
    STALE_ORDER = "STALE_ORDER"
    LOST_ORDER = "LOST_ORDER"
    ORPHAN_STOP = "ORPHAN_STOP"
    POSITION_MISMATCH = "POSITION_MISMATCH"
    FOREIGN_ORDER = "FOREIGN_ORDER"


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is the exchange's id of the order or fill, or the market of a position."""

    kind: FindingKind
    market: str
    subject: str
    order: Order | None = None
    fill: Fill | None = None
    missing: Decimal | None = None
