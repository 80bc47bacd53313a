"""Client order ids: unique, and recognisable as NIJA's even if the journal is lost.

A UUID whose first four bytes spell "nija" and whose fifth encodes the purpose of the order, and of an entry whether it
adds to an open position: without the journal nothing else tells the two apart. Kraken accepts a UUID as
`cl_ord_id` (guides/spot-clordid), Coinbase any unique text.
"""

from __future__ import annotations

import secrets
import uuid
from enum import Enum

_MARK = b"nija"
_INCREASE = 4


class Purpose(Enum):
    """Why an order was placed; the value is the id's fifth byte, unless the order is an increase."""

    ENTRY = 1
    EXIT = 2
    STOP = 3


def new_client_id(purpose: Purpose) -> str:
    return _new_id(purpose.value)


def new_increase_id() -> str:
    """The id of an entry that adds to an open position."""
    return _new_id(_INCREASE)


def purpose_of(client_id: str | None) -> Purpose | None:
    """The purpose of the order with this id, or None if the id is not NIJA's."""
    code = _code_of(client_id)
    if code == _INCREASE:
        return Purpose.ENTRY
    return next((purpose for purpose in Purpose if purpose.value == code), None)


def is_increase(client_id: str | None) -> bool:
    """Whether the order with this id adds to an open position."""
    return _code_of(client_id) == _INCREASE


def _new_id(code: int) -> str:
    raw = _MARK + bytes([code]) + secrets.token_bytes(11)
    return str(uuid.UUID(bytes=raw, version=4))


def _code_of(client_id: str | None) -> int | None:
    if client_id is None:
        return None
    try:
        raw = uuid.UUID(client_id).bytes
    except ValueError:
        return None
    return raw[4] if raw[:4] == _MARK else None
