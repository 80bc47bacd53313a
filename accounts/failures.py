"""Why an account failed, as a value for callers to act on."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.data_dir import DataDirUnusable
from accounts.ownership import KeyInUse
from brokers.errors import (
    BudgetSpent,
    InvalidSignature,
    LockedOut,
    NonceRejected,
    PermissionDenied,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from brokers.nonce import NonceMarkError

if TYPE_CHECKING:
    from collections.abc import Mapping


class FailureKind(StrEnum):
    """ANOTHER_ACCOUNT: than the journal's; SHARED_ACCOUNT: with another key; OTHER: see the failure's own text."""

    SIGNATURE = "signature"
    KEY = "key"
    NONCE = "nonce"
    PERMISSION = "permission"
    WITHDRAWAL = "withdrawal"
    HISTORY = "history"
    CLOCK = "clock"
    LOCKED_OUT = "locked_out"
    RATE_LIMIT = "rate_limit"
    UNAVAILABLE = "unavailable"
    KEY_IN_USE = "key_in_use"
    NONCE_MARK = "nonce_mark"
    DATA_DIR = "data_dir"
    CREDENTIALS = "credentials"
    ANOTHER_ACCOUNT = "another_account"
    SHARED_ACCOUNT = "shared_account"
    OTHER = "other"


# Subclasses before their base classes.
_KINDS: Mapping[type[Exception], FailureKind] = MappingProxyType(
    {
        InvalidSignature: FailureKind.SIGNATURE,
        Unauthorized: FailureKind.KEY,
        NonceRejected: FailureKind.NONCE,
        PermissionDenied: FailureKind.PERMISSION,
        LockedOut: FailureKind.LOCKED_OUT,
        # NIJA's own use of the rate limit: no other program is to blame.
        BudgetSpent: FailureKind.OTHER,
        RateLimited: FailureKind.RATE_LIMIT,
        Unavailable: FailureKind.UNAVAILABLE,
        KeyInUse: FailureKind.KEY_IN_USE,
        NonceMarkError: FailureKind.NONCE_MARK,
        DataDirUnusable: FailureKind.DATA_DIR,
        ValueError: FailureKind.CREDENTIALS,
    }
)


def failure_kind(error: Exception) -> FailureKind:
    return next((kind for known, kind in _KINDS.items() if isinstance(error, known)), FailureKind.OTHER)
