"""The last notifications, for people who wonder whether they were sent."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_KEPT = 20


@dataclass(frozen=True, slots=True)
class SentNotification:
    """A notification that was sent, or could not be: `outcome` says which, and to whom."""

    time: datetime
    title: str
    outcome: str


class SentNotifications:
    """Thread-safe; keeps the newest."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: deque[SentNotification] = deque(maxlen=_KEPT)

    def add(self, sent: SentNotification) -> None:
        with self._lock:
            self._sent.appendleft(sent)

    def newest(self) -> tuple[SentNotification, ...]:
        """Newest first."""
        with self._lock:
            return tuple(self._sent)
