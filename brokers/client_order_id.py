"""Client order ids: unique, and recognisable as NIJA's even where the journal is lost.

A UUID whose first four bytes spell "nija" and whose fifth says what the order is for. Kraken accepts a UUID as
`cl_ord_id` (guides/spot-clordid), Coinbase any unique text.
"""

from __future__ import annotations

import secrets
import uuid
from enum import Enum

_MARK = b"nija"


class Purpose(Enum):
    """What an order is for; the value is the id's fifth byte."""

    ENTRY = 1
    EXIT = 2
    STOP = 3


def new_client_id(purpose: Purpose) -> str:
    raw = _MARK + bytes([purpose.value]) + secrets.token_bytes(11)
    return str(uuid.UUID(bytes=raw, version=4))


def purpose_of(client_id: str | None) -> Purpose | None:
    """What the order with this id is for, or None where the id is not NIJA's."""
    if client_id is None:
        return None
    try:
        raw = uuid.UUID(client_id).bytes
    except ValueError:
        return None
    if raw[:4] != _MARK:
        return None
    try:
        return Purpose(raw[4])
    except ValueError:
        return None
