"""What all open pages show: one shared reading of the daemon's report, at most once a second."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from brokers.clock import Clock
    from nija.health.judgement import Verdict
    from nija.status.report import AccountStatus, StatusReport
    from nija.web.context import WebContext

_FRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PageReading:
    report: StatusReport
    verdict: Verdict
    now: datetime

    def account(self, account_id: str) -> AccountStatus | None:
        return next((one for one in self.report.accounts if one.id == account_id), None)


class PageReadings:
    """Thread-safe. `on_reading` is called with each new reading."""

    def __init__(self, context: WebContext, clock: Clock, on_reading: Callable[[PageReading], None]) -> None:
        self._context = context
        self._clock = clock
        self._on_reading = on_reading
        self._lock = threading.Lock()
        self._last: PageReading | None = None
        self._read_at = float("-inf")

    def latest(self) -> PageReading:
        with self._lock:
            if self._last is None or self._clock.monotonic() - self._read_at >= _FRESH_SECONDS:
                report, verdict = self._context.report(), self._context.verdict()
                self._last = PageReading(report, verdict, utc_now(self._clock))
                self._read_at = self._clock.monotonic()
                self._on_reading(self._last)
            return self._last
