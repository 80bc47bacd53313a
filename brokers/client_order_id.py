"""Client order ids: unique, and recognisable as NIJA's even if the journal is lost.

A UUID whose first four bytes spell "nija" and whose fifth encodes the purpose of the order. Kraken accepts a UUID as
`cl_ord_id` (guides/spot-clordid), Coinbase any unique text.
"""

from __future__ import annotations

import secrets
import uuid
from enum import Enum

_MARK = b"nija"


class Purpose(Enum):
    """Why an order was placed; the value is the id's fifth byte."""

    ENTRY = 1
    EXIT = 2
    STOP = 3


def new_client_id(purpose: Purpose) -> str:
    raw = _MARK + bytes([purpose.value]) + secrets.token_bytes(11)
    return str(uuid.UUID(bytes=raw, version=4))


def purpose_of(client_id: str | None) -> Purpose | None:
    """The purpose of the order with this id, or None if the id is not NIJA's."""
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
