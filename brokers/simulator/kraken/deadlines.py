"""The deadline until which the engine may accept an order."""

from __future__ import annotations

from datetime import datetime

from brokers.simulator.kraken.errors import KrakenError, invalid

_DEADLINES = (2.0, 60.0)
_CLOCK_SLACK = 1.0


def read_deadline(text: str, received: float) -> float:
    """RFC 3339, 2 to 60 s ahead; defaults to the exchange's 60 s."""
    if not text:
        return received + _DEADLINES[1]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise invalid("deadline") from None
    if moment.tzinfo is None:
        raise invalid("deadline")
    left = moment.timestamp() - received
    if left <= 0:
        raise KrakenError("EService:Deadline elapsed")
    if not _DEADLINES[0] - _CLOCK_SLACK <= left <= _DEADLINES[1] + _CLOCK_SLACK:
        raise invalid("deadline")
    return moment.timestamp()
