"""What the desk answers to its trader."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntryStatus(StrEnum):
    """FILLED: bought, in whole or in part. WORKING: at the exchange, not yet filled. UNKNOWN: being asked after.

    REFUSED: nothing was bought, and this candle is acted upon. FAILED: nothing was bought for a passing reason;
    the candle may be tried again.
    """

    FILLED = "filled"
    WORKING = "working"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    status: EntryStatus
    reason: str = ""


class ExitStatus(StrEnum):
    """CLOSED: sold, or nothing was held. WORKING: the desk goes on selling in `refresh` until it is sold."""

    CLOSED = "closed"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class ExitOutcome:
    status: ExitStatus
    reason: str = ""
