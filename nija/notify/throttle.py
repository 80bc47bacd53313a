"""Limits how often people are notified: the first event of a kind and account is due at once.

Those that follow within a minute are combined.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nija.events import (
    AccountFailed,
    AccountRecovered,
    FeedBack,
    FeedSilent,
    PositionBare,
    PositionCertain,
    PositionInDoubt,
    PositionProtected,
)

if TYPE_CHECKING:
    from nija.notify.wording import NotifiedEvent

# The start and the end of something share a bucket, so that they are sent in order.
_PAIRED: tuple[tuple[type, ...], ...] = (
    (AccountFailed, AccountRecovered),
    (FeedSilent, FeedBack),
    (PositionBare, PositionProtected),
    (PositionInDoubt, PositionCertain),
)
WINDOW_SECONDS = 60.0
# Events of one bucket in one window. The oldest are dropped: the latest show how things are now.
HELD_AT_MOST = 10


@dataclass(slots=True)
class _Bucket:
    """The events of one kind and one account."""

    last_sent: float = float("-inf")
    held: deque[NotifiedEvent] = field(default_factory=lambda: deque(maxlen=HELD_AT_MOST))
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """The events to send now, in order; `left_out` counts those that were dropped."""

    events: tuple[NotifiedEvent, ...] = ()
    left_out: int = 0


class NotificationThrottle:
    """Holds events until they are due. Times are in seconds of the steady clock."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def offer(self, event: NotifiedEvent) -> None:
        bucket = self._buckets.setdefault(_bucket_of(event), _Bucket())
        if len(bucket.held) == HELD_AT_MOST:
            bucket.left_out += 1
        bucket.held.append(event)

    def due(self, now: float) -> Batch:
        return self._take(
            now, [bucket for bucket in self._buckets.values() if bucket.last_sent + WINDOW_SECONDS <= now]
        )

    def everything(self, now: float) -> Batch:
        return self._take(now, list(self._buckets.values()))

    def wait(self, now: float) -> float | None:
        """Seconds until the next event is due; None if none is held."""
        waits = [bucket.last_sent + WINDOW_SECONDS - now for bucket in self._buckets.values() if bucket.held]
        return max(0.0, min(waits)) if waits else None

    def _take(self, now: float, buckets: list[_Bucket]) -> Batch:
        events: list[NotifiedEvent] = []
        left_out = 0
        for bucket in buckets:
            if bucket.held:
                events += bucket.held
                left_out += bucket.left_out
                bucket.held.clear()
                bucket.last_sent, bucket.left_out = now, 0
        return Batch(tuple(events), left_out)


def _bucket_of(event: NotifiedEvent) -> tuple[str, str]:
    kind = next((pair[0] for pair in _PAIRED if isinstance(event, pair)), type(event))
    return kind.__name__, str(getattr(event, "account", ""))
